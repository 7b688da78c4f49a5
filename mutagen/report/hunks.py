"""The hunks of a change, with the edits that they come from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mutagen.records.plan import Edit
from mutagen.records.result import FileChange
from mutagen.report.diff import CONTEXT, hunk_text, lines_of, matcher


@dataclass(frozen=True, slots=True)
class Hunk:
    """A part of the patch of one file, and the edits in it; what has none comes along: imports and new classes."""

    file: str
    text: bytes
    edits: tuple[Edit, ...]


def hunks(changes: Iterable[FileChange], edits: Iterable[Edit]) -> Iterator[Hunk]:
    """The hunks of changed files in their order; new files have none."""
    known = tuple(edits)
    for change in changes:
        if change.before is None:
            continue
        before, after = lines_of(change.before), lines_of(change.after)
        for group in matcher(before, after).get_grouped_opcodes(CONTEXT):
            changed = [it for it in group if it[0] != "equal"]
            first, last = changed[0][1], changed[-1][2]
            mine = tuple(it for it in known if it.span.file == change.path and _meets(it, first, last))
            yield Hunk(change.path, b"".join(hunk_text(group, before, after)), mine)


def _meets(edit: Edit, first: int, last: int) -> bool:
    """Whether an edit lies in the lines that change, counted from 0; what is put in behind a line stands at its end."""
    return edit.span.end_line >= first and edit.span.line <= last + 1
