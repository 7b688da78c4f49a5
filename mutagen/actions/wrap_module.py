"""``wrap`` and ``branch``: a module becomes a part of a block, where it is made or where all is built.

Its keys move one level down (``conv.weight`` is ``conv.body.weight``), those of its neighbours stay.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace
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
from mutagen.actions.parting_text import parted, partings
from mutagen.actions.scene import Scene, refuse
from mutagen.actions.wrap_override import CURED, overridden
from mutagen.actions.wrap_subclass import counts_of, wrapped_in_subclasses
from mutagen.records.blocks import BODY, Block
from mutagen.records.match import InstanceMatch
from mutagen.records.plan import Refusal
from mutagen.records.rules import Rule
from mutagen.source.file import SourceFile
from mutagen.source.names import imported_names, resolve

_ELSEWHERE: Final = frozenset(["out-of-scope", "in-library"])


def plan(rule: Rule, matches: Sequence[InstanceMatch], scene: Scene) -> Draft:
    """Edits for every module, with a refusal for each that the block cannot hold."""
    found, refused = targets(rule, [scene.by_path[it.path] for it in matches], scene)
    barred = {
        it.path: no for it in found if (no := _other_call(rule, it, scene) or _other_shape(rule, it, scene)) is not None
    }
    fit = [it for it in found if it.path not in barred]
    rest = Draft(refused=(*refused, *barred.values()))
    if rule.action.emit == "flag":
        return join([rest, _parted(rule, fit, scene, lax=True)])
    if rule.action.emit == "subclass":
        return join([rest, wrapped_in_subclasses(rule, fit, scene)])
    draft = _last_rungs(rule, _parted(rule, fit, scene, lax=False), fit, scene)
    if any(it.code == "needs-split" for it in draft.refused):
        lax = _last_rungs(rule, _parted(rule, fit, scene, lax=True), fit, scene)
        draft = min(draft, lax, key=lambda it: len(it.refused))
    return join([rest, draft])


def _parted(rule: Rule, fit: Sequence[Target], scene: Scene, *, lax: bool) -> Draft:
    """Modules wrapped where they are made, some of what an expression makes told apart from the rest."""
    split = partings(rule, scene, lax=lax)
    draft = wrapped(rule, fit, {}, scene, split)
    return join([draft, parted(split, rule)])


def _last_rungs(rule: Rule, draft: Draft, fit: Sequence[Target], scene: Scene) -> Draft:
    """The draft with what is changed where all is built; where that cannot be, in subclasses of classes elsewhere."""
    draft = _in_a_loop(rule, overridden(rule, draft, fit, scene), fit, scene)
    elsewhere = {it.path for it in draft.refused if it.code in _ELSEWHERE}
    if not elsewhere or scene.late:
        return draft
    made = wrapped_in_subclasses(rule, [it for it in fit if it.path in elsewhere], scene)
    return join([draft.without(made.planned), replace(made, refused=())])


def _in_a_loop(rule: Rule, draft: Draft, fit: Sequence[Target], scene: Scene) -> Draft:
    """The draft with all that is refused wrapped in lines or a loop where all is built, if that is short and exact."""
    codes = {it.path: it.code for it in draft.refused}
    left = [it for it in fit if codes.get(it.path) in CURED]
    group = [it.instance for it in left]
    if not group or draft.planned or len({it.type for it in group}) > 1:
        return draft
    if any(it.hung or not scene.held_once(it) for it in group):
        return draft  # others read on the old one what the new one lacks, or each place would get a wrap of its own
    block = scene.blocks[rule.action.block]

    def product_for(owner: Owner) -> tuple[Product, Draft]:
        usable = use_block(scene, rule, block.name, owner.file, owner.function)
        child = free_child(child_name(group[0]), owner)
        given = given_to(rule, block, counts_of(left, child) or [])
        return Product(usable.name, (child, given) if given else (child,), child), usable.draft

    if counts_of(left, "") is None:
        return draft
    made = set_where_all_is_built(rule, group, scene, product_for)
    if made is None:
        return draft
    return join([draft.without({it.path for it in group}), made, *(wrap_meaning(rule, it, scene) for it in left)])


def _other_call(rule: Rule, target: Target, scene: Scene) -> Refusal | None:
    """Why the block could not be called as a module is: it takes one tensor, by its position."""
    for called in target.calls:
        span = called.site.span if called.site is not None else None
        known = span is not None and span.file in scene.project.files
        call = scene.project.file(span.file).node_at(span) if span is not None and known else None
        if not isinstance(call, ast.Call) or span is None or _of_torch(call, scene.project.file(span.file)):
            continue
        if call.keywords:
            message = f"the call passes its input by name ({call.keywords[0].arg}=), which the block may call else"
            return refuse(rule, target.path, "keyword-call", message, "pass the input by position", where=span)
        if len(call.args) != 1 or isinstance(call.args[0], ast.Starred):
            message = f"the module is called with {len(call.args)} inputs, a block with its one"
            advice = "wrap what it is made of, or leave it out with `not: {path: ...}`"
            return refuse(rule, target.path, "several-inputs", message, advice, where=span)
    return None


def _of_torch(call: ast.Call, file: SourceFile) -> bool:
    """Whether torch calls the module, as in ``checkpoint(self.block, x)``."""
    return (resolve(call.func, imported_names(file)) or "").startswith("torch.")


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
