"""The hunks of a change, with the edits that they come from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from mutagen.errors import MutagenError
from mutagen.records.plan import Edit, Plan
from mutagen.records.result import FileChange
from mutagen.report.diff import CONTEXT, hunk_text, lines_of, matcher
from mutagen.rewrite.apply import rewrite


@dataclass(frozen=True, slots=True)
class Hunk:
    """A part of the patch of one file, and the edits in it; what has none comes along: imports and new classes."""

    file: str
    text: bytes
    edits: tuple[Edit, ...]


def hunks(changes: Iterable[FileChange], plan: Plan) -> Iterator[Hunk]:
    """The hunks of changed files in their order; new files have none.

    What rules change side by side, or one rule for several matches, is a hunk for each of them.
    """
    for change in changes:
        if change.before is None:
            continue
        before, after = lines_of(change.before), lines_of(change.after)
        for group in matcher(before, after).get_grouped_opcodes(CONTEXT):
            changed = [it for it in group if it[0] != "equal"]
            first, last = changed[0][1], changed[-1][2]
            mine = tuple(it for it in plan.edits if it.span.file == change.path and _meets(it, first, last))
            text = b"".join(hunk_text(group, before, after))
            parts = _by_match(mine)
            for part in parts or ((),):
                yield Hunk(change.path, (_alone(part, change, plan) if len(parts) > 1 else b"") or text, part)


def goes_with(edit: Edit, others: Iterable[Edit]) -> bool:
    """Whether an edit is for the same as one of others: for one of its modules, or for all that its rule does."""
    return any(
        edit.rule == it.rule and (not edit.instances or not it.instances or set(edit.instances) & set(it.instances))
        for it in others
    )


def _by_match(edits: Sequence[Edit]) -> list[tuple[Edit, ...]]:
    """The edits that go together, as they stand in the file."""
    groups: list[list[Edit]] = []
    for edit in edits:
        mine = [it for it in groups if goes_with(edit, it)]
        groups = [it for it in groups if it not in mine]
        groups.append([*(each for it in mine for each in it), edit])
    return sorted((tuple(it) for it in groups), key=lambda it: min((each.span.line, each.span.column) for each in it))


def _alone(edits: tuple[Edit, ...], change: FileChange, plan: Plan) -> bytes:
    """The hunks of some edits without all others; nothing where they cannot stand alone."""
    try:
        (only,) = rewrite(
            replace(plan, edits=edits, definitions=(), imports=()), {change.path: change.before or b""}
        ) or (change,)
    except MutagenError:
        return b""
    before, after = lines_of(only.before or b""), lines_of(only.after)
    groups = matcher(before, after).get_grouped_opcodes(CONTEXT)
    return b"".join(part for group in groups for part in hunk_text(group, before, after))


def _meets(edit: Edit, first: int, last: int) -> bool:
    """Whether an edit lies in the lines that change, counted from 0; what is put in behind a line stands at its end."""
    return edit.span.end_line >= first and edit.span.line <= last + 1
