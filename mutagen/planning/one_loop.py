"""Loops over modules that several parts of a rule put at one place, as one loop."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from mutagen.actions.draft import Draft
from mutagen.actions.override_text import fits
from mutagen.records.plan import Edit
from mutagen.source.project import Project

_CHILD: Final = "child"
_HEAD: Final = re.compile(r"(?P<indent>[ \t]*)for parent in list\((?P<root>[\w.]+)\.modules\(\)\):")
_INNER: Final = re.compile(r"[ \t]*for name, (?P<child>\w+) in parent\.named_children\(\):")


@dataclass(frozen=True)
class _Loop:
    """A loop by its lines: what it goes through, what it calls a child, and its choice, which begins with ``if``."""

    edit: Edit
    newline: str
    head: str
    root: str
    inner: str
    child: str
    choice: tuple[str, ...]


def in_one_loop(drafts: Sequence[Draft], project: Project) -> list[Draft]:
    """The drafts with the loops at one place joined in the first of them, where the others follow it at once."""
    edits = [edit for draft in drafts for edit in draft.edits]
    merged: dict[int, Edit] = {}
    gone: set[int] = set()
    for run in _runs(edits):
        one = _joined(run, project)
        if one is not None:
            merged[id(run[0].edit)] = one
            gone |= {id(it.edit) for it in run[1:]}
    if not merged:
        return list(drafts)
    return [
        replace(it, edits=tuple(merged.get(id(edit), edit) for edit in it.edits if id(edit) not in gone))
        for it in drafts
    ]


def _runs(edits: Sequence[Edit]) -> Iterator[list[_Loop]]:
    """Loops that stand one behind the other at one place."""
    places: dict[tuple[str, int, int], list[_Loop | None]] = {}
    for edit in edits:
        if not edit.old:
            places.setdefault((edit.span.file, edit.span.line, edit.span.column), []).append(_loop(edit))
    for found in places.values():
        run: list[_Loop] = []
        for it in (*found, None):
            if it is not None:
                run.append(it)
                continue
            if len(run) > 1:
                yield run
            run = []


def _loop(edit: Edit) -> _Loop | None:
    newline = "\r\n" if edit.new.startswith("\r\n") else "\n"
    lines = edit.new.removeprefix(newline).split(newline)
    head = _HEAD.fullmatch(lines[0])
    inner = _INNER.fullmatch(lines[1]) if head is not None and len(lines) > 3 else None
    if head is None or inner is None or not lines[2].lstrip().startswith("if "):
        return None
    deep = len(lines[2]) - len(lines[2].lstrip())
    if any(len(line) - len(line.lstrip()) < deep for line in lines[3:]):
        return None  # more than the loop
    return _Loop(edit, newline, lines[0], head["root"], lines[1], inner["child"], tuple(lines[2:]))


def _joined(run: Sequence[_Loop], project: Project) -> Edit | None:
    """One loop that does what each does; None where they go through different modules or names do not fit."""
    narrow = max(run, key=lambda it: len(it.root))
    if not all(it.root == narrow.root or _lies_within(it, narrow) for it in run):
        return None
    names = {it.child for it in run}
    child = names.pop() if len(names) == 1 else _CHILD
    first = run[0].edit
    if child == _CHILD and re.search(rf"\b{_CHILD}\b", project.file(first.span.file).utf8.decode()):
        return None
    lines = [narrow.head, _called(narrow.inner, narrow.child, child)]
    for number, it in enumerate(run):
        choice = [_called(line, it.child, child) for line in it.choice]
        lines += [choice[0].replace("if ", "elif ", 1) if number else choice[0], *choice[1:]]
    if not all(map(fits, lines)):
        return None
    instances = tuple(dict.fromkeys(path for it in run for path in it.edit.instances))
    reason = f"no expression that may be edited makes exactly these {len(instances)} instance(s)"
    return replace(first, new="".join(f"{run[0].newline}{line}" for line in lines), instances=instances, reason=reason)


def _lies_within(loop: _Loop, narrow: _Loop) -> bool:
    """Whether all that a loop changes lies in a module that another one goes through alone."""
    if not narrow.root.startswith(f"{loop.root}."):
        return False
    part = f"{narrow.root.removeprefix(f'{loop.root}.')}."
    around = {path.partition(part)[0] for path in narrow.edit.instances}
    return all(any(path.startswith(f"{head}{part}") for head in around) for path in loop.edit.instances)


def _called(line: str, old: str, new: str) -> str:
    return re.sub(rf"(?<![.\w]){old}\b", new, line)
