"""Selected and others that come from one activation: the turns of its loops tell them apart."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from mutagen.actions.parting_loop import Loop, loops_around, told_by
from mutagen.actions.parting_records import NoParting, Passed, Run, need_of
from mutagen.records.rules import Value
from mutagen.source.anchor import Function
from mutagen.source.expressions import holds
from mutagen.source.file import SourceFile

_Frames = Mapping[int, Sequence[Run]]


@dataclass(frozen=True)
class _Way:
    """Something that counts the turns, with the runs that have its counts among their names."""

    loops: tuple[Loop, ...]
    frames: _Frames


def by_turn(
    file: SourceFile, function: Function, node: ast.expr | ast.stmt, frames: _Frames, *, switch: bool
) -> Passed:
    """What stands at an expression that one activation runs both for selected and for others; raises NoParting.

    With ``switch`` nothing is passed unless a parameter asks for it.
    """
    asked = None if switch else _asked_there(file, node, _turns(frames))
    if asked is not None:
        return Passed(asked, None)
    ways = [_Way(loops_around(file, function, node), frames), *_by_length(file, function, node, frames)]
    for way in ways:
        simple = told_by(way.loops, _turns(way.frames))
        if simple is not None and switch:
            marks = _marked(frames, True)
            return Passed(f"{{}} and {simple.joined}", need_of(file, function, marks, False), simple.loops)
        if simple is not None:
            return Passed(simple.text, None, simple.loops)
    chosen = {key: group for key, group in frames.items() if any(run.value for run in group)}
    for way in ways:
        inner = told_by(way.loops, _turns({key: way.frames[key] for key in chosen}))
        if inner is not None:
            marks = {**_marked(frames, False), **_marked(chosen, True)}
            return Passed(f"{{}} and {inner.joined}", need_of(file, function, marks, False), inner.loops)
    for way in () if switch else ways:
        listed = _by_places(file, function, way)
        if listed is not None:
            return listed
    where = next(iter(frames.values()))[0].chain[0].span
    raise NoParting("no loop variable tells the selected from the others", where)


def _asked_there(file: SourceFile, node: ast.AST, turns: Sequence[tuple[Run, bool]]) -> str | None:
    """What the call itself asks for (``shortcut() if stride == 1 else None``), where that holds for those selected."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.IfExp) and "\n" not in (text := file.text(inner.test)):
            if all(holds(inner.test, run.chain[0].names) is chosen for run, chosen in turns):
                return text
    return None


def _turns(frames: _Frames) -> list[tuple[Run, bool]]:
    return [(run, bool(run.value)) for group in frames.values() for run in group]


def _marked(frames: _Frames, value: Value) -> dict[int, Run]:
    return {key: replace(group[0], value=value) for key, group in frames.items()}


def _by_places(file: SourceFile, function: Function, way: _Way) -> Passed | None:
    """Each activation selects other turns of its loop: the parameter lists them."""
    loop = next((it for it in way.loops if it.variable is not None), None)
    if loop is None or len(way.loops) > 1:
        return None
    name = str(loop.variable)
    marks: dict[int, Run] = {}
    for key, group in way.frames.items():
        turns = [(run.chain[0].names.get(name), run) for run in group]
        if not all(type(turn) is int for turn, _ in turns) or len({turn for turn, _ in turns}) < len(turns):
            return None
        marks[key] = replace(group[0], value=tuple(turn for turn, run in turns if run.value))
    return Passed(f"{loop.shown} in {{}}", need_of(file, function, marks, ()), way.loops)


def _by_length(file: SourceFile, function: Function, node: ast.AST, frames: _Frames) -> Iterator[_Way]:
    """``len(layers)`` where the turns append to a list, whose places are the numbers in the paths of what is made."""
    around = file.parents.get(node)
    if not isinstance(around, ast.Call) or around.args != [node] or not isinstance(around.func, ast.Attribute):
        return
    if around.func.attr != "append" or not isinstance(around.func.value, ast.Name | ast.Attribute):
        return
    shown = f"len({file.text(around.func.value)})"
    counted: dict[int, list[Run]] = {}
    for key, group in frames.items():
        holders = {(run.made or "").rpartition(".")[0] for run in group}
        places = [(run.made or "").rpartition(".")[2] for run in group]
        if len(holders) > 1 or not all(it.isdigit() for it in places):
            return
        counted[key] = [_with_count(run, shown, int(it)) for run, it in zip(group, places, strict=True)]
    yield _Way((Loop(file.span(around), shown, shown),), counted)


def _with_count(run: Run, name: str, count: int) -> Run:
    site = run.chain[0]
    return replace(run, chain=(replace(site, names={**site.names, name: count}), *run.chain[1:]))
