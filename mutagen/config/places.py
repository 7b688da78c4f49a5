"""Where the keys of a TOML file stand, which its parser does not tell."""

from __future__ import annotations

import re
from collections.abc import Iterable

from mutagen.errors import Place

Loc = tuple[str | int, ...]

_HEADER = re.compile(r"\s*(\[\[?)\s*(.+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"\s*((?:[\w-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[\w-]+|\"[^\"]*\"|'[^']*'))*)\s*=")
_PART = re.compile(r"[\w-]+|\"[^\"]*\"|'[^']*'")


def place_of(loc: Loc, file: str, text: str) -> Place:
    """The place of a key, or of the closest key or table around it that has a line of its own."""
    known = dict(_keys(text))
    for end in range(len(loc), 0, -1):
        if loc[:end] in known:
            line, column, length = known[loc[:end]]
            return Place(file, line, column, length)
    return Place(file)


def _keys(text: str) -> Iterable[tuple[Loc, tuple[int, int, int]]]:
    """Locations with line, column and length; of several tables of one name each has its number."""
    table: Loc = ()
    counts: dict[Loc, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        header, key = _HEADER.match(line), _KEY.match(line)
        if header:
            table = _parts(header[2])
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                table = (*table, counts[table])
            yield table, (number, header.start(2) + 1, len(header[2]))
        elif key:
            parts = _parts(key[1])
            for end in range(1, len(parts) + 1):
                yield (*table, *parts[:end]), (number, key.start(1) + 1, len(key[1]))


def _parts(dotted: str) -> Loc:
    return tuple(part.strip("\"'") for part in _PART.findall(dotted))
