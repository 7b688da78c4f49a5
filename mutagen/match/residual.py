"""Residual edges: additions of a tensor and of something computed from it at the same resolution."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast

from mutagen.match.families import NEUTRAL, POINTWISE, stem
from mutagen.match.resolution import calls_between, reaches_at_resolution
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
    (He et al., "Deep residual learning", 2015). Activations that are written out, such as x + 0.04 x^3, have no branch.
    """
    if "residual" not in view.memo:
        view.memo["residual"] = _scan(view)
    return cast("EdgeScan", view.memo["residual"])


def adds_two(node: Node) -> bool:
    """Whether a call is the sum of two tensors; a number added to a tensor joins nothing."""
    return node.name == "add" and len(node.inputs) == 2


def addition(view: TraceView, node: Node) -> str | None:
    """Why a sum of two tensors joins no two tensors of one shape as they are, or None if it does."""
    if node.inputs[0] == node.inputs[1]:
        return "add a tensor to itself"
    left, right = (view.nodes[index].shape for index in node.inputs)
    if left is None or left != right:
        return "add tensors of different shapes"
    return None if constant(node, "alpha", 2, 1) in (1, None) else "scale an operand"


def _scan(view: TraceView) -> EdgeScan:
    misses: Counter[str] = Counter()
    edges: list[Edge] = []
    additions = [node for node in view.nodes if adds_two(node)]
    for node in additions:
        found = addition(view, node) or _residual(view, node)
        if isinstance(found, Edge):
            edges.append(found)
        else:
            misses[found] += 1
    return EdgeScan(tuple(edges), len(additions), misses)


def _residual(view: TraceView, node: Node) -> Edge | str:
    """The edge that a sum of two tensors is, or why it is none."""
    found = [(_rank(view, node, shortcut), shortcut) for shortcut in (1, 0)]
    best = min((item for item in found if item[0] is not None), default=None, key=lambda item: item[0] or (2, 0))
    if best is None or best[0] is None:
        return "have no shortcut at the same resolution"
    start, branch = node.inputs[best[1]], node.inputs[1 - best[1]]
    between = calls_between(view, start, branch) if view.is_ancestor(start, branch) else ()
    if between and all(stem(view.nodes[index].name) in POINTWISE for index in between):
        return "are part of a pointwise function"
    if _straight_through(view, start, branch):
        return "pass another value on with the gradient of a tensor"
    kind: Shortcut = "projected" if best[0][0] else "identity"
    return Edge(node.index, 1 - best[1], best[1], kind)


def _straight_through(view: TraceView, start: int, branch: int) -> bool:
    """Whether the branch is what is missing to another value: ``x + (q - x).detach()`` or ``x + (q - x.detach())``.

    The sum is then ``q`` with the gradient of ``x`` (Bengio et al., "Estimating or propagating gradients", 2013).
    """
    end, cut = _plain(view, branch)
    node = view.nodes[end]
    if node.name != "sub" or len(node.inputs) != 2:
        return False
    taken, cut_there = _plain(view, node.inputs[1])
    return taken == _plain(view, start)[0] and (cut or cut_there)


def _plain(view: TraceView, index: int) -> tuple[int, bool]:
    """The tensor that neutral calls carry on, and whether one of them is ``detach``."""
    cut = False
    while (node := view.nodes[index]).name in NEUTRAL and node.inputs:
        cut = cut or node.name == "detach"
        index = node.inputs[0]
    return index, cut


def _rank(view: TraceView, node: Node, shortcut: int) -> tuple[int, int] | None:
    """(1 if projected, calls on the shortcut) if this operand is a shortcut around the other, else None."""
    start, branch = node.inputs[shortcut], node.inputs[1 - shortcut]
    ranks = [
        (int(root.changed), root.length)
        for root in roots(view, start, SHORTCUT_CALLS)
        if reaches_at_resolution(view, root.node, branch, node.index)
    ]
    return min(ranks, default=None)
