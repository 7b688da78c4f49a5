"""Edges of each kind: residual additions, skips, and whatever is added, multiplied or concatenated."""

from __future__ import annotations

from typing import cast

from mutagen.match.families import CONCATENATIONS
from mutagen.match.residual import Edge, EdgeScan, residual_edges
from mutagen.match.skip import skip_edges
from mutagen.match.view import TraceView
from mutagen.records.rules import EdgeKind
from mutagen.records.trace import Node

NOUNS: dict[EdgeKind, str] = {
    "residual": "residual additions",
    "skip": "skips",
    "concat": "concatenations",
    "add": "additions",
    "mul": "products",
}
_LOOKED_AT: dict[EdgeKind, str] = {"residual": "additions", "skip": "joins"}


def edges_of(view: TraceView, kind: EdgeKind) -> EdgeScan:
    """All edges of a kind in the order of the graph.

    A sum, a product or a concatenation of tensors, whatever else it is, is one edge from its first operand to its
    second one; numbers join nothing.
    """
    if kind == "residual":
        return residual_edges(view)
    if kind == "skip":
        return skip_edges(view)
    if f"edges {kind}" not in view.memo:
        found = tuple(Edge(node.index, 0, 1) for node in view.nodes if _joins(node, kind))
        view.memo[f"edges {kind}"] = EdgeScan(found, len(found), {})
    return cast("EdgeScan", view.memo[f"edges {kind}"])


def misses_of(view: TraceView, kind: EdgeKind) -> dict[str, int]:
    """Why other joins are no such edges, as the tally names it, and how many."""
    return {f"{_LOOKED_AT.get(kind, '')} {why}": count for why, count in edges_of(view, kind).misses.items()}


def _joins(node: Node, kind: EdgeKind) -> bool:
    if kind == "concat":
        return node.name in CONCATENATIONS and len(node.inputs) > 1
    return node.name == kind and len(node.inputs) == 2 and node.kind in ("module", "function", "method")
