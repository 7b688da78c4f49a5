"""One function that makes the model, several changes behind its construction.

Each change binds what the function returns, ``net = Net(...)``, puts its lines behind that and returns ``net``. Where
several do, be it rules or parts of one, the result is bound once and returned once, and a loop over the same is one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from mutagen.actions.draft import Draft
from mutagen.records.plan import Edit
from mutagen.records.span import Span

Point = tuple[str, int, int]


def share_bound(drafts: Sequence[Draft]) -> list[Draft]:
    """The drafts with each such binding in the first that has it, and the return in the last."""
    edits = [edit for draft in drafts for edit in draft.edits]
    bound = [edit for edit in edits if _binds(edit)]
    first: dict[tuple[Span, str, str], Edit] = {}
    for edit in bound:
        key = (edit.span, edit.old, edit.new)
        known = first.setdefault(key, edit)
        first[key] = replace(known, instances=tuple(dict.fromkeys((*known.instances, *edit.instances))))
    if len(first) == len(bound):
        return list(drafts)
    ends = {(it.span.file, it.span.end_line, it.span.end_column): _name(it) for it in first.values()}
    tails = [edit for edit in edits if _point(edit) in ends and not edit.old]
    texts = {
        id(edit): text for point in ends for edit, text in _texts([it for it in tails if _point(it) == point], ends)
    }
    done: set[tuple[Span, str, str]] = set()

    def shared(edit: Edit) -> Edit | None:
        key = (edit.span, edit.old, edit.new)
        if _binds(edit):
            again = key in done
            done.add(key)
            return None if again else first[key]
        return replace(edit, new=texts[id(edit)]) if id(edit) in texts else edit

    return [replace(it, edits=tuple(new for edit in it.edits if (new := shared(edit)) is not None)) for it in drafts]


def _binds(edit: Edit) -> bool:
    return edit.rung == "override" and edit.old.startswith("return") and not edit.new.startswith("return")


def _name(edit: Edit) -> str:
    return edit.new.partition(" =")[0]


def _point(edit: Edit) -> Point:
    return (edit.span.file, edit.span.line, edit.span.column)


def _texts(tails: Sequence[Edit], ends: Mapping[Point, str]) -> Iterator[tuple[Edit, str]]:
    """The lines of each change: without the return but the last, and without the head of the loop before."""
    before = ""
    for edit in tails:
        text = edit.new if edit is tails[-1] else _without_return(edit.new, ends[_point(edit)])
        head = _loop_head(text)
        yield edit, text.removeprefix(head) if head and head == before else text
        before = head if _loop_head(text) and _is_one_loop(text, head) else ""


def _loop_head(text: str) -> str:
    """The lines up to the colon of a loop over listed modules; empty where the text is none."""
    start, end = text.lstrip("\r\n"), text.find("):")
    return text[: end + 2] if start.lstrip().startswith("for parent in (") and end >= 0 else ""


def _is_one_loop(text: str, head: str) -> bool:
    """Whether all lines behind the head are deeper than it is, so that more of the loop may follow."""
    indent = len(head.lstrip("\r\n")) - len(head.lstrip())
    lines = [line for line in text.removeprefix(head).splitlines() if line.strip()]
    return all(len(line) - len(line.lstrip()) > indent for line in lines)


def _without_return(text: str, name: str) -> str:
    head, _, tail = text.rpartition("\n")
    return head.removesuffix("\r") if tail.strip() == f"return {name}" else text
