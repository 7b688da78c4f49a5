"""Residual edges: additions of a tensor and of something computed from it at the same resolution."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast

from mutagen.match.resolution import reaches_at_resolution
from mutagen.match.view import TraceView, constant
from mutagen.match.walk import SHORTCUT_CALLS, roots
from mutagen.records.trace import Node

Shortcut = Literal["identity", "projected"]


@dataclass(frozen=True, slots=True)
class Edge:
    """An operand of a joining node and its partner, as indices into the inputs of the node."""

    node: int
    operand: int
    other: int
    shortcut: Shortcut | None = None


@dataclass(frozen=True, slots=True)
class EdgeScan:
    """The edges of one kind in a trace, how many joining nodes were looked at, and why the others are none."""

    edges: tuple[Edge, ...]
    seen: int
    misses: Mapping[str, int]


def residual_edges(view: TraceView) -> EdgeScan:
    """All residual additions of the trace, in the order of the graph; the branch is the operand, the shortcut other.

    The shortcut is an ancestor of the branch, or made from one through at most one convolution or linear layer
    (He et al., "Deep residual learning", 2015).
    """
    if "residual" not in view.memo:
        view.memo["residual"] = _scan(view)
    return cast("EdgeScan", view.memo["residual"])


def addition(view: TraceView, node: Node) -> str | None:
    """Why a call named "add" does not add two tensors of one shape, or None if it does."""
    if len(node.inputs) != 2 or node.inputs[0] == node.inputs[1]:
        return "do not add two tensors"
    left, right = (view.nodes[index].shape for index in node.inputs)
    if left is None or left != right:
        return "add tensors of different shapes"
    return None if constant(node, "alpha", 2, 1) in (1, None) else "scale an operand"


def _scan(view: TraceView) -> EdgeScan:
    misses: Counter[str] = Counter()
    edges: list[Edge] = []
    additions = [node for node in view.nodes if node.name == "add"]
    for node in additions:
        reason = addition(view, node)
        edge = _residual(view, node) if reason is None else None
        if edge is not None:
            edges.append(edge)
        else:
            misses[reason or "have no shortcut at the same resolution"] += 1
    return EdgeScan(tuple(edges), len(additions), misses)


def _residual(view: TraceView, node: Node) -> Edge | None:
    found = [(_rank(view, node, shortcut), shortcut) for shortcut in (1, 0)]
    best = min((item for item in found if item[0] is not None), default=None, key=lambda item: item[0] or (2, 0))
    if best is None or best[0] is None:
        return None
    kind: Shortcut = "projected" if best[0][0] else "identity"
    return Edge(node.index, 1 - best[1], best[1], kind)


def _rank(view: TraceView, node: Node, shortcut: int) -> tuple[int, int] | None:
    """(1 if projected, calls on the shortcut) if this operand is a shortcut around the other, else None."""
    start, branch = node.inputs[shortcut], node.inputs[1 - shortcut]
    ranks = [
        (int(root.changed), root.length)
        for root in roots(view, start, SHORTCUT_CALLS)
        if reaches_at_resolution(view, root.node, branch, node.index)
    ]
    return min(ranks, default=None)
