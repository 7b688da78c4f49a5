"""Rung 4 for what is replaced: a subclass of the class that makes it sets each anew at the end of its constructor.

``class EcaSEUnit(SEUnit)`` whose constructor ends in ``self.se = ECA(self.se.conv1.in_channels)``, used where the file
names the class.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mutagen.actions.block_inside import channels_inside
from mutagen.actions.definition import use_block
from mutagen.actions.draft import Draft, join
from mutagen.actions.new_call import options
from mutagen.actions.out_of_old import child_name, product_of
from mutagen.actions.override_text import Product, call_lines, named_loop_lines, place, plain_lines
from mutagen.actions.scene import Scene
from mutagen.actions.subclass_head import INDENT, Frame
from mutagen.actions.subclass_set import Inner, Written, refused_classes, set_in_subclasses
from mutagen.blocks.replacement import find_replacement
from mutagen.records.rules import Rule
from mutagen.records.trace import Instance

_CURED = frozenset(["out-of-scope", "in-library"])
_MOST_PLAIN = 3


def subclassed_blocks(rule: Rule, draft: Draft, scene: Scene) -> Draft:
    """The draft with the blocks of classes that the file names and that may not be edited themselves."""
    group = [scene.by_path[path] for path in dict.fromkeys(it.path for it in draft.refused if it.code in _CURED)]
    if not group or rule.action.emit != "in-place":
        return draft
    made, _ = set_in_subclasses(rule, group, scene, _written(rule, scene))
    return join([draft.without({path for it in made for path in it.planned}), *made])


def replaced_in_subclasses(rule: Rule, instances: Sequence[Instance], scene: Scene) -> Draft:
    """`emit: subclass`: every class stays as it is."""
    made, why = set_in_subclasses(rule, instances, scene, _written(rule, scene))
    return join([refused_classes(rule, instances, why), *made])


def _written(rule: Rule, scene: Scene) -> Callable[[Inner, Frame], Written | str]:
    """What writes the end of a constructor."""

    def written(inner: Inner, frame: Frame) -> Written | str:
        made = _lines(rule, inner, frame, scene)
        if isinstance(made, str):
            return made
        kinds = dict.fromkeys(it.name for held in inner.values() for it in held)
        return Written(f"{rule.action.block} in place of {' and '.join(kinds)}", *made)

    return written


def _lines(rule: Rule, inner: Inner, frame: Frame, scene: Scene) -> tuple[list[str], Draft] | str:
    """The end of the constructor, and what it needs in the file."""
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
