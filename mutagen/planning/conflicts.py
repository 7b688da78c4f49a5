"""Two rules that meet in one span."""

from __future__ import annotations

from collections.abc import Sequence

from mutagen.actions.draft import Draft
from mutagen.errors import ClashError, Place
from mutagen.records.plan import Edit
from mutagen.records.rules import Rule
from mutagen.records.span import Span
from mutagen.source.project import Project


def find_conflicts(drafts: Sequence[Draft], rules: Sequence[Rule], project: Project) -> list[ClashError]:
    """One error P010 for each pair of rules whose edits overlap; insertions at one point keep the rules' order.

    A call around an expression may stand around whatever else is done to that expression.
    """
    edits = [(edit, rule) for draft, rule in zip(drafts, rules, strict=True) for edit in draft.edits]
    edits.sort(key=lambda it: (it[0].span.file, _start(it[0].span), _end(it[0].span)))
    errors: dict[tuple[str, str], ClashError] = {}
    for index, (edit, rule) in enumerate(edits):
        for other, other_rule in edits[index + 1 :]:
            if other.span.file != edit.span.file or _start(other.span) > _end(edit.span):
                break
            if rule.id != other_rule.id and _overlap(edit, other):
                errors.setdefault((rule.id, other_rule.id), _error(edit, rule, other_rule))
    return list(errors.values())


def _overlap(first: Edit, second: Edit) -> bool:
    if first.span == second.span:
        return not _is_insertion(first) and first.around is None and second.around is None
    if _start(second.span) >= _end(first.span):
        return False
    outer = second if _start(first.span) == _start(second.span) else first
    return outer.around is None or _end(first.span) < _end(second.span) and outer is first


def _is_insertion(edit: Edit) -> bool:
    return _start(edit.span) == _end(edit.span)


def _start(span: Span) -> tuple[int, int]:
    return (span.line, span.column)


def _end(span: Span) -> tuple[int, int]:
    return (span.end_line, span.end_column)


def _error(edit: Edit, first: Rule, second: Rule) -> ClashError:
    place = Place(edit.span.file, edit.span.line, edit.span.column + 1, max(1, len(edit.old.partition("\n")[0])))
    message = f"rules {first.id} and {second.id} both want to change this expression"
    return ClashError("P010", message, place=place, hint="run them one after the other, or narrow one of the two")
