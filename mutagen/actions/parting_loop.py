"""Loops whose variables tell some of their turns from the others: ``i >= 4``, ``i % 2 == 1``, ``(i, j) == (2, 1)``."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final, Protocol

from mutagen.records.span import Span
from mutagen.records.trace import CallSite
from mutagen.source.anchor import Function
from mutagen.source.file import SourceFile

_MOST_LISTED: Final = 6
_COMPARED: Final = ("==", ">=", "<=", "!=")


class _Turn(Protocol):
    """A run whose chain begins in the loop."""

    @property
    def chain(self) -> tuple[CallSite, ...]: ...


@dataclass(frozen=True)
class Loop:
    """A loop around an expression.

    ``variable`` is the name under which its count was recorded, ``shown`` what the condition calls it: another name
    where the loop counts in ``_``, whose place ``rename`` is.
    """

    span: Span
    variable: str | None
    shown: str
    rename: Span | None = None


@dataclass(frozen=True)
class Condition:
    """A condition that holds in the selected turns alone, and the loops it speaks of."""

    text: str
    loops: tuple[Loop, ...]

    @property
    def joined(self) -> str:
        """The condition as the right side of an ``and``."""
        return f"({self.text})" if " or " in self.text else self.text


def loops_around(file: SourceFile, function: Function, node: ast.AST) -> tuple[Loop, ...]:
    """The loops of a function that run an expression, outermost first, as far as they count in a variable."""
    taken = {it.id for it in ast.walk(function) if isinstance(it, ast.Name)} | {it.arg for it in function.args.args}
    found: list[Loop] = []
    for target, owner in _targets(file, function, node):
        name = next((it for it in _names(target) if it.id != "_"), None)
        if name is not None:
            found.append(Loop(file.span(target), name.id, name.id))
        elif isinstance(target, ast.Name) and not _read(owner, "_") and all(it.variable != "_" for it in found):
            free = next((it for it in ("i", "j", "k", "index") if it not in taken), None)
            if free is not None:
                taken.add(free)
                found.append(Loop(file.span(target), "_", free, file.span(target)))
    return tuple(reversed(found))


def told_by(loops: Sequence[Loop], turns: Sequence[tuple[_Turn, bool]]) -> Condition | None:
    """The shortest condition on the loops' variables that holds for the turns marked true alone."""
    counted = [it for it in loops if all(type(turn.chain[0].names.get(it.variable or "")) is int for turn, _ in turns)]
    for size in range(1, len(counted) + 1):
        for some in combinations(counted, size):
            marks = [(tuple(_count(turn, it) for it in some), chosen) for turn, chosen in turns]
            text = next((it for it in _conditions([loop.shown for loop in some], marks)), None)
            if text is not None:
                return Condition(text, some)
    return None


def _count(turn: _Turn, loop: Loop) -> int:
    return int(str(turn.chain[0].names[str(loop.variable)]))


def _conditions(names: Sequence[str], marks: Sequence[tuple[tuple[int, ...], bool]]) -> Iterator[str]:
    yes, no = {turn for turn, chosen in marks if chosen}, {turn for turn, chosen in marks if not chosen}
    if yes & no or not yes:
        return
    left = names[0] if len(names) == 1 else f"({', '.join(names)})"
    everything = sorted(yes | no)
    for operator in _COMPARED:
        for turn in everything:
            if {it for it in everything if _compare(it, operator, turn)} == yes:
                yield f"{left} {operator} {_shown(turn)}"
    if len(names) == 1:
        for step in (2, 3, 4):
            for rest in range(step):
                if {it for it in everything if it[0] % step == rest} == yes and len(yes) > 1:
                    yield f"{left} % {step} == {rest}"
    if len(yes) <= _MOST_LISTED:
        yield f"{left} in ({', '.join(_shown(turn) for turn in sorted(yes))}{',' if len(yes) == 1 else ''})"


def _compare(turn: tuple[int, ...], operator: str, other: tuple[int, ...]) -> bool:
    if operator == "==":
        return turn == other
    if operator == "!=":
        return turn != other
    return turn >= other if operator == ">=" else turn <= other


def _shown(turn: tuple[int, ...]) -> str:
    return str(turn[0]) if len(turn) == 1 else f"({', '.join(map(str, turn))})"


def _targets(file: SourceFile, function: Function, node: ast.AST) -> Iterator[tuple[ast.expr, ast.AST]]:
    inner: ast.AST = node
    for around in file.ancestors(node):
        if around is function:
            return
        if isinstance(around, ast.For) and inner in around.body:
            yield around.target, around
        elif isinstance(around, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp):
            if not isinstance(inner, ast.comprehension):
                yield from ((it.target, around) for it in reversed(around.generators))
        inner = around


def _names(target: ast.expr) -> list[ast.Name]:
    if isinstance(target, ast.Name):
        return [target]
    items = target.elts if isinstance(target, ast.Tuple | ast.List) else []
    return [name for item in items for name in _names(item)]


def _read(owner: ast.AST, name: str) -> bool:
    return any(isinstance(it, ast.Name) and it.id == name and isinstance(it.ctx, ast.Load) for it in ast.walk(owner))
