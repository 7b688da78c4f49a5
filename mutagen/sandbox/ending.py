"""Errors for session processes that ended or had to be ended."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

from mutagen.errors import MutagenError, Place, TargetError
from mutagen.sandbox import frames
from mutagen.sandbox.output import Output
from mutagen.sandbox.session import STACK_FILE

_SHOWN = 4000
_DUMP_WAIT = 0.3
_PRINTED = "It printed:"
_SLOW = (
    "this is where it stood: keep programs under `if __name__ == '__main__':`, give smaller inputs, "
    "or allow it more with --timeout SECONDS"
)


def too_long(label: str, limit: float, *, pid: int, folder: Path) -> TargetError:
    """The error for a call past its limit in seconds, with the line it stands at."""
    place, stack = _asked_stack(pid, folder)
    message = f"{label} took longer than {limit:g} s"
    return TargetError("T204", message, place=place, hint=_SLOW, detail=stack)


def too_much(label: str, limit: int, *, pid: int, folder: Path) -> TargetError:
    """The error for processes that hold more than ``limit`` bytes."""
    place, stack = _asked_stack(pid, folder)
    message = f"{label} needed more than {_size(limit)} of memory"
    hint = "give the model smaller arguments or inputs, or allow it more with --memory"
    return TargetError("T205", message, place=place, hint=hint, detail=stack)


def ended(label: str, status: int, *, folder: Path) -> TargetError:
    """The error for a process that is gone; a negative status is the number of the signal."""
    place, stack = _stack(folder)
    if status >= 0:
        message = f"{label} ended the process with exit code {status}"
        return TargetError("T206", message, place=place, detail=stack)
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    if name == "SIGKILL":
        hint = "the machine may have run out of memory: give the model smaller arguments or inputs"
        return TargetError("T207", f"{label} was killed ({name})", place=place, hint=hint, detail=stack)
    hint = "the crash is in compiled code that the model calls; run the model without mutagen to see it"
    return TargetError("T207", f"{label} crashed ({name})", place=place, hint=hint, detail=stack)


def with_output(error: MutagenError, output: Output) -> MutagenError:
    """The error; one about the user's code also shows the end of what that code printed."""
    output.settle()
    printed = output.text().strip()
    if isinstance(error, TargetError) and printed and _PRINTED not in error.detail:
        shown = printed if len(printed) <= _SHOWN else "..." + printed[-_SHOWN:]
        error.detail = f"{error.detail.rstrip()}\n\n{_PRINTED}\n{shown}".lstrip()
    return error


def _asked_stack(pid: int, folder: Path) -> tuple[Place | None, str]:
    """Have a process that still runs write down where it stands."""
    if hasattr(signal, "SIGUSR2"):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGUSR2)
        end = time.monotonic() + _DUMP_WAIT
        while time.monotonic() < end and not _read(folder).endswith("\n"):
            time.sleep(0.01)
    return _stack(folder)


def _stack(folder: Path) -> tuple[Place | None, str]:
    own = frames.dumped_frames(_read(folder))
    return frames.blamed(own), frames.listing(own)


def _read(folder: Path) -> str:
    try:
        return (folder / STACK_FILE).read_text(errors="replace")
    except OSError:
        return ""


def _size(number: int) -> str:
    return f"{number / 1e9:.1f} GB" if number >= 1e9 else f"{number / 1e6:.0f} MB"
