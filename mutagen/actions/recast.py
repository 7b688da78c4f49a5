"""Where no module ends the branch: blocks that were built already become of a subclass that has the new module.

``block.__class__ = EcaAttend`` and ``block.eca = ECA(...)`` behind the construction of everything: what is made two
levels below the file cannot be made of another class, and its ``forward`` joins what no module gives.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from mutagen.actions.definition import line_before, use_class
from mutagen.actions.draft import Draft, join
from mutagen.actions.scene import Scene
from mutagen.actions.subclass_edge import Place, call_at, place_of
from mutagen.actions.subclass_head import class_name, described
from mutagen.actions.subclass_text import Method, method_text, module_of_method, names_needed
from mutagen.actions.wrap import Spot
from mutagen.blocks.short_names import snake
from mutagen.records.blocks import Block
from mutagen.records.match import EdgeMatch
from mutagen.records.plan import Edit
from mutagen.records.rules import Rule
from mutagen.records.span import Span
from mutagen.source.anchor import free_name
from mutagen.source.file import SourceFile
from mutagen.source.names import top_level_names


@dataclass(frozen=True)
class Recast:
    """The subclass by name, the attribute of its new module, and what both need in the file."""

    name: str
    attribute: str
    draft: Draft


def recast_spot(match: EdgeMatch, scene: Scene) -> tuple[Spot, ...]:
    """The block whose method joins the edge, if it joins there once and stands at one place; else empty."""
    place = place_of(match, scene)
    known = place.owner.definition if isinstance(place, Place) else None
    if not isinstance(place, Place) or known is None or scene.project.editable(known.file):
        return ()
    if len(place.owner.aliases) > 1 or place.owner.path == "":
        return ()
    span = place.file.span(place.join)
    owners = (site.owner for it in scene.called_at.get(span, ()) for site in it.chain if site.span == span)
    node = scene.trace.nodes[match.node]
    shape = scene.trace.nodes[node.inputs[match.operand]].shape or ()
    once = Counter(owners)[place.owner.path] == 1
    return (Spot(match, place.owner, False, shape[1] if len(shape) > 1 else 0, recast=True),) if once else ()


def recast_of(
    rule: Rule, block: Block, spots: Sequence[Spot], file: SourceFile, anchor: ast.AST, scene: Scene
) -> Recast | None:
    """The subclass for blocks of one class, to stand above the statement around ``anchor``."""
    found = [it for it in (place_of(spot.match, scene) for spot in spots) if isinstance(it, Place)]
    place, owner = found[0], found[0].owner
    name, known = class_name(rule, owner), owner.definition
    base = use_class(known, file, scene) if known is not None else None
    module = module_of_method(place.file, place.function, owner, scene)
    if name is None or name in top_level_names(file) or base is None or module is None:
        return None
    if len({it.file.span(it.expression) for it in found}) > 1:
        return None  # two joins of a class would each need a module
    holder = place.file.class_of(place.function)
    used = scene.brought(place.file.path, holder) if holder is not None else frozenset()
    attribute = free_name(holder, snake(block.written), used, numbered=False) if holder is not None else ""
    change, method = call_at(block, place, attribute), Method(place.file, place.function, module)
    needed = names_needed(method, file, scene)
    text = method_text(method, [change]) if change is not None else None
    if needed is None or text is None:
        return None
    says = f'    """{owner.name} with {block.written} on its {str(rule.action.at).removesuffix("-end")}."""\n\n'
    whole = f"class {name}({base.name}):\n{says if described(owner, scene) else ''}{text.rstrip()}"
    line = line_before(file, anchor)
    reason = f"the class {owner.name} stands in another file; what was built of it becomes of a subclass"
    edit = Edit(
        Span(file.path, line, 0, line, 0),
        "",
        whole.replace("\n", file.newline) + file.newline * 3,
        rule.id,
        "subclass",
        reason,
        tuple(it.owner.path for it in found),
    )
    return Recast(name, attribute, join([Draft(edits=(edit,)), base.draft, needed]))
