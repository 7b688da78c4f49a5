"""Finds the user's own lines in tracebacks and in the stack dumps of ``faulthandler``."""

from __future__ import annotations

import os
import re
import sys
import traceback
from collections.abc import Sequence
from pathlib import PurePath
from types import TracebackType
from typing import Literal

from mutagen.errors import Place

Origin = Literal["user", "library", "tool"]

_STDLIB = os.path.dirname(os.__file__) + os.sep
_MUTAGEN = str(PurePath(__file__).parents[1]) + os.sep
_TORCH = frozenset({"torch", "functorch", "torchgen"})
_SITES = frozenset({"site-packages", "dist-packages"})
_DUMP_LINE = re.compile(r'^ +File "(?P<file>.*)", line (?P<line>\d+) in (?P<name>.*)$', re.MULTILINE)
_DUMP_ESCAPE = re.compile(r"\\x[0-9a-f]{2}|\\u[0-9a-f]{4}|\\U[0-9a-f]{8}")
_MOST_FRAMES = 12


def origin(file: str) -> Origin:
    """Whose code a file holds: the user's, an installed library's, or that of a tool (Python, torch, mutagen)."""
    if file.startswith(("<", _MUTAGEN)) or _in_torch(file):
        return "tool"
    parts = PurePath(file).parts
    site = next((index for index, part in enumerate(parts) if part in _SITES), None)
    if site is not None:
        return "tool" if parts[site + 1 : site + 2] and parts[site + 1] in _TORCH else "library"
    return "tool" if file.startswith(_STDLIB) else "user"


def _in_torch(file: str) -> bool:
    where = getattr(sys.modules.get("torch"), "__path__", None)
    return where is not None and file.startswith(str(where[0]) + os.sep)


def exception_frames(error: BaseException) -> list[traceback.FrameSummary]:
    """The frames outside of Python, torch and mutagen, outermost first.

    They come from the error or, where it has none of them, from what it was raised from.
    """
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        frames = own_frames(traceback.extract_tb(current.__traceback__))
        if frames:
            return frames
        current = current.__cause__ or current.__context__
    return []


def own_frames(frames: Sequence[traceback.FrameSummary]) -> list[traceback.FrameSummary]:
    """Those frames that are not in Python, torch or mutagen."""
    return [frame for frame in frames if origin(frame.filename) != "tool"]


def blamed(frames: Sequence[traceback.FrameSummary]) -> Place | None:
    """The innermost line of the user, else of an installed library; ``frames`` are outermost first."""
    inner = list(reversed(frames))
    for wanted in ("user", "library"):
        for frame in inner:
            if origin(frame.filename) == wanted:
                return frame_place(frame)
    return None


def frame_place(frame: traceback.FrameSummary) -> Place:
    """Where a frame stands, with the columns of the expression where Python knows them."""
    line = frame.lineno or 0
    start, end = frame.colno, frame.end_colno
    if start is None or end is None:
        return Place(frame.filename, line, 1 if line else 0)
    text = _source_line(frame)
    first = _characters(text, start)
    last = _characters(text, end) if frame.end_lineno == frame.lineno else len(text.rstrip())
    return Place(frame.filename, line, first + 1, max(1, last - first))


def _source_line(frame: traceback.FrameSummary) -> str:
    return str(getattr(frame, "_original_line", None) or frame.line or "")


def _characters(text: str, column: int) -> int:
    return len(text.encode()[:column].decode(errors="replace"))


def listing(frames: Sequence[traceback.FrameSummary]) -> str:
    """Frames as Python prints them; of a long list the outer and the inner ends."""
    if len(frames) <= _MOST_FRAMES:
        return "".join(traceback.format_list(list(frames)))
    half = _MOST_FRAMES // 2
    left_out = f"  ... {len(frames) - _MOST_FRAMES} more frames ...\n"
    outer, inner = traceback.format_list(list(frames[:half])), traceback.format_list(list(frames[-half:]))
    return "".join(outer) + left_out + "".join(inner)


def dumped_frames(dump: str) -> list[traceback.FrameSummary]:
    """The frames of a ``faulthandler`` dump that are the user's or a library's, outermost first."""
    found = [
        traceback.FrameSummary(_unescape(match["file"]), int(match["line"]), match["name"])
        for match in _DUMP_LINE.finditer(dump)
    ]
    return own_frames(found[::-1])


def _unescape(text: str) -> str:
    return _DUMP_ESCAPE.sub(lambda match: chr(int(match[0][2:], 16)), text)


def innermost(trail: TracebackType | None) -> str:
    """The file of the innermost frame, or an empty string."""
    frames = traceback.extract_tb(trail)
    return frames[-1].filename if frames else ""
