"""Names and digests of tracked files; the same on every machine, whatever git does to line ends on checkout."""

from __future__ import annotations

import hashlib
import os

from mutagen.resources import rules_dir, templates_dir

_SHIPPED = "mutagen:"
"""Begins the names of what comes with mutagen: ``mutagen:rules/bn-to-gn.yaml``, ``mutagen:templates/eca.py.j2``."""
_FOLDERS = {"rules": rules_dir, "templates": templates_dir}


def digest(data: bytes) -> str:
    """SHA-256 in hex of the bytes with line feeds as the only line ends."""
    return hashlib.sha256(data.replace(b"\r\n", b"\n") if b"\r" in data else data).hexdigest()


def digest_of(path: str) -> str | None:
    """The digest of a file; None where there is none. Raises OSError for one that cannot be read."""
    try:
        with open(path, "rb", buffering=0) as file:
            return digest(file.read())
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None


def name_of(path: str, folder: str) -> str:
    """How the lock file in ``folder`` calls a file: from there, with forward slashes, or as a part of mutagen."""
    for kind, top in _FOLDERS.items():
        inside = os.path.join(top(), "")
        if path.startswith(inside):
            return f"{_SHIPPED}{kind}/{path[len(inside) :].replace(os.sep, '/')}"
    try:
        return os.path.relpath(path, folder).replace(os.sep, "/")
    except ValueError:  # another drive
        return path.replace(os.sep, "/")


def path_of(name: str, folder: str) -> str:
    """The file that the lock file in ``folder`` calls so."""
    if name.startswith(_SHIPPED):
        kind, _, rest = name.removeprefix(_SHIPPED).partition("/")
        if kind in _FOLDERS:
            return os.path.join(_FOLDERS[kind](), rest)
    return os.path.normpath(os.path.join(folder, name))


def is_shipped(name: str) -> bool:
    """Whether it comes with mutagen."""
    return name.startswith(_SHIPPED)
