"""A subclass whose ``forward`` is that of its base with new modules on the edges."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mutagen.actions.definition import use_block
from mutagen.actions.draft import Draft, join
from mutagen.actions.edge_meaning import on_edge
from mutagen.actions.new_call import given_to
from mutagen.actions.paths import joined
from mutagen.actions.scene import Scene
from mutagen.actions.subclass_count import Count, count_for
from mutagen.actions.subclass_head import INDENT, frame_of, subclass_draft
from mutagen.actions.subclass_text import Method, method_text, module_of_method, names_needed
from mutagen.blocks.short_names import snake
from mutagen.records.blocks import Block
from mutagen.records.match import EdgeMatch
from mutagen.records.rules import Rule
from mutagen.records.span import Span
from mutagen.records.trace import Instance, Node
from mutagen.source.anchor import free_name
from mutagen.source.file import SourceFile
from mutagen.source.operands import operand
from mutagen.source.placing import Change, put_call


@dataclass(frozen=True)
class Place:
    """One edge: the object whose method joins, the method, and the operand as written there."""

    match: EdgeMatch
    owner: Instance
    file: SourceFile
    function: ast.FunctionDef
    join: ast.expr | ast.stmt
    expression: ast.expr
    other: ast.expr | None


def place_of(match: EdgeMatch, scene: Scene) -> Place | str:
    """Where an edge is written, or why it could not change in a subclass."""
    node = scene.trace.nodes[match.node]
    site = node.chain[0] if node.chain else None
    owner = scene.by_path.get(site.owner) if site is not None and site.owner is not None else None
    if site is None or owner is None or owner.definition is None:
        return "the join stands in no method of a module"
    file = scene.project.file(site.span.file)
    join_node = file.node_at(site.span)
    count = len(node.inputs)
    expression = operand(join_node, match.operand, count) if join_node is not None else None
    function = file.function(expression) if expression is not None else None
    if join_node is None or expression is None or not isinstance(function, ast.FunctionDef):
        return "the operand is not written beside the join"
    return Place(match, owner, file, function, join_node, expression, operand(join_node, match.other, count))


def subclass_of(rule: Rule, block: Block, group: Sequence[Place], scene: Scene) -> Draft | str:
    """The subclass for the edges of one class, with the edits that put it in; why there can be none."""
    owners = tuple({it.owner.path: it.owner for it in group}.values())
    spans = _by_span(group)
    if any({it.owner.path for it in same} != {it.path for it in owners} for same in spans.values()):
        return f"not all selected instances of {owners[0].name} have the same edges selected"
    if any(len(same) > len(owners) for same in spans.values()) or len({it.function for it in group}) > 1:
        return "a loop joins several branches, or several methods do"
    idle = _idle(group, scene)
    frame = frame_of(rule, owners, scene, idle=idle)
    module = module_of_method(group[0].file, group[0].function, owners[0], scene)
    if isinstance(frame, str):
        return frame
    method = Method(group[0].file, group[0].function, module or "")
    needed = names_needed(method, frame.file, scene) if module is not None else None
    if needed is None:
        return f"{group[0].function.name} would mean something else in a subclass of {owners[0].name}"
    usable = use_block(scene, rule, block.name, frame.file, frame.anchor)
    changes: list[Change] = []
    lines: list[str] = []
    names: list[str] = []
    needs: tuple[str, ...] = ()
    meaning: list[Draft] = []
    for same in spans.values():
        name = _attribute_name(block, same[0], len(spans), names)
        arguments = _arguments(rule, block, same, scene)
        change = call_at(block, same[0], name)
        if arguments is None:
            return f"nothing in {owners[0].name} tells the channels of every instance"
        if change is None:
            return "nothing can be put around the operand as it is written"
        condition = _condition(arguments, [idle[path] for it in frame.entries for path in it.paths if path in idle])
        if condition is None:
            return f"nothing tells the instances of {owners[0].name} that need no {block.written}"
        changes.append(change)
        names.append(name)
        needs = max([needs, *(it.needs for it in arguments)], key=len)
        lines.append(
            f"{INDENT}self.{name} = {usable.name}({given_to(rule, block, [it.text for it in arguments])}){condition}"
        )
        meaning.append(_meaning(rule, block, same, name, scene))
    written = method_text(method, changes)
    if written is None:
        return f"{group[0].function.name} would mean something else in a subclass of {owners[0].name}"
    says = f"{owners[0].name} with {block.written} on its {str(rule.action.at).removesuffix('-end')}."
    whole = subclass_draft(rule, frame, says, lines, needs=needs, method=written)
    planned = tuple(dict.fromkeys(it.match.path for it in group))
    return join([whole, Draft(planned=planned), usable.draft, needed, *meaning])


def _by_span(group: Iterable[Place]) -> Mapping[Span, list[Place]]:
    found: dict[Span, list[Place]] = {}
    for it in group:
        found.setdefault(it.file.span(it.expression), []).append(it)
    return found


def _idle(group: Sequence[Place], scene: Scene) -> Mapping[str, Instance]:
    """Instances of the class, by path, that never come to what is changed."""
    owners = {it.owner.path for it in group}
    spans = {it.file.span(it.join) for it in group}
    nodes = (node for span in spans for node in scene.called_at.get(span, ()))
    owners |= {site.owner for node in nodes for site in node.chain if site.span in spans and site.owner is not None}
    kind = group[0].owner.type
    return {it.path: it for it in scene.trace.instances if it.type == kind and not owners.intersection(_paths(it))}


def _condition(arguments: Sequence[Count], idle: Sequence[Instance]) -> str | None:
    """When the new module is made: where there are channels for it. None where this is no other for the idle ones."""
    if not idle:
        return ""
    given = (it.text for it in arguments if it.text in it.needs)
    name = next((it for it in given if all(one.arguments.get(it, 1) in (0, None) for one in idle)), None)
    return None if name is None else f" if {name} else None"


def _paths(instance: Instance) -> tuple[str, ...]:
    return tuple(dict.fromkeys((instance.path, *instance.aliases)))


def _attribute_name(block: Block, place: Place, count: int, names: Sequence[str]) -> str:
    owner = place.file.class_of(place.function)
    assert owner is not None
    return free_name(owner, snake(block.written), frozenset(names), numbered=count > 1)


def _arguments(rule: Rule, block: Block, same: Sequence[Place], scene: Scene) -> list[Count] | None:
    """What the constructor gives the new module."""
    found: list[Count] = []
    for origin in block.arguments.values():
        if origin not in ("channels", "channels_other"):
            continue
        ends = [(it.match.node, it.match.operand if origin == "channels" else it.match.other) for it in same]
        made = [scene.trace.nodes[scene.trace.nodes[node].inputs[operand]] for node, operand in ends]
        values = [(it.shape or (0, 0))[1] for it in made]
        count = count_for([it.owner for it in same], values, scene, maker=_maker(made[0], same[0].owner, scene))
        if count is None:
            return None
        found.append(count)
    return found


def _maker(made: Node, owner: Instance, scene: Scene) -> str:
    """The module within the owner that made a tensor, looking back through what the owner itself does to it."""
    while True:
        path = made.path or made.scope
        if path != owner.path or not made.inputs:
            return path
        made = scene.trace.nodes[made.inputs[0]]


def call_at(block: Block, place: Place, name: str) -> Change | None:
    """The call of the new module around the operand; None where nothing can be put around it as it is written."""
    with_other = block.reads_other
    if with_other and not isinstance(place.other, ast.Name | ast.Attribute):
        return None
    other = f", {place.file.text(place.other)}" if with_other and place.other is not None else ""
    call = f"self.{name}({{}}{other})"
    return put_call(place.file, place.function, place.expression, place.join, call, wrap=with_other)


def _meaning(rule: Rule, block: Block, same: Sequence[Place], name: str, scene: Scene) -> Draft:
    """The same change on the graph."""
    drafts: list[Draft] = []
    for it in same:
        path, *also = (joined(owner, name) for owner in _paths(it.owner))
        drafts.append(on_edge(rule, it.match, path, scene, with_other=block.reads_other, also=tuple(also)))
    return join(drafts)
