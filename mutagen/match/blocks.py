"""Instances of user-defined classes by what they compute, or by the name of their class."""

from __future__ import annotations

from typing import cast

from mutagen.match.block_kinds import KINDS
from mutagen.match.globs import type_matches
from mutagen.match.residual import Edge, residual_edges
from mutagen.match.squeeze_excite import squeeze_excites
from mutagen.match.view import TraceView, node_within
from mutagen.records.trace import Instance

RESIDUAL = "residual"
SQUEEZE_EXCITE = "squeeze-excite"


def block_instances(view: TraceView, block: str) -> tuple[Instance, ...]:
    """The instances that a block name selects, in the order of the model."""
    if block == RESIDUAL:
        making = {instance.path for instance, _ in residual_blocks(view)}
        return tuple(item for item in view.trace.instances if item.path in making)
    if block == SQUEEZE_EXCITE:
        return squeeze_excites(view).whole
    if block in KINDS:
        if block not in view.memo:
            view.memo[block] = KINDS[block](view)
        paths = cast("frozenset[str]", view.memo[block])
        return tuple(item for item in view.trace.instances if not paths.isdisjoint((item.path, *item.aliases)))
    return tuple(item for item in view.trace.instances if item.definition is not None and type_matches((block,), item))


def residual_blocks(view: TraceView) -> tuple[tuple[Instance, Edge], ...]:
    """Each residual edge that a user-defined module makes in its own forward, with that module."""
    if "residual blocks" not in view.memo:
        found = ((_maker(view, edge), edge) for edge in residual_edges(view).edges)
        view.memo["residual blocks"] = tuple((item, edge) for item, edge in found if item is not None)
    return cast("tuple[tuple[Instance, Edge], ...]", view.memo["residual blocks"])


def _maker(view: TraceView, edge: Edge) -> Instance | None:
    """The module whose forward adds; where that only adds what it is given, the one around it that made the branch."""
    node = view.nodes[edge.node]
    branch = view.nodes[node.inputs[edge.operand]]
    path = node.scope
    while path and not node_within(branch, path):
        path = path.rpartition(".")[0]
    instance = view.instances_at.get(path)
    return instance if instance is not None and instance.definition is not None and not instance.library else None
