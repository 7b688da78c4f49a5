"""Skip edges: operands of a concatenation or an addition that bypass a path through a lower resolution."""

from __future__ import annotations

from collections import Counter
from typing import cast

from mutagen.match.families import CONCATENATIONS
from mutagen.match.residual import Edge, EdgeScan, addition, residual_edges
from mutagen.match.resolution import longest_path, reaches_at_resolution, spatial_size
from mutagen.match.view import TraceView, constant
from mutagen.match.walk import SKIP_CALLS, roots
from mutagen.records.trace import Node


def skip_edges(view: TraceView) -> EdgeScan:
    """All skips of the trace, in the order of the graph; the skip is the operand, the tensor it bypasses to the other.

    A skip is an operand, or made from a tensor by a few calls on one operand, from which every path to another
    operand of the same join falls below the resolution of the join (Ronneberger et al., "U-Net", 2015).
    """
    if "skip" not in view.memo:
        view.memo["skip"] = _scan(view)
    return cast("EdgeScan", view.memo["skip"])


def _scan(view: TraceView) -> EdgeScan:
    misses: Counter[str] = Counter()
    edges: list[Edge] = []
    residual = {edge.node for edge in residual_edges(view).edges}
    joins = [node for node in view.nodes if node.name == "add" or node.name in CONCATENATIONS]
    for node in joins:
        reason = _no_join(view, node, residual)
        found = _skips(view, node) if reason is None else []
        edges.extend(found)
        if not found:
            misses[reason or "join tensors that no lower resolution parts"] += 1
    return EdgeScan(tuple(edges), len(joins), misses)


def _no_join(view: TraceView, node: Node, residual: set[int]) -> str | None:
    if node.index in residual:
        return "are residual"
    if spatial_size(view, node.index) is None:
        return "do not join images"
    if node.name == "add":
        return addition(view, node)
    rank = len(node.shape or ())
    dim = constant(node, "dim", 1, constant(node, "axis", 1, 0))
    is_channels = isinstance(dim, int) and (dim + rank if dim < 0 else dim) == 1
    return None if is_channels else "join along another dimension"


def _skips(view: TraceView, node: Node) -> list[Edge]:
    found = []
    for operand in range(len(node.inputs)):
        lengths = {
            other: _bypassed(view, node, operand, other) for other in range(len(node.inputs)) if other != operand
        }
        length, other = max(((length, -other) for other, length in lengths.items()), default=(0, 0))
        if length:
            found.append(Edge(node.index, operand, -other))
    return found


def _bypassed(view: TraceView, node: Node, operand: int, other: int) -> int:
    """Calls on the longest path that the operand bypasses to reach the other one, 0 if it is no skip around it."""
    start, goal = node.inputs[operand], node.inputs[other]
    for root in roots(view, start, SKIP_CALLS):
        if view.is_ancestor(root.node, goal):
            clear = reaches_at_resolution(view, root.node, goal, node.index)
            return 0 if clear else longest_path(view, root.node, goal)
    return 0
