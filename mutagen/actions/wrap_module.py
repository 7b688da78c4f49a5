"""``wrap`` and ``branch``: a module becomes a part of a block, where it is made or where all is built.

Its keys move one level down (``conv.weight`` is ``conv.body.weight``), those of its neighbours stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mutagen.actions.definition import use_block
from mutagen.actions.draft import Draft, join
from mutagen.actions.insert_target import Target, targets
from mutagen.actions.insert_wrap import wrap_meaning, wrapped
from mutagen.actions.new_call import given_to
from mutagen.actions.out_of_old import child_name
from mutagen.actions.override import free_child, set_where_all_is_built
from mutagen.actions.override_text import Product
from mutagen.actions.owners import Owner
from mutagen.actions.scene import Scene, refuse
from mutagen.actions.wrap_override import CURED, overridden
from mutagen.records.blocks import BODY, Block
from mutagen.records.match import InstanceMatch
from mutagen.records.plan import Refusal
from mutagen.records.rules import Rule

_OUTPUTS: Final = ("out_channels", "num_features", "out_features", "num_channels")


def plan(rule: Rule, matches: Sequence[InstanceMatch], scene: Scene) -> Draft:
    """Edits for every module, with a refusal for each that the block cannot hold."""
    found, refused = targets(rule, [scene.by_path[it.path] for it in matches], scene)
    barred = {it.path: no for it in found if (no := _other_shape(rule, it, scene)) is not None}
    fit = [it for it in found if it.path not in barred]
    draft = overridden(rule, wrapped(rule, fit, {}, scene), fit, scene)
    return join([Draft(refused=(*refused, *barred.values())), _in_a_loop(rule, draft, fit, scene)])


def _in_a_loop(rule: Rule, draft: Draft, fit: Sequence[Target], scene: Scene) -> Draft:
    """The draft with all that is refused wrapped in lines or a loop where all is built, if that is short and exact."""
    codes = {it.path: it.code for it in draft.refused}
    left = [it for it in fit if codes.get(it.path) in CURED]
    group = [it.instance for it in left]
    if not group or draft.planned or len({it.type for it in group}) > 1 or not group[0].library:
        return draft
    if any(it.hung or not scene.held_once(it) for it in group):
        return draft  # others read on the old one what the new one lacks, or each place would get a wrap of its own
    block = scene.blocks[rule.action.block]

    def product_for(owner: Owner) -> tuple[Product, Draft]:
        usable = use_block(scene, rule, block.name, owner.file, owner.function)
        child = free_child(child_name(group[0]), owner)
        given = given_to(rule, block, _counts(left, child) or [])
        return Product(usable.name, (child, given) if given else (child,), child), usable.draft

    if _counts(left, "") is None:
        return draft
    made = set_where_all_is_built(rule, group, scene, product_for)
    if made is None:
        return draft
    return join([draft.without({it.path for it in group}), made, *(wrap_meaning(rule, it, scene) for it in left)])


def _counts(targets: Sequence[Target], child: str) -> list[str] | None:
    """The channels as attributes of the old module; None where no attribute is that everywhere."""
    found: list[str] = []
    for name in targets[0].values:
        wanted = [it.values[name] for it in targets]
        fact = next((it for it in _OUTPUTS if [one.instance.facts.get(it) for one in targets] == wanted), None)
        if fact is None:
            return None
        found.append(f"{child}.{fact}")
    return found


def _other_shape(rule: Rule, target: Target, scene: Scene) -> Refusal | None:
    """Why the block does not fit a module: what stands beside it, or in front of it, keeps the shape of its input."""
    if _only_behind(scene.blocks[rule.action.block]):
        return None
    for call in target.calls:
        given = call.source.shape if call.source is not None else None
        made = call.result.shape if call.result is not None else None
        if given is None or given != made:
            shapes = f"{_shown(given)} to {_shown(made)}"
            message = f"the module takes {shapes}; what stands beside or before it keeps the shape of its input"
            where = target.instance.chain[0].span if target.instance.chain else None
            advice = f"leave it out, or put all parts behind it: serial: [{BODY}, ...]"
            return refuse(rule, target.path, "shape", message, advice, where=where)
    return None


def _only_behind(block: Block) -> bool:
    return block.composed is not None and block.composed.fuse is None and block.composed.parts[0].what == BODY


def _shown(shape: tuple[int, ...] | None) -> str:
    return "x".join(map(str, shape)) if shape is not None else "what is no tensor"
