"""What the user sees when something fails: the error with its place, or for a bug a log to attach to a report."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from mutagen import __version__
from mutagen.cli.output import is_styled, say
from mutagen.errors import InternalError, MutagenError

_FEW = 3
PACKAGES = ("torch", "click", "pydantic", "rich", "ruamel.yaml")


def report_failure(error: Exception, arguments: Sequence[str]) -> int:
    """Show the error on standard error; return its exit code."""
    if isinstance(error, BrokenPipeError):
        return 0
    if isinstance(error, MutagenError):
        show_error(error)
        if error.exit_code == 3:
            _say_bug(error, arguments)
        return error.exit_code
    show_error(known_error(error))
    _say_bug(error, arguments)
    return 3


def known_error(error: Exception) -> MutagenError:
    """The error itself, or the internal error that any other exception is."""
    if isinstance(error, MutagenError):
        return error
    return InternalError("I000", f"{type(error).__name__}: {error}")


def exit_code_of(error: Exception) -> int:
    """The exit code that an exception leads to."""
    return known_error(error).exit_code


def show_error(error: MutagenError) -> None:
    """Print an error, or all errors of a group, with their lines of source."""
    from pathlib import Path

    from mutagen.report.errors import members, segments
    from mutagen.report.text import render_segments

    pieces = segments(error, root=Path.cwd())
    say(render_segments(pieces, styled=is_styled(sys.stderr)), error=True)
    if is_styled(sys.stderr):
        codes = dict.fromkeys(each.code for each in members(error))
        say(f"\n{'; '.join(f'mutagen explain {code}' for code in list(codes)[:_FEW])} tells more\n", error=True)


def _say_bug(error: Exception, arguments: Sequence[str]) -> None:
    import tempfile

    say("this is a bug in mutagen", error=True)
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="mutagen-", suffix=".log", delete=False, encoding="utf-8", errors="backslashreplace"
        ) as log:
            log.write(_log(error, arguments))
        say(f"; please report it with this log: {log.name}\n", error=True)
    except OSError:
        say(f"; please report it with this log:\n\n{_log(error, arguments)}", error=True)


def _log(error: Exception, arguments: Sequence[str]) -> str:
    import platform
    import traceback

    lines = [
        f"mutagen {__version__}",
        f"python {sys.version}",
        f"platform {platform.platform()}",
        *(f"{name} {_version(name)}" for name in PACKAGES),
        f"command: mutagen {' '.join(arguments)}",
        "",
        *traceback.format_exception(error),
    ]
    detail = error.detail if isinstance(error, MutagenError) else ""
    return "\n".join([*lines, detail]).rstrip() + "\n"


def _version(name: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
