"""Changed files as replacements of regions, which editors can carry out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from mutagen.records.result import FileChange
from mutagen.report.findings import Region, decoded

_LINE = re.compile(r"[^\n]*\n|[^\n]+")


@dataclass(frozen=True, slots=True)
class Replacement:
    """The text of a region becomes ``text``."""

    region: Region
    text: str


def replacements(change: FileChange) -> Iterator[Replacement]:
    """What turns the file into the changed one: whole lines, in order; a new file is an insertion into an empty one."""
    before, after = (_lines(decoded(it)) for it in (change.before or b"", change.after))
    for tag, start, end, new, new_end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag != "equal":
            text = "".join(after[new:new_end])
            yield Replacement(Region(change.path, *_position(before, start), *_position(before, end)), text)


def _position(lines: list[str], index: int) -> tuple[int, int]:
    """Line and column before the line of an index; the end of the text where there is none."""
    if index < len(lines) or not lines or lines[-1].endswith("\n"):
        return index + 1, 1
    return index, len(lines[-1]) + 1


def _lines(text: str) -> list[str]:
    """Lines with their ends, parted at line feeds only, as SARIF does."""
    return _LINE.findall(text)
