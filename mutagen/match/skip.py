"""Skip edges: operands of a concatenation or an addition that bypass a path through a lower resolution."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import cast

from mutagen.match.families import CONCATENATIONS, stem
from mutagen.match.residual import Edge, EdgeScan, addition, adds_two, residual_edges
from mutagen.match.resolution import longest_path, reaches_at_resolution, spatial_size
from mutagen.match.view import TraceView, constant
from mutagen.match.walk import SKIP_CALLS, roots
from mutagen.records.trace import Node

_SQUASHES = frozenset({"sigmoid", "hardsigmoid", "softmax"})
_TO_GATE = SKIP_CALLS | _SQUASHES | {"interpolate", "conv_transpose", "grid_sample"}


def skip_edges(view: TraceView) -> EdgeScan:
    """All skips of the trace, in the order of the graph; the skip is the operand, the tensor it bypasses to the other.

    A skip is an operand, or made from a tensor by a few calls, from which every path to another
    operand of the same join falls below the resolution of the join (Ronneberger et al., "U-Net", 2015).
    """
    if "skip" not in view.memo:
        view.memo["skip"] = _scan(view)
    return cast("EdgeScan", view.memo["skip"])


def _scan(view: TraceView) -> EdgeScan:
    misses: Counter[str] = Counter()
    edges: list[Edge] = []
    joins = [node for node in view.nodes if adds_two(node) or node.name in CONCATENATIONS]
    through = _passable(view)
    for node in joins:
        reason = "are residual" if node.name == "add" and node.index in through else _no_join(view, node)
        found = _skips(view, node, through) if reason is None else []
        edges.extend(found)
        if not found:
            misses[reason or "join tensors that no lower resolution parts"] += 1
    return EdgeScan(tuple(edges), len(joins), misses)


def _passable(view: TraceView) -> Mapping[int, tuple[int, ...]]:
    """Calls that a skip may pass besides those of one operand, with the operands to go on with.

    A residual addition refines its shortcut; a concatenation of skips, as in U-Net++, is a skip.
    """
    found = {edge.node: (view.nodes[edge.node].inputs[edge.other],) for edge in residual_edges(view).edges}
    joins = (node for node in view.nodes if node.name in CONCATENATIONS and _no_join(view, node) is None)
    return found | {node.index: view.feeds[node.index] for node in joins}


def _no_join(view: TraceView, node: Node) -> str | None:
    if spatial_size(view, node.index) is None:
        return "do not join images"
    if node.name == "add":
        return addition(view, node) or ("only make a gate" if _makes_gate(view, node) else None)
    rank = len(node.shape or ())
    dim = constant(node, "dim", 1, constant(node, "axis", 1, 0))
    is_channels = isinstance(dim, int) and (dim + rank if dim < 0 else dim) == 1
    return None if is_channels else "join along another dimension"


def _makes_gate(view: TraceView, node: Node) -> bool:
    """Whether the sum is only used to weight something, as in additive attention (Oktay et al., 2018)."""
    index, squashed = node.index, False
    while len(view.users[index]) == 1:
        index = view.users[index][0]
        name = stem(view.nodes[index].name)
        if name == "mul":
            return squashed
        if name not in _TO_GATE:
            return False
        squashed = squashed or name in _SQUASHES
    return squashed and bool(view.users[index]) and all(view.nodes[user].name == "mul" for user in view.users[index])


def _skips(view: TraceView, node: Node, through: Mapping[int, tuple[int, ...]]) -> list[Edge]:
    found = []
    count = len(node.inputs)
    for operand in range(count):
        others = [other for other in range(count) if other != operand]
        lengths = [(_bypassed(view, node, operand, other, through), -other) for other in others]
        length, other = max(lengths, default=(0, 0))
        if length:
            found.append(Edge(node.index, operand, -other))
    return found


def _bypassed(view: TraceView, node: Node, operand: int, other: int, through: Mapping[int, tuple[int, ...]]) -> int:
    """Calls on the longest path that the operand bypasses to reach the other one, 0 if it is no skip around it."""
    start, goal = node.inputs[operand], node.inputs[other]
    for root in roots(view, start, SKIP_CALLS, through):
        if not view.is_ancestor(root.node, goal):
            continue
        if not reaches_at_resolution(view, root.node, goal, node.index):
            return longest_path(view, root.node, goal)
        if root.node == start:
            return 0
    return 0
