"""What a new module on an edge means in the graph."""

from __future__ import annotations

from mutagen.actions.draft import Draft
from mutagen.actions.scene import Scene
from mutagen.records.match import EdgeMatch
from mutagen.records.plan import InsertOnEdge, Product, Use
from mutagen.records.rules import Rule


def on_edge(
    rule: Rule,
    match: EdgeMatch,
    path: str,
    scene: Scene,
    *,
    with_other: bool = False,
    wrapped: str | None = None,
    also: tuple[str, ...] = (),
) -> Draft:
    """The block at ``path`` on the edge; ``with_other`` says that it reads the other operand too.

    ``wrapped`` is where a module stands that went into a sequence with the block, ``also`` other paths of the block.
    """
    extra = (match.other,) if with_other else ()
    use = Use(rule.action.block, rule.action.args)
    step = InsertOnEdge(path, scene.trace.nodes[match.node].key, match.operand, extra, use)
    elsewhere = tuple(Product(path, it) for it in also)
    return Draft(surgery=(step,), products=(Product(path, path, wrapped=wrapped), *elsewhere))
