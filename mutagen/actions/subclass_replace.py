"""Rung 4 for what is replaced: a subclass of the class that makes it sets each anew at the end of its constructor.

``class EcaSEUnit(SEUnit)`` whose constructor ends in ``self.se = ECA(self.se.conv1.in_channels)``, used where the file
names the class.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mutagen.actions.block_inside import channels_inside
from mutagen.actions.definition import use_block
from mutagen.actions.draft import Draft, join, of_each
from mutagen.actions.new_call import options
from mutagen.actions.out_of_old import child_name, product_of
from mutagen.actions.override_text import Product, call_lines, named_loop_lines, place, plain_lines
from mutagen.actions.owners import is_below
from mutagen.actions.paths import within
from mutagen.actions.scene import Scene, refuse
from mutagen.actions.subclass_head import INDENT, Frame, frame_of, subclass_draft
from mutagen.blocks.replacement import find_replacement
from mutagen.records.rules import Rule
from mutagen.records.trace import Instance

_CURED = frozenset(["out-of-scope", "in-library"])
_MOST_PLAIN = 3
_MOST_NAMED = 12
_ADVICE = "leave out `emit: subclass`, or write `emit: flag`"


def subclassed_blocks(rule: Rule, draft: Draft, scene: Scene) -> Draft:
    """The draft with the blocks of classes that the file names and that may not be edited themselves."""
    group = [scene.by_path[path] for path in dict.fromkeys(it.path for it in draft.refused if it.code in _CURED)]
    if not group or rule.action.emit != "in-place":
        return draft
    made, _ = _classes(rule, group, scene)
    return join([draft.without({path for it in made for path in it.planned}), *made])


def replaced_in_subclasses(rule: Rule, instances: Sequence[Instance], scene: Scene) -> Draft:
    """`emit: subclass`: every class stays as it is."""
    made, why = _classes(rule, instances, scene)
    where = {it.path: it.chain[0].span if it.chain else None for it in instances}
    refused = [refuse(rule, path, "no-subclass", text, _ADVICE, where=where[path]) for path, text in why.items()]
    return join([Draft(refused=tuple(refused)), *made])


def _classes(rule: Rule, group: Sequence[Instance], scene: Scene) -> tuple[list[Draft], Mapping[str, str]]:
    """The subclasses for the instances, and by path why there is none for an instance."""
    by_class: dict[str, list[tuple[Instance, Instance]]] = {}
    why: dict[str, str] = {}
    for it in group:
        holder = _holder(it, scene)
        if holder is None:
            why[it.path] = "it is made by no constructor of a module that holds it"
        elif len(it.aliases) > 1 or it.hung:
            why[it.path] = "others hold it, or hang something on it, before a subclass could set it anew"
        else:
            by_class.setdefault(holder.type, []).append((holder, it))
    groups = by_class.values()
    drafts, none = of_each(groups, lambda pairs: _subclass(rule, pairs, scene), lambda pair: pair[1].path)
    return drafts, why | none


def _holder(instance: Instance, scene: Scene) -> Instance | None:
    """The module in whose constructor an instance is made, that of the innermost call there."""
    owners = (scene.by_path.get(it.owner) for it in instance.chain if it.owner is not None)
    holder = next((it for it in owners if it is not None), None)
    return holder if holder is not None and is_below(instance.path, holder.path) else None


def _subclass(rule: Rule, pairs: Sequence[tuple[Instance, Instance]], scene: Scene) -> Draft | str:
    """The subclass of one class, with the edits that put it in; why there can be none."""
    inner: dict[str, list[Instance]] = {}
    for holder, it in pairs:
        inner.setdefault(within(it.path, holder.path), []).append(it)
    holders = list({holder.path: holder for holder, _ in pairs}.values())
    if {len(it) for it in inner.values()} != {len(holders)}:
        return f"not all selected instances of {holders[0].name} hold the same modules that are selected"
    frame = frame_of(rule, holders, scene)
    if isinstance(frame, str):
        return frame
    made = _lines(rule, inner, frame, scene)
    if isinstance(made, str):
        return made
    lines, needed = made
    kinds = dict.fromkeys(it.name for _, it in pairs)
    says = f"{holders[0].name} with {rule.action.block} in place of {' and '.join(kinds)}."
    whole = subclass_draft(rule, frame, says, lines)
    return join([whole, Draft(planned=tuple(it.path for _, it in pairs)), needed])


def _lines(
    rule: Rule, inner: Mapping[str, Sequence[Instance]], frame: Frame, scene: Scene
) -> tuple[list[str], Draft] | str:
    """The end of the constructor, and what it needs in the file."""
    if len(inner) > _MOST_NAMED:
        return f"{len(inner)} modules of one class are selected, more than a constructor should name"
    by_type: dict[str, dict[str, Sequence[Instance]]] = {}
    for path, held in inner.items():
        by_type.setdefault(held[0].type, {})[path] = held
    lines: list[str] = []
    drafts: list[Draft] = []
    for places in by_type.values():
        group = [it for held in places.values() for it in held]
        made = _product(rule, group, frame, scene)
        if isinstance(made, str):
            return made
        product, draft = made
        drafts.append(draft)
        if len(places) > _MOST_PLAIN:
            lines += named_loop_lines(list(places), product, INDENT, "    ")
        elif len(product.arguments) > 1 or any("[" in it for it in product.arguments):
            lines += plain_lines(list(places), product, INDENT, "    ")
        else:
            for old in map(place, places):
                lines += call_lines(f"{INDENT}{old} = {product.callee}(", product.of(old), ")", "    ")
    return lines, join(drafts)


def _product(rule: Rule, group: Sequence[Instance], frame: Frame, scene: Scene) -> tuple[Product, Draft] | str:
    """The new module out of the old one, and what it needs in the file."""
    if rule.query.block is not None:
        inside = channels_inside(group, scene)
        if inside is None:
            return f"nothing in {group[0].name} tells its channels"
        usable = use_block(scene, rule, rule.action.block, frame.file, frame.anchor)
        return Product(usable.name, (f"child{inside}", *options(rule)), "child"), usable.draft
    way = find_replacement(group[0], rule.action.block, scene.blocks)
    if way is None:
        return f"{group[0].name} cannot become {rule.action.block}"
    if any(it.facts.get("affine") and it.facts.get("bias") is False for it in group):
        return "a norm with a factor and no bias cannot be told by its arguments"
    return product_of(rule, way, group, scene, file=frame.file, node=frame.anchor, child=child_name(group[0]))
