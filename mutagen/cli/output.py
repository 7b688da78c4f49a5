"""Writes to standard output, standard error and files; says whether they may be coloured.

Every command imports this, also those that only show their help: what few of them need is imported where it is.
"""

from __future__ import annotations

import os
import sys
from typing import TextIO

from mutagen.errors import Place, UserError

_wanted = {"color": "auto"}


def want_color(choice: str) -> None:
    """Let colours be decided by ``always``, ``never``, or ``auto``: by the environment and the terminal."""
    _wanted["color"] = choice


def is_styled(stream: TextIO) -> bool:
    """Whether colours and boxes are welcome: as --color says, else by NO_COLOR, by FORCE_COLOR, or on a terminal."""
    if _wanted["color"] != "auto":
        return _wanted["color"] == "always"
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (stream.isatty() and os.environ.get("TERM") != "dumb")


def width_of(stream: TextIO) -> int:
    """Columns of the terminal; 100 where there is none."""
    if not stream.isatty():
        return 100
    from shutil import get_terminal_size

    return get_terminal_size((100, 24)).columns


def say(text: str, *, error: bool = False) -> None:
    """Write text as it is; characters that the stream cannot show are replaced."""
    stream = sys.stderr if error else sys.stdout
    encoding = stream.encoding or "utf-8"
    shown = text.encode(encoding, errors="replace").decode(encoding)
    try:
        stream.write(shown)
        stream.flush()
    except BrokenPipeError:
        _close_quietly(stream)


def check_writable(file: str | None) -> None:
    """Raise UserError (C101) for an output file that cannot be written, before the work is done for it."""
    if file is None:
        return
    from pathlib import Path

    path = Path(file)
    if path.is_dir():
        raise _no_output(file, "it is a folder")
    if not path.parent.is_dir():
        raise _no_output(file, f"there is no folder {path.parent}")
    existed = path.exists()
    if existed and not path.is_file():
        return  # opening a pipe and closing it again would end it for its reader
    try:
        path.open("ab").close()
        if not existed:
            path.unlink()
    except OSError as error:
        raise _no_output(file, error.strerror or str(error)) from error


def _no_output(file: str, reason: str) -> UserError:
    return UserError("C101", f"{file} cannot be written: {reason}", place=Place(file), hint="give another -o FILE")


def emit(data: bytes, *, file: str | None = None) -> None:
    """Write bytes to a file, or to standard output exactly as they are."""
    if file is not None:
        from pathlib import Path

        try:
            Path(file).write_bytes(data)
        except OSError as error:
            raise _no_output(file, error.strerror or str(error)) from error
        return
    buffer = getattr(sys.stdout, "buffer", None)
    if buffer is None:
        say(data.decode("utf-8", errors="replace"))
        return
    try:
        sys.stdout.flush()
        buffer.write(data)
        buffer.flush()
    except BrokenPipeError:
        _close_quietly(sys.stdout)


def _close_quietly(stream: TextIO) -> None:
    """The reader has gone (``| head``): what follows goes nowhere, and Python must not complain at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
