"""Errors for people, with the line they speak of, and for machines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from unicodedata import east_asian_width

from mutagen.errors import ErrorGroup, InternalError, MutagenError, Place
from mutagen.report.paths import shown_path

MAX_SHOWN = 20
MAX_WIDTH = 160


_contents: dict[str, bytes] = {}


@contextmanager
def read_as(contents: Mapping[str, bytes]) -> Iterator[None]:
    """Show lines of these contents, by path, in the place of what is on disk."""
    _contents.update(contents)
    try:
        yield
    finally:
        for path in contents:
            _contents.pop(path, None)


class Segment(NamedTuple):
    """A piece of text with the name of its style: "error", "frame", "mark", "help" or ""."""

    text: str
    style: str = ""


def members(error: MutagenError) -> tuple[MutagenError, ...]:
    """The single errors of a group, or the error itself."""
    if isinstance(error, ErrorGroup):
        return tuple(single for each in error.errors for single in members(each))
    return (error,)


def render(error: MutagenError, *, root: Path) -> str:
    """The error, or all errors of a group, as plain text."""
    return "".join(segment.text for segment in segments(error, root=root))


def segments(error: MutagenError, *, root: Path) -> list[Segment]:
    """The pieces of the text, for renderers that have colours; at most twenty errors are shown in full."""
    found = members(error)
    pieces: list[Segment] = []
    for each in found[:MAX_SHOWN]:
        if pieces:
            pieces.append(Segment("\n"))
        pieces += _single(each, root)
    if len(found) > MAX_SHOWN:
        pieces.append(Segment(f"\n... and {len(found) - MAX_SHOWN} more errors\n"))
    return pieces


def as_data(error: MutagenError, *, root: Path) -> list[dict[str, Any]]:
    """Each error as plain data; line and column are null where only the file, or no place, is known."""
    return [_data(each, root) for each in members(error)]


def _data(error: MutagenError, root: Path) -> dict[str, Any]:
    place = error.place
    return {
        "code": error.code,
        "message": error.message,
        "path": shown_path(place.file, root) if place else None,
        "line": (place.line or None) if place else None,
        "column": (place.column or None) if place else None,
        "hint": error.hint,
        "detail": error.detail,
    }


def _single(error: MutagenError, root: Path) -> list[Segment]:
    kind = "internal error" if isinstance(error, InternalError) else "error"
    pieces = [Segment(f"{kind}[{error.code}]", "error"), Segment(f": {error.message}\n")]
    gutter = " "
    if error.place:
        gutter = " " * (len(str(error.place.line)) if error.place.line else 1) + " "
        where = Place(shown_path(error.place.file, root), error.place.line, error.place.column)
        pieces += [Segment(f"{gutter}--> ", "frame"), Segment(f"{where}\n")]
        pieces += _frame(error.place, gutter)
    if error.hint:
        pieces += [Segment(f"{gutter}help: ", "help"), Segment(f"{_indented(error.hint, gutter + ' ' * 6)}\n")]
    if error.detail:
        pieces.append(
            Segment("".join(f"{gutter}| {line}\n" for line in error.detail.rstrip("\n").split("\n")), "detail")
        )
    return pieces


def _frame(place: Place, gutter: str) -> list[Segment]:
    """The source line with a caret under the place, or nothing when the line cannot be read."""
    line = _line(place)
    if line is None:
        return []
    line, column = _window(line, place.column)
    before, marked = line[: column - 1], line[column - 1 :][: place.length]
    # Tabs stay tabs and wide characters take two columns, so that the caret stands where the eye looks.
    pad = "".join("\t" if char == "\t" else " " * columns_of(char) for char in before)
    carets = "^" * max(1, columns_of(marked))
    bar = f"{gutter}|"
    return [
        Segment(f"{bar}\n{place.line} | ", "frame"),
        Segment(f"{line}\n"),
        Segment(f"{bar} ", "frame"),
        Segment(f"{pad}{carets}\n", "mark"),
    ]


def _line(place: Place) -> str | None:
    if not place.line:
        return None
    try:
        raw = _contents[place.file] if place.file in _contents else Path(place.file).read_bytes()
    except OSError:
        return None
    lines = raw.decode("utf-8-sig", errors="replace").split("\n")
    if place.line > len(lines):
        return None
    line = lines[place.line - 1].rstrip("\r")
    return "".join(char if char.isprintable() or char == "\t" else "�" for char in line)


def _window(line: str, column: int) -> tuple[str, int]:
    """What can be shown of a long line around a column, and where the column is in it."""
    start = 0 if column <= MAX_WIDTH else column - MAX_WIDTH // 2
    shown = ("…" if start else "") + line[start : start + MAX_WIDTH]
    return shown + ("…" if len(line) > start + MAX_WIDTH else ""), column - start + (1 if start else 0)


def columns_of(text: str) -> int:
    """The columns of a terminal that a text takes."""
    return len(text) if text.isascii() else sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def _indented(text: str, indent: str) -> str:
    return text.replace("\n", f"\n{indent}")
