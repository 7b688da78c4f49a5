"""The few calls that a shortcut or a skip may pass before it joins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from mutagen.match.families import (
    ACTIVATIONS,
    BLANK,
    CONCATENATIONS,
    CROPS,
    MOVES,
    NEUTRAL,
    NORMS,
    POOLS,
    PROJECTIONS,
    RESHAPES,
    stem,
)
from mutagen.match.view import TraceView, node_within
from mutagen.records.trace import Node

SHORTCUT_CALLS = PROJECTIONS | NORMS | POOLS | NEUTRAL | RESHAPES | CROPS | CONCATENATIONS
SKIP_CALLS = PROJECTIONS | NORMS | ACTIVATIONS | NEUTRAL | CROPS | MOVES
_LIMIT = 12
_NOTHING: Mapping[int, tuple[int, ...]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Root:
    """A tensor from which an operand was made: ``length`` calls back; ``changed`` unless these leave it as it is."""

    node: int
    length: int
    changed: bool
    projections: int


def roots(
    view: TraceView, start: int, allowed: frozenset[str], through: Mapping[int, tuple[int, ...]] = _NOTHING
) -> Iterator[Root]:
    """The operand itself and the tensors it was made from, nearest first, through at most one projection.

    A standing product is passed as a whole, so that an edge is still the same edge after a gate was put on it.
    ``through`` names further calls to pass, with the operands to go on with.
    """
    pending = [Root(start, 0, changed=False, projections=0)]
    seen = {start}
    while pending:
        root = pending.pop(0)
        yield root
        for found in _before(view, root, allowed, through):
            if found.node not in seen and found.length <= _LIMIT:
                seen.add(found.node)
                pending.append(found)


def _before(view: TraceView, root: Root, allowed: frozenset[str], through: Mapping[int, tuple[int, ...]]) -> list[Root]:
    node = view.nodes[root.node]
    product = view.product_of_node(node)
    if product is not None:
        same = {index: view.nodes[index].shape == node.shape for index in entering(view, root.node, product)}
        return [Root(index, root.length, root.changed or not kept, root.projections) for index, kept in same.items()]
    if root.node in through:
        return [Root(index, root.length + 1, True, root.projections) for index in through[root.node]]
    name = stem(node.name)
    projections = root.projections + (name in PROJECTIONS)
    source = _single_source(view, node)
    if source is None or name not in allowed or projections > 1 or _takes_channels(view, node, source):
        return []
    if name in POOLS - {"avg_pool"} and not projections:
        return []  # a maximum over neighbours is an operation of its own, not a way to carry its input on
    # An identity stands where other instances of the class have a gate: it must not tell the two apart.
    length = root.length + (name != "identity")
    return [Root(source, length, root.changed or name not in NEUTRAL, projections)]


def entering(view: TraceView, end: int, owner: str) -> tuple[int, ...]:
    """The tensors from outside of an instance that one of its outputs was made from."""
    pending, seen, outside = [end], {end}, []
    while pending:
        index = pending.pop()
        if not node_within(view.nodes[index], owner):
            outside.append(index)
            continue
        for source in view.feeds[index]:
            if source not in seen:
                seen.add(source)
                pending.append(source)
    return tuple(sorted(outside))


def _single_source(view: TraceView, node: Node) -> int | None:
    feeds = [source for source in view.feeds[node.index] if view.nodes[source].name not in BLANK]
    return feeds[0] if len(feeds) == 1 else None


def _takes_channels(view: TraceView, node: Node, source: int) -> bool:
    """A slice of the channels is another tensor, not a smaller copy of this one."""
    if node.name not in {"getitem", "narrow"}:
        return False
    before, after = view.nodes[source].shape, node.shape
    return before is None or after is None or len(before) != len(after) or before[1] != after[1]
