"""Rung 4: a class of a library gets a subclass beside the model, which takes its place where the class enters.

``ResNet(EcaBasicBlock, ...)`` with ``class EcaBasicBlock(BasicBlock)``: its constructor makes the new module and its
``forward`` is that of the library with the one change. Where the library itself names the class there is no such place.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from mutagen.actions.definition import line_before, use_block, use_class
from mutagen.actions.draft import Draft, join
from mutagen.actions.new_call import literal
from mutagen.actions.scene import Scene
from mutagen.actions.subclass_text import Method, attribute_for, method_text, names_needed
from mutagen.blocks.catalogue import Block
from mutagen.blocks.short_names import snake
from mutagen.records.match import EdgeMatch
from mutagen.records.plan import Edit, InsertOnEdge, Product, Use
from mutagen.records.rules import Rule
from mutagen.records.span import Span
from mutagen.records.trace import Instance
from mutagen.source.anchor import free_name
from mutagen.source.file import SourceFile
from mutagen.source.following import Follower
from mutagen.source.names import canonical, top_level_names
from mutagen.source.operands import operand
from mutagen.source.origin import find_origin
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
    places = [_place(it, scene) for it in left]
    known = [it for it in places if it is not None]
    if rule.action.emit == "flag" or not known or len(known) < len(places):
        return draft
    by_class: dict[str, list[_Place]] = {}
    for it in known:
        by_class.setdefault(it.owner.type, []).append(it)
    made = [_subclass(rule, block, group, scene) for group in by_class.values()]
    drafts = [it for it in made if it is not None]
    if len(drafts) < len(made):
        return draft
    kept = tuple(it for it in draft.refused if it.path not in codes or it.code not in _CURED)
    return join([replace(draft, refused=kept), *drafts])


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
    entries = _entries(owners, scene)
    spans = _by_span(group)
    if entries is None or any({it.owner.path for it in same} != {it.path for it in owners} for same in spans.values()):
        return None
    if any(len(same) > len(owners) for same in spans.values()) or len({it.function for it in group}) > 1:
        return None  # a loop joins several branches, or several methods do
    target = entries[0][0]
    base = use_class(owners[0].definition, target, scene) if owners[0].definition is not None else None
    module = _module_of(group[0], scene)
    method = Method(group[0].file, group[0].function, module or "")
    needed = names_needed(method, target, scene) if module is not None else None
    if base is None or needed is None:
        return None
    usable = use_block(scene, rule, block.name, target, entries[0][1])
    changes: list[Change] = []
    makers: list[str] = []
    meaning: list[Draft] = []
    for same in spans.values():
        name = _attribute_name(block, same[0], len(spans), makers)
        arguments = _arguments(rule, block, same, scene)
        change = _call(block, same[0], name)
        if arguments is None or change is None:
            return None
        changes.append(change)
        makers.append(f"self.{name} = {usable.name}({', '.join(arguments)})")
        meaning.append(_meaning(rule, block, same, name, scene))
    written = method_text(method, changes)
    label = _class_name(block, owners[0], target)
    if written is None or label is None:
        return None
    text = "\n".join([_head(label, base.name, makers), written])
    edits = _edits(rule, entries, label, text, [it.match.path for it in group])
    planned = tuple(dict.fromkeys(it.match.path for it in group))
    sites = tuple(str(file.span(node)) for file, node in entries)
    whole = Draft(edits=edits, planned=planned, sites=sites, notes=_notes(label, entries))
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


def _entries(owners: Sequence[Instance], scene: Scene) -> list[tuple[SourceFile, ast.expr]] | None:
    """The expressions of one editable file that name the class of exactly these instances, in order."""
    follower = Follower(scene.project.file)
    chosen = {it.path for it in owners}
    found: dict[Span, tuple[SourceFile, ast.expr]] = {}
    through: dict[Span, set[str]] = {}
    for it in scene.trace.instances:
        if it.type != owners[0].type:
            continue
        entry = _entry(it, scene, follower)
        if entry is None and it.path in chosen:
            return None
        if entry is not None:
            span = entry[0].span(entry[1])
            found[span] = entry
            through.setdefault(span, set()).add(it.path)
    spans = sorted(span for span, paths in through.items() if paths & chosen)
    exact = all(through[span] <= chosen for span in spans)
    if not exact or len({it.file for it in spans}) != 1 or not scene.project.editable(spans[0].file):
        return None
    return [found[span] for span in spans]


def _entry(instance: Instance, scene: Scene, follower: Follower) -> tuple[SourceFile, ast.expr] | None:
    if not instance.chain:
        return None
    call = scene.project.file(instance.chain[0].span.file).node_at(instance.chain[0].span)
    if not isinstance(call, ast.Call):
        return None
    kind = canonical(instance.type)
    origin = find_origin(call.func, instance.chain, kind, follower, model=scene.trace.call)
    named = origin.end.origin if origin is not None else None
    if origin is None or named is None or named.rpartition(".")[2] != instance.name or origin.bound:
        return None
    return origin.file, origin.node


def _attribute_name(block: Block, place: _Place, count: int, makers: Sequence[str]) -> str:
    owner = place.file.class_of(place.function)
    assert owner is not None
    taken = frozenset(it.removeprefix("self.").partition(" ")[0] for it in makers)
    return free_name(owner, snake(block.name), taken, numbered=count > 1)


def _arguments(rule: Rule, block: Block, same: Sequence[_Place], scene: Scene) -> list[str] | None:
    """What the constructor gives the new module."""
    found: list[str] = []
    for origin in block.arguments.values():
        if origin not in ("channels", "channels_other"):
            continue
        indices = [
            scene.trace.nodes[it.match.node].inputs[it.match.operand if origin == "channels" else it.match.other]
            for it in same
        ]
        text = attribute_for([it.owner for it in same], indices, scene)
        if text is None:
            return None
        found.append(text)
    return found + [f"{name}={literal(value)}" for name, value in rule.action.args.items()]


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


def _class_name(block: Block, owner: Instance, file: SourceFile) -> str | None:
    """``EcaBasicBlock``; None where the file has such a name already."""
    word = "".join(part[:1].upper() + part[1:] for part in snake(block.name).split("_"))
    name = f"{word}{owner.name}"
    return name if name not in top_level_names(file) else None


def _head(name: str, base: str, makers: Sequence[str]) -> str:
    lines = [
        f"class {name}({base}):",
        "    def __init__(self, *args, **kwargs):",
        "        super().__init__(*args, **kwargs)",
        *(f"        {maker}" for maker in makers),
        "",
    ]
    return "\n".join(lines)


def _notes(name: str, entries: Sequence[tuple[SourceFile, ast.expr]]) -> tuple[str, ...]:
    """What to know where the function that names the class loads weights too."""
    functions = [function for file, node in entries if (function := file.function(node)) is not None]
    read = [it.attr for function in functions for it in ast.walk(function) if isinstance(it, ast.Attribute)]
    if "load_state_dict" not in read:
        return ()
    return (f"weights that were saved before lack the new parameters of {name}: load them with strict=False",)


def _edits(
    rule: Rule, entries: Sequence[tuple[SourceFile, ast.expr]], name: str, text: str, paths: Sequence[str]
) -> tuple[Edit, ...]:
    """The class above the first statement that names it, and the new name at each entry."""
    file, first = entries[0]
    line = line_before(file, first)
    at = Span(file.path, line, 0, line, 0)
    reason = "the class stands in a library; a subclass takes its place where it enters"
    whole = text.rstrip("\n").replace("\n", file.newline) + file.newline * 3
    held = tuple(dict.fromkeys(paths))
    named = [Edit(file.span(node), file.text(node), name, rule.id, "subclass", reason, held) for _, node in entries]
    return (Edit(at, "", whole, rule.id, "subclass", reason, held), *named)
