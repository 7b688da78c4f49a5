"""Rung 4: a class of a library gets a subclass beside the model, which takes its place where the class enters.

``ResNet(EcaBasicBlock, ...)`` with ``class EcaBasicBlock(BasicBlock)``: its constructor makes the new module and its
``forward`` is that of the library with the one change. Where the library itself names the class there is no such place.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from mutagen.actions.class_entries import entries_of
from mutagen.actions.definition import use_block, use_class
from mutagen.actions.draft import Draft, join
from mutagen.actions.new_call import literal
from mutagen.actions.scene import Scene
from mutagen.actions.subclass_count import Count, count_for
from mutagen.actions.subclass_head import class_edits, class_name, class_notes, head, is_described
from mutagen.actions.subclass_text import Method, method_text, names_needed
from mutagen.blocks.catalogue import Block
from mutagen.blocks.short_names import snake
from mutagen.records.match import EdgeMatch
from mutagen.records.plan import InsertOnEdge, Product, Use
from mutagen.records.rules import Rule
from mutagen.records.span import Span
from mutagen.records.trace import Instance
from mutagen.source.anchor import free_name
from mutagen.source.file import SourceFile
from mutagen.source.operands import operand
from mutagen.source.placing import Change, put_call

_CURED = frozenset(["out-of-scope", "in-library"])


@dataclass(frozen=True)
class _Place:
    """One edge: the object whose method joins, the method, and the operand as written there."""

    match: EdgeMatch
    owner: Instance
    file: SourceFile
    function: ast.FunctionDef
    join: ast.expr | ast.stmt
    expression: ast.expr
    other: ast.expr | None


def subclassed(rule: Rule, matches: Sequence[EdgeMatch], block: Block, draft: Draft, scene: Scene) -> Draft:
    """The draft with the edges in library classes that enter by an expression which may be edited."""
    codes = {it.path for it in draft.refused if it.code in _CURED}
    done = {(it.key, it.operand) for it in draft.surgery if isinstance(it, InsertOnEdge)}
    left = [it for it in matches if it.path in codes and (scene.trace.nodes[it.node].key, it.operand) not in done]
    if rule.action.emit == "flag":
        return draft
    places = {it.id: _place(it, scene) for it in left}
    known = [it for it in places.values() if it is not None]
    by_class: dict[str, list[_Place]] = {}
    for it in known:
        by_class.setdefault(it.owner.type, []).append(it)
    made = [(group, _subclass(rule, block, group, scene)) for group in by_class.values()]
    cured = {it.match.path for group, new in made if new is not None for it in group}
    cured -= {it.path for it in left if places[it.id] is None}
    cured -= {it.match.path for group, new in made if new is None for it in group}
    kept = tuple(it for it in draft.refused if it.path not in cured or it.code not in _CURED)
    return join([replace(draft, refused=kept), *(new for _, new in made if new is not None)])


def _place(match: EdgeMatch, scene: Scene) -> _Place | None:
    node = scene.trace.nodes[match.node]
    site = node.chain[0] if node.chain else None
    owner = scene.by_path.get(site.owner) if site is not None and site.owner is not None else None
    if site is None or owner is None or not owner.path or len(owner.aliases) > 1 or owner.definition is None:
        return None
    file = scene.project.file(site.span.file)
    join_node = file.node_at(site.span)
    if join_node is None:
        return None
    count = len(node.inputs)
    expression, other = operand(join_node, match.operand, count), operand(join_node, match.other, count)
    function = file.function(expression) if expression is not None else None
    if expression is None or not isinstance(function, ast.FunctionDef):
        return None
    return _Place(match, owner, file, function, join_node, expression, other)


def _subclass(rule: Rule, block: Block, group: Sequence[_Place], scene: Scene) -> Draft | None:
    """The subclass for one class, with the edits that put it in; None where that is not exact."""
    owners = tuple({it.owner.path: it.owner for it in group}.values())
    entries = entries_of(owners, scene)
    spans = _by_span(group)
    if entries is None or any({it.owner.path for it in same} != {it.path for it in owners} for same in spans.values()):
        return None
    if any(len(same) > len(owners) for same in spans.values()) or len({it.function for it in group}) > 1:
        return None  # a loop joins several branches, or several methods do
    target, first = entries[0].naming.file, entries[0].naming.node
    base = use_class(owners[0].definition, target, scene) if owners[0].definition is not None else None
    module = _module_of(group[0], scene)
    method = Method(group[0].file, group[0].function, module or "")
    needed = names_needed(method, target, scene) if module is not None else None
    if base is None or needed is None:
        return None
    usable = use_block(scene, rule, block.name, target, first)
    changes: list[Change] = []
    lines: list[str] = []
    names: list[str] = []
    needs: tuple[str, ...] = ()
    meaning: list[Draft] = []
    for same in spans.values():
        name = _attribute_name(block, same[0], len(spans), names)
        arguments = _arguments(rule, block, same, scene)
        change = _call(block, same[0], name)
        if arguments is None or change is None:
            return None
        changes.append(change)
        names.append(name)
        needs = max(needs, *(it.needs for it in arguments), key=len)
        lines.append(f"self.{name} = {usable.name}({', '.join(it.text for it in arguments)})")
        meaning.append(_meaning(rule, block, same, name, scene))
    written = method_text(method, changes)
    label = class_name(block, owners[0], target)
    if written is None or label is None:
        return None
    says = f"{owners[0].name} with {block.name} on its {str(rule.action.at).removesuffix('-end')}."
    says = says if is_described(owners[0], scene) else ""
    text = "\n".join([head(label, base.name, says, lines, needs=needs), "", written])
    edits = class_edits(rule, entries, label, text)
    planned = tuple(dict.fromkeys(it.match.path for it in group))
    sites = tuple(str(it.naming.file.span(it.naming.node)) for it in entries)
    whole = Draft(edits=edits, planned=planned, sites=sites, notes=class_notes(label, entries))
    return join([whole, usable.draft, base.draft, needed, *meaning])


def _module_of(place: _Place, scene: Scene) -> str | None:
    """The dotted module of the class that gives the object its method; None where another class stands between."""
    holder, known = place.file.class_of(place.function), place.owner.definition
    if holder is None or known is None:
        return None
    for name in place.owner.bases:
        module, _, bare = name.rpartition(".")
        file = scene.project.file(known.file) if module == known.module else place.file
        found = [it for it in file.tree.body if isinstance(it, ast.ClassDef) and it.name == bare]
        if len(found) != 1:
            return None
        if any(isinstance(it, ast.FunctionDef) and it.name == place.function.name for it in found[0].body):
            return module if found[0] is holder else None
    return None


def _by_span(group: Iterable[_Place]) -> Mapping[Span, list[_Place]]:
    found: dict[Span, list[_Place]] = {}
    for it in group:
        found.setdefault(it.file.span(it.expression), []).append(it)
    return found


def _attribute_name(block: Block, place: _Place, count: int, names: Sequence[str]) -> str:
    owner = place.file.class_of(place.function)
    assert owner is not None
    return free_name(owner, snake(block.name), frozenset(names), numbered=count > 1)


def _arguments(rule: Rule, block: Block, same: Sequence[_Place], scene: Scene) -> list[Count] | None:
    """What the constructor gives the new module."""
    found: list[Count] = []
    for origin in block.arguments.values():
        if origin not in ("channels", "channels_other"):
            continue
        indices = [
            scene.trace.nodes[it.match.node].inputs[it.match.operand if origin == "channels" else it.match.other]
            for it in same
        ]
        count = count_for([it.owner for it in same], indices, scene)
        if count is None:
            return None
        found.append(count)
    return found + [Count(f"{name}={literal(value)}") for name, value in rule.action.args.items()]


def _call(block: Block, place: _Place, name: str) -> Change | None:
    with_other = "channels_other" in block.arguments.values()
    if with_other and not isinstance(place.other, ast.Name | ast.Attribute):
        return None
    other = f", {place.file.text(place.other)}" if with_other and place.other is not None else ""
    call = f"self.{name}({{}}{other})"
    return put_call(place.file, place.function, place.expression, place.join, call, wrap=with_other)


def _meaning(rule: Rule, block: Block, same: Sequence[_Place], name: str, scene: Scene) -> Draft:
    """The same change on the graph."""
    with_other = "channels_other" in block.arguments.values()
    use = Use(rule.action.block, rule.action.args)
    paths = [f"{it.owner.path}.{name}" for it in same]
    keys = [scene.trace.nodes[it.match.node].key for it in same]
    extras = [(it.match.other,) if with_other else () for it in same]
    steps = zip(paths, keys, same, extras, strict=True)
    inserts = tuple(InsertOnEdge(path, key, it.match.operand, extra, use) for path, key, it, extra in steps)
    return Draft(surgery=inserts, products=tuple(Product(path, path) for path in paths))
