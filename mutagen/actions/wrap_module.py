"""``wrap`` and ``branch``: a module becomes a part of a block, where it is made or where all is built.

Its keys move one level down (``conv.weight`` is ``conv.body.weight``), those of its neighbours stay.
"""

from __future__ import annotations

from collections.abc import Sequence

from mutagen.actions.draft import Draft, join
from mutagen.actions.insert_target import Target, targets
from mutagen.actions.insert_wrap import wrapped
from mutagen.actions.scene import Scene, refuse
from mutagen.actions.wrap_override import overridden
from mutagen.records.blocks import BODY, Block
from mutagen.records.match import InstanceMatch
from mutagen.records.plan import Refusal
from mutagen.records.rules import Rule


def plan(rule: Rule, matches: Sequence[InstanceMatch], scene: Scene) -> Draft:
    """Edits for every module, with a refusal for each that the block cannot hold."""
    found, refused = targets(rule, [scene.by_path[it.path] for it in matches], scene)
    barred = {it.path: no for it in found if (no := _other_shape(rule, it, scene)) is not None}
    fit = [it for it in found if it.path not in barred]
    draft = overridden(rule, wrapped(rule, fit, {}, scene), fit, scene)
    return join([Draft(refused=(*refused, *barred.values())), draft])


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
