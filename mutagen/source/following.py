"""From an expression to the ends of what it may stand for: through names, arguments, attributes, tables, factories.

An end is an expression that cannot be followed further: the name of a class, a literal, a call of something unknown.
The recorded values of the chain decide conditions where they can; where they cannot, every way is followed.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from mutagen.records.target import Call
from mutagen.records.trace import CallSite
from mutagen.source.activation import Activation, activations
from mutagen.source.file import SourceFile
from mutagen.source.follow_attributes import attribute_ends
from mutagen.source.follow_names import name_ends
from mutagen.source.follow_tables import call_ends, subscript_ends
from mutagen.source.follow_truth import is_true, truth
from mutagen.source.way import End, Point

_DEPTH: Final = 40
_MOST: Final = 64
_NESTED: Final = 60


class Follower:
    """Follows expressions in the files that ``open_file`` reads; it remembers what it found."""

    def __init__(self, open_file: Callable[[str], SourceFile]) -> None:
        self.open_file = open_file
        self._activations: dict[tuple[int, int], Activation] = {}
        self._known: dict[tuple[int, int], tuple[Activation, ast.AST, tuple[End, ...]]] = {}
        self._under_way: set[tuple[int, int]] = set()

    def innermost(self, chain: Sequence[CallSite], model: Call | None) -> Activation | None:
        """The running function in which a chain begins; ``model`` is the call that built the outermost object."""
        return activations(chain, model, self.open_file, self._activations)

    def ends(self, act: Activation, node: ast.AST) -> tuple[End, ...]:
        """What an expression, as it was run in an activation, may stand for; an endless search ends with the node."""
        key = (id(act), id(node))
        if key in self._known:
            return self._known[key][2]
        if key in self._under_way or len(self._under_way) > _NESTED:
            return (End(act, node),)
        self._under_way.add(key)
        found: dict[tuple[str, int], End] = {}
        for end in self.follow(Point(act, node)):
            found.setdefault((end.act.file.path, id(end.node)), end)
            if len(found) > _MOST:
                found = {("", 0): End(act, node)}
                break
        self._under_way.discard(key)
        self._known[key] = (act, node, tuple(found.values()))
        return self._known[key][2]

    def follow(self, point: Point) -> Iterator[End]:
        """The ends of one point, by the kind of its expression."""
        node = point.node
        if len(point.way) > _DEPTH:
            yield point.end()
        elif isinstance(node, ast.Name):
            yield from name_ends(self, point, node)
        elif isinstance(node, ast.Attribute):
            yield from attribute_ends(self, point, node)
        elif isinstance(node, ast.IfExp):
            holds = truth(self, point.act)(node.test)
            for way, dead in ((node.body, False), (node.orelse, True)):
                if holds is not dead:
                    yield from self.follow(point.to(way))
        elif isinstance(node, ast.BoolOp):
            yield from self._first(point, node)
        elif isinstance(node, ast.Subscript):
            yield from subscript_ends(self, point, node)
        elif isinstance(node, ast.Call):
            yield from call_ends(self, point, node)
        elif isinstance(node, ast.NamedExpr):
            yield from self.follow(point.to(node.value))
        else:
            yield point.end()

    def _first(self, point: Point, node: ast.BoolOp) -> Iterator[End]:
        """``a or b``: what of each may be true, up to the first that surely is."""
        if isinstance(node.op, ast.And):
            yield point.end()
            return
        for index, value in enumerate(node.values):
            found = list(self.follow(point.to(value)))
            last = index == len(node.values) - 1
            yield from (end for end in found if last or is_true(end) is not False)
            if all(is_true(end) for end in found):
                return
