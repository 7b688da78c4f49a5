"""Pieces of text in the colours of a terminal, or without any."""

from __future__ import annotations

from collections.abc import Iterable

from mutagen.report.errors import Segment

_CODES = {
    "error": "1;31",
    "frame": "34",
    "mark": "1;31",
    "help": "36",
    "detail": "2",
    "refused": "1;33",
    "good": "1;32",
    "bad": "1;31",
}
"""Parameters of Select Graphic Rendition (ECMA-48, 8.3.117): 1 bold, 2 faint, 31 red, 32 green, 33 yellow, 34 blue."""
_NO_PLACE = dict.fromkeys(map(ord, "\a\b\v\f\r"))
"""Characters that would move the cursor or ring the bell."""


def painted(pieces: Iterable[Segment], *, styled: bool) -> str:
    """The pieces one after the other; when not ``styled``, without colours and without spaces at the ends of lines."""
    if styled:
        return "".join(_painted(it.text.translate(_NO_PLACE), _CODES.get(it.style, "")) for it in pieces)
    text = "".join(it.text for it in pieces).translate(_NO_PLACE)
    return "\n".join(line.rstrip() for line in text.split("\n"))


def _painted(text: str, code: str) -> str:
    """Each line by itself, so that a reader of single lines sees its colours."""
    return "\n".join(f"\x1b[{code}m{line}\x1b[0m" if code and line else line for line in text.split("\n"))
