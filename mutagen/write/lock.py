"""One mutagen at a time in a project, and the folder that holds its lock and its journal."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

from mutagen.errors import ClashError, Place, UserError

FOLDER = ".mutagen_cache"

_TAG = (
    b"Signature: 8a477f597d28d172789f06886806bc55\n"
    b"# This file marks a folder that programs may delete and backups may skip. See https://bford.info/cachedir/\n"
)
_OURS = {"CACHEDIR.TAG": _TAG, ".gitignore": b"*\n"}
_LOCK = "lock"
_OWNER = "lock.pid"


def cache_folder(root: Path) -> Path:
    """Return the folder of lock and journal; it need not exist."""
    return root / FOLDER


def make_folder(root: Path) -> Path:
    """Make the folder, marked for backup programs and for git; return it."""
    folder = cache_folder(root)
    with contextlib.suppress(FileExistsError):
        os.mkdir(folder)
    for name, content in _OURS.items():
        with contextlib.suppress(FileExistsError):
            descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
            try:
                os.write(descriptor, content)
            finally:
                os.close(descriptor)
    return folder


def tidy_folder(root: Path) -> None:
    """Remove the folder when nothing but its two marks is left in it; never raises OSError."""
    folder = cache_folder(root)
    with contextlib.suppress(OSError):
        if set(os.listdir(folder)) <= set(_OURS):
            for name in _OURS:
                (folder / name).unlink(missing_ok=True)
            folder.rmdir()


@contextlib.contextmanager
def lock(root: Path) -> Iterator[None]:
    """Hold the project for this process; may be nested.

    Raises ClashError (W001) at once when another process holds it, UserError (W002) when the folder cannot be written.
    """
    try:
        held = _acquire(root)
    except Timeout:
        raise _busy(root) from None
    except OSError as error:
        tidy_folder(root)
        raise UserError(
            "W002",
            f"cannot lock the project: {error.strerror or error}",
            place=Place(str(cache_folder(root))),
            hint="make the folder writable, or only look with --check or --diff",
        ) from error
    outermost = held.lock_counter == 1
    try:
        if outermost:
            _note_owner(root)
        yield
    finally:
        if outermost:
            _remove(root)
            tidy_folder(root)
        held.release()


def _acquire(root: Path) -> BaseFileLock:
    """Take the lock. Another process that ends just now may remove the folder in between, hence a few tries."""
    for _ in range(20):
        with contextlib.suppress(FileNotFoundError, FileExistsError):
            return _try_once(root)
    return _try_once(root)


def _try_once(root: Path) -> BaseFileLock:
    make_folder(root)
    held = FileLock(cache_folder(root) / _LOCK, is_singleton=True)
    held.acquire(blocking=False)
    return held


def _note_owner(root: Path) -> None:
    with contextlib.suppress(OSError):
        (cache_folder(root) / _OWNER).write_text(str(os.getpid()), encoding="ascii")


def _remove(root: Path) -> None:
    """Unlink the lock file while it is held: whoever waits on the old one sees that it has no name and tries again."""
    for name in (_OWNER, _LOCK):
        with contextlib.suppress(OSError):  # Windows keeps an open file: then it stays
            (cache_folder(root) / name).unlink(missing_ok=True)


def _busy(root: Path) -> ClashError:
    try:
        owner = f"process {int((cache_folder(root) / _OWNER).read_text(encoding='ascii'))}"
    except (OSError, ValueError):
        owner = "another process"
    return ClashError(
        "W001",
        f"mutagen already runs here ({owner})",
        place=Place(str(cache_folder(root))),
        hint="wait until it has finished, or stop it",
    )
