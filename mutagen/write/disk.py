"""Single, durable steps on files: read, write a new file, flush a folder."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil

_BINARY = getattr(os, "O_BINARY", 0)


def digest(data: bytes | None) -> str | None:
    """Return the SHA-256 of the bytes in hex; None for a file that does not exist."""
    return None if data is None else hashlib.sha256(data).hexdigest()


def read(path: str) -> bytes | None:
    """Return the content of a file, None where there is none."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        return None


def create(path: str, data: bytes, *, like: str | None = None) -> None:
    """Write a file that does not exist yet and flush it to the disk.

    ``like`` names a file whose mode, extended attributes and owner it gets. The owner is kept as far as this process
    may give files away. Without ``like`` the mode follows the umask.
    """
    mode = 0o666 if like is None else 0o600
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, mode)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        if like is not None:
            _imitate(path, like)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove(path: str) -> None:
    """Remove a file if it is there."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def sync_folder(path: str) -> None:
    """Flush a folder, so that renames in it survive a loss of power; nothing where folders cannot be flushed."""
    if os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def _imitate(path: str, like: str) -> None:
    shutil.copystat(like, path)
    os.utime(path)  # a fresh time of change: Python judges its compiled files by it
    if os.name != "nt":
        there, here = os.stat(like), os.stat(path)
        if (there.st_uid, there.st_gid) != (here.st_uid, here.st_gid):
            for user in (there.st_uid, -1):  # whoever may not give a file away may still share it with a group
                with contextlib.suppress(PermissionError):
                    os.chown(path, user, there.st_gid)
                    break
            os.chmod(path, there.st_mode & 0o7777)  # a change of owner clears some bits
