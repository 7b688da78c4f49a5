"""The last rung for insertions: what makes the tensor is wrapped with the block, where all is built.

For joins in code that may not be edited, or that only some instances should change. One loop over a class of blocks, or
a few lines that name their modules; else the edges stay refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from mutagen.actions.definition import use_block, use_torch
from mutagen.actions.draft import Draft, join
from mutagen.actions.edge_meaning import on_edge
from mutagen.actions.owners import Owner, change_at, owner_edits, owners_of
from mutagen.actions.paths import joined, within
from mutagen.actions.recast import Recast, recast_of, recast_spot
from mutagen.actions.scene import Scene
from mutagen.actions.wrap import Spot, find_spots
from mutagen.actions.wrap_text import Writer, element_of
from mutagen.records.blocks import Block
from mutagen.records.match import EdgeMatch
from mutagen.records.plan import InsertOnEdge
from mutagen.records.rules import Rule

_CURED = frozenset(
    [
        *("out-of-scope", "in-library", "needs-split", "container", "loop", "no-owner", "no-init", "no-provenance"),
        *("operand-not-written", "operand-not-named", "no-expression", "read-elsewhere"),
    ]
)


def wrapped(
    rule: Rule, matches: Sequence[EdgeMatch], block: Block, draft: Draft, scene: Scene, *, recast: bool = False
) -> Draft:
    """The draft with the edges that no other rung can cut; as it is where no short text cuts exactly those.

    With ``recast`` blocks that no module ends become of a subclass.
    """
    if rule.action.emit == "flag" or block.reads_other:
        return draft
    codes = {it.path for it in draft.refused if it.code in _CURED}
    done = {(it.key, it.operand) for it in draft.surgery if isinstance(it, InsertOnEdge)}
    keys = {it.id: (scene.trace.nodes[it.node].key, it.operand) for it in matches}
    left = [it for it in matches if it.path in codes and keys[it.id] not in done]
    any_shape = _is_one_number(rule, block)
    ways = [find_spots(it, scene, any_shape=any_shape) or (recast_spot(it, scene) if recast else ()) for it in left]
    if not ways or not all(ways):
        return draft
    # A Sequential that goes on moves no key and the innermost module the fewest; the outermost is alike in more blocks.
    inner = [next((it for it in way if not it.appended), way[0]) for way in ways]
    outer = [way[0] if way[0].module is way[-1].module else way[-1] for way in ways]
    choices = ([way[0] for way in ways], inner, outer, _alike(ways, scene))
    found = [change for change in (_change(rule, block, choice, scene) for choice in choices) if change is not None]
    if not found:
        return draft
    change = min(found, key=lambda it: sum(edit.new.count("\n") for edit in it.edits))
    kept = tuple(it for it in draft.refused if it.path not in codes or it.code not in _CURED)
    return join([replace(draft, refused=kept), change])


def _is_one_number(rule: Rule, block: Block) -> bool:
    """Whether the block is one factor for the whole tensor."""
    return block.kind == "scale" and not rule.action.args.get("channels")


def _alike(ways: Sequence[Sequence[Spot]], scene: Scene) -> list[Spot]:
    """For each edge the module that stands at the same place of its block for the most of them."""
    places = {id(it): _place_in_block(it, scene) for way in ways for it in way}
    counts = Counter(place for way in ways for place in {places[id(it)] for it in way})
    return [max(way, key=lambda it: counts[places[id(it)]]) for way in ways]


def _place_in_block(spot: Spot, scene: Scene) -> tuple[str, str, bool]:
    """The class of the block around a module and where it is in that."""
    holder = spot.module.owner
    while holder and scene.by_path[holder].library:
        holder = holder.rpartition(".")[0]
    return scene.by_path[holder].type, within(spot.module.path, holder), spot.appended


def _change(rule: Rule, block: Block, spots: Sequence[Spot], scene: Scene) -> Draft | None:
    group = [it.module for it in spots]
    if len({it.path for it in group}) < len(group):
        return None

    def change(owner: Owner) -> Draft | None:
        usable = use_block(scene, rule, block.name, owner.file, owner.function)
        sequential = use_torch("torch.nn.Sequential", owner.file)
        recasts = _recasts(rule, block, spots, owner, scene)
        if recasts is None:
            return None
        written = Writer(rule, owner, sequential.name, usable.name, scene, recasts).lines(spots)
        if written is None:
            return None
        lines, needed = written
        paths = tuple(dict.fromkeys(it.match.path for it in spots))
        reason = f"no expression that may be edited joins exactly these {len(spots)} edge(s)"
        edits = owner_edits(rule, owner, lines, reason, paths)
        whole = Draft(edits=edits, planned=paths, sites=(str(edits[-1].span),))
        wraps = Draft() if all(it.appended or it.recast for it in spots) else sequential.draft
        classes = [it.draft for it in recasts.values()]
        meaning = [_meaning(rule, it, recasts, scene) for it in spots]
        return join([*classes, whole, needed, wraps, usable.draft, *meaning])

    return change_at(owners_of(group, scene), change)


def _recasts(
    rule: Rule, block: Block, spots: Sequence[Spot], owner: Owner, scene: Scene
) -> Mapping[str, Recast] | None:
    """The subclasses for blocks, by the class of these; None where one cannot be written."""
    by_class: dict[str, list[Spot]] = {}
    for it in spots:
        if it.recast:
            by_class.setdefault(it.module.type, []).append(it)
    found = {kind: recast_of(rule, block, group, owner.file, owner.function, scene) for kind, group in by_class.items()}
    made = {kind: it for kind, it in found.items() if it is not None}
    return made if len(made) == len(found) else None


def _meaning(rule: Rule, spot: Spot, recasts: Mapping[str, Recast], scene: Scene) -> Draft:
    """The same change on the graph, and where the new module stands."""
    inside = spot.module.path
    if spot.recast:
        return on_edge(rule, spot.match, joined(inside, recasts[spot.module.type].attribute), scene)
    path = f"{inside}.{element_of(spot, rule, scene) if spot.appended else 1}"
    return on_edge(rule, spot.match, path, scene, wrapped=None if spot.appended else f"{inside}.0")
