"""Rung 4: a class that may not be edited gets a subclass beside the model, which takes its place where it is named.

``ResNet(EcaBasicBlock, ...)`` with ``class EcaBasicBlock(BasicBlock)``: its constructor makes the new module and its
``forward`` is that of the library with the one change. Where the library itself names the class there is no such place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from mutagen.actions.draft import Draft, join, of_each
from mutagen.actions.scene import Scene, refuse
from mutagen.actions.subclass_edge import Place, place_of, subclass_of
from mutagen.records.blocks import Block
from mutagen.records.match import EdgeMatch
from mutagen.records.plan import InsertOnEdge, Refusal
from mutagen.records.rules import Rule

_CURED = frozenset(["out-of-scope", "in-library"])
_ADVICE = "leave out `emit: subclass`, or write `emit: flag`"


def subclassed(rule: Rule, matches: Sequence[EdgeMatch], block: Block, draft: Draft, scene: Scene) -> Draft:
    """The draft with the edges in classes of other files that enter by an expression which may be edited."""
    codes = {it.path for it in draft.refused if it.code in _CURED}
    done = {(it.key, it.operand) for it in draft.surgery if isinstance(it, InsertOnEdge)}
    left = [it for it in matches if it.path in codes and (scene.trace.nodes[it.node].key, it.operand) not in done]
    if rule.action.emit == "flag":
        return draft
    made, why = _classes(rule, block, left, scene)
    cured = {it.path for it in left} - {it.path for it in left if it.id in why}
    kept = tuple(it for it in draft.refused if it.path not in cured or it.code not in _CURED)
    return join([replace(draft, refused=kept), *made])


def in_subclasses(
    rule: Rule, matches: Sequence[EdgeMatch], block: Block, barred: Mapping[str, Refusal], scene: Scene
) -> Draft:
    """`emit: subclass`: every class stays as it is; ``barred`` are the edges by id that no source could change."""
    left = [it for it in matches if it.id not in barred]
    made, why = _classes(rule, block, left, scene)
    refused = list(barred.values())
    for it in left:
        if it.id in why:
            chain = scene.trace.nodes[it.node].chain
            where = chain[0].span if chain else None
            refused.append(refuse(rule, it.path, "no-subclass", why[it.id], _ADVICE, where=where))
    return join([Draft(refused=tuple(refused)), *made])


def _classes(
    rule: Rule, block: Block, matches: Sequence[EdgeMatch], scene: Scene
) -> tuple[list[Draft], Mapping[str, str]]:
    """The subclasses for the edges, and for each edge by id why there is none."""
    by_class: dict[str, list[Place]] = {}
    why: dict[str, str] = {}
    for it in matches:
        place = place_of(it, scene)
        if isinstance(place, str):
            why[it.id] = place
        else:
            by_class.setdefault(place.owner.type, []).append(place)
    groups = by_class.values()
    drafts, none = of_each(groups, lambda group: subclass_of(rule, block, group, scene), lambda it: it.match.id)
    return drafts, why | none
