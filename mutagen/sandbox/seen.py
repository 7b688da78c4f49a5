"""Notes what a process reads while it runs the user's code: files with their contents, folders, variables.

By these an answer that was given once can be given again. What cannot be told apart later, such as another program or
a network, is noted as a doubt. Python's own files and torch's are left out: their versions stand for them.
"""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass, field

_SOUGHT = (".py", ".pyc", ".so", ".pyd", ".yaml", ".yml", ".j2")
MOST = 1 << 26
"""Bytes of a file that is looked into; a larger one is a doubt."""


@dataclass
class Seen:
    """What was read: paths with digests ("" for what is not there), variables with the digest of their values.

    ``folders`` are listings, of all names or only of what Python and mutagen look for; ``there`` says of what kind a
    path was, 0 where it did not exist.
    """

    files: dict[str, str] = field(default_factory=dict)
    folders: dict[tuple[str, bool], str] = field(default_factory=dict)
    there: dict[str, int] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    doubts: set[str] = field(default_factory=set)

    @property
    def size(self) -> int:
        """How much it is; it only grows."""
        counts = len(self.files), len(self.folders), len(self.there), len(self.variables), len(self.doubts)
        return sum(counts)

    def merge(self, other: Seen) -> None:
        """Add what another process saw; two contents of one file are a doubt."""
        for path, digest in other.files.items():
            if self.files.setdefault(path, digest) != digest:
                self.doubts.add(f"{path} changed")
        self.folders.update(other.folders)
        self.there.update(other.there)
        self.variables.update(other.variables)
        self.doubts |= other.doubts


def digest_of(path: str) -> str:
    """The digest of a file's content; "" where it cannot be read, "large" beyond ``MOST``."""
    try:
        with open(path, "rb") as stream:
            data = stream.read(MOST + 1)
    except (OSError, ValueError):
        return ""
    return "large" if len(data) > MOST else digest(data)


def kind_of(path: str) -> int:
    """The kind of a path, as in the mode of ``os.stat``; 0 where there is none."""
    try:
        return stat.S_IFMT(os.stat(path).st_mode)
    except (OSError, ValueError):
        return 0


def digest(data: bytes) -> str:
    """A digest that nobody finds a second text for."""
    return hashlib.blake2b(data, digest_size=20).hexdigest()


def listing(path: str, importable: bool) -> str:
    """The digest of the names in a folder, or of those that Python and mutagen look for; their caches apart."""
    try:
        names = sorted(os.listdir(path))
    except OSError:
        return ""
    kept = [name for name in names if not name.startswith(".mutagen") and name != "__pycache__"]
    if importable:
        kept = [name for name in kept if "." not in name or name.endswith(_SOUGHT)]
    return digest("\0".join(kept).encode("utf-8", "surrogateescape"))
