"""What must hold before the first byte is written."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mutagen.errors import ClashError, Place, UserError
from mutagen.records.result import FileChange
from mutagen.write import disk


@dataclass(frozen=True, slots=True)
class Target:
    """A change of the real file: symbolic links are followed, so that a link stays a link."""

    path: str
    before: bytes | None
    after: bytes


def targets(changes: Iterable[FileChange]) -> tuple[Target, ...]:
    """Return the real files that change; UserError (W010) when two names lead to one file."""
    found: dict[str, str] = {}
    result = []
    for change in changes:
        if change.before == change.after:
            continue
        real = os.path.realpath(change.path)
        if real in found:
            raise UserError(
                "W010",
                f"the same file as {found[real]}, by another name",
                place=Place(change.path),
                hint="name the file once",
            )
        found[real] = change.path
        result.append(Target(real, change.before, change.after))
    return tuple(result)


def unchanged(changes: tuple[Target, ...], expected: Mapping[str, str]) -> None:
    """Raise ClashError when a file is not what the plan was made for (W005) or a new one exists already (W006)."""
    for change in changes:
        now = disk.read(change.path)
        if change.before is None and os.path.lexists(change.path):
            raise ClashError(
                "W006",
                "a file of this name exists already; it was to be made new",
                place=Place(change.path),
                hint="move it away, or run again to plan with it",
            )
        if now != change.before:
            raise _stale(change.path)
    for path, sha256 in expected.items():
        if disk.digest(disk.read(path)) != sha256:
            raise _stale(path)


def writable(changes: tuple[Target, ...]) -> None:
    """Raise UserError (W004) for a read-only file or folder; write bits count even for root, who could ignore them."""
    for change in changes:
        folder = os.path.dirname(change.path)
        while not os.path.isdir(folder):
            folder = os.path.dirname(folder)
        for path in (folder, change.path):
            if os.path.exists(path) and not (os.stat(path).st_mode & 0o222 and os.access(path, os.W_OK)):
                raise UserError(
                    "W004",
                    f"the {'folder' if os.path.isdir(path) else 'file'} is read-only; nothing was changed",
                    place=Place(path),
                    hint=f"make it writable (chmod u+w {path}), or only look with --diff",
                )


def missing_folders(path: str) -> tuple[str, ...]:
    """Return the folders that must be made before the file can be, outer ones first."""
    missing = []
    folder = os.path.dirname(path)
    while not os.path.isdir(folder):
        missing.append(folder)
        folder = os.path.dirname(folder)
    return tuple(reversed(missing))


def _stale(path: str) -> ClashError:
    return ClashError(
        "W005",
        "the file changed on disk since it was read; nothing was written",
        place=Place(path),
        hint="run the command again; if that ends in the same way, importing the model is what changes the file",
    )
