"""Where tensors meet: residual additions, skips, and other concatenations."""

from __future__ import annotations

from collections.abc import Iterator

from mutagen.match.blocks import residual_blocks
from mutagen.match.families import CONCATENATIONS
from mutagen.match.residual import Edge, residual_edges
from mutagen.match.skip import skip_edges
from mutagen.match.squeeze_excite import squeeze_excites
from mutagen.match.view import TraceView
from mutagen.records.look import Join, JoinKind, Operand


def joins(view: TraceView) -> tuple[Join, ...]:
    """All joins of the trace in the order in which the model runs; what a standing product joins is its own."""
    found = [*_of(view, "residual", residual_edges(view).edges), *_of(view, "skip", skip_edges(view).edges)]
    known = {node for node, _ in found}
    for node in view.nodes:
        if node.name in CONCATENATIONS and node.index not in known and len(node.inputs) > 1:
            found.append((node.index, _join(view, "concat", node.index, {})))
    return tuple(
        join for node, join in sorted(found, key=lambda it: it[0]) if not view.product_of_node(view.nodes[node])
    )


def blocks_by_path(view: TraceView) -> dict[str, tuple[str, ...]]:
    """What modules of the user's compute, by each path."""
    found: dict[str, list[str]] = {}
    for instance, _ in residual_blocks(view):
        found.setdefault(instance.path, ["residual"])
    for instance in squeeze_excites(view).whole:
        found.setdefault(instance.path, []).append("squeeze-excite")
    return {path: tuple(names) for path, names in found.items()}


def _of(view: TraceView, kind: JoinKind, edges: tuple[Edge, ...]) -> Iterator[tuple[int, Join]]:
    by_node: dict[int, list[Edge]] = {}
    for edge in edges:
        by_node.setdefault(edge.node, []).append(edge)
    own = "branch" if kind == "residual" else "skip"
    for node, found in by_node.items():
        roles = {edge.other: "shortcut" for edge in found if kind == "residual"}
        roles |= {edge.operand: own for edge in found}
        yield node, _join(view, kind, node, roles, shortcut=found[0].shortcut or "")


def _join(view: TraceView, kind: JoinKind, index: int, roles: dict[int, str], *, shortcut: str = "") -> Join:
    node = view.nodes[index]
    operands = tuple(
        Operand(_maker(view, source), view.nodes[source].shape, roles.get(number, ""))
        for number, source in enumerate(node.inputs)
    )
    return Join(kind, node.scope, node.chain[0].span if node.chain else None, operands, shortcut)


def _maker(view: TraceView, index: int) -> str:
    """The module called last on the way to a tensor, or else the operation that made it."""
    node = view.nodes[index]
    if node.kind == "module" and node.path is not None:
        return node.path
    if node.kind in ("input", "attribute"):
        return node.path or node.name
    return f"{node.name} in {node.scope}" if node.scope else node.name
