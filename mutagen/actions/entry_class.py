"""What stands where a class enters through a variable, and the calls through that variable."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from mutagen.actions.definition import Usable, use_block, use_torch
from mutagen.actions.draft import Draft, join
from mutagen.actions.entry import Entry
from mutagen.actions.entry_table import learned
from mutagen.actions.new_call import literal
from mutagen.actions.own_call import differing
from mutagen.actions.scene import Scene, out_of_scope, refuse
from mutagen.blocks.groups import num_groups
from mutagen.blocks.replacement import DEFAULTS, Replacement
from mutagen.match.facts import equal
from mutagen.records.plan import Edit, Refusal
from mutagen.records.rules import Rule
from mutagen.records.span import Span
from mutagen.records.trace import Instance
from mutagen.source.call import Arguments, arguments
from mutagen.source.follow_arguments import spread_keys
from mutagen.source.following import Follower

_USUAL_GROUPS = 32


@dataclass(frozen=True)
class NewClass:
    """The text at the entry, with what the file needs for it."""

    text: str
    draft: Draft


def new_class(
    rule: Rule,
    way: Replacement,
    entry: Entry,
    group: Sequence[Instance],
    scene: Scene,
    follower: Follower,
    *,
    usual: bool,
) -> NewClass | Refusal:
    """What stands at the entry afterwards: it takes the arguments that the calls pass.

    ``usual`` says that the usual number of groups is right for all.
    """
    if entry.string is not None and entry.has:
        return NewClass("", Draft())
    given = _given(group, way, scene, follower)
    around = (
        arguments(_without_class(entry.around), way.signature)
        if entry.around is not None
        else Arguments({}, frozenset())
    )
    bound = [arguments(_without_class(it), way.signature) for it in entry.bound]
    if given is None or around is None or None in bound:
        return _hidden(rule, group[0], entry.span)
    if any(it is not None and not set(it.by_name) <= set(way.keep) for it in bound):
        return _hidden(rule, group[0], entry.span)
    kept = [name for name in around.by_name if name in way.keep]
    if way.carries is not None and not _by_the_same_names(way, group, given, scene):
        return _hidden(rule, group[0], entry.span)
    names = given | set(kept) | {name for it in bound if it is not None for name in it.by_name}
    if not entry.complete and any(_differs(it, names, way) for it in group):
        message = "what is looked up here has arguments of its own, which the source does not tell"
        advice = "write the class at this call, or exclude it with `not: {path: ...}`"
        return refuse(rule, group[0].path, "unknown-origin", message, advice, where=entry.span)
    options = dict(rule.action.args)
    count = options.pop("num_groups", "auto") if way.computed == ("num_groups",) else None
    count = _USUAL_GROUPS if count == "auto" and usual else count
    first: list[str] = []
    if isinstance(count, int):
        first = [str(count)]
        usable = use_torch(f"torch.{way.torch_name}", entry.file)
    elif way.factory or way.block:
        block = scene.blocks[str(way.block or way.factory)]
        if any(name in way.keep and name not in block.arguments for name in names):
            return _hidden(rule, group[0], entry.span)
        usable = use_block(scene, rule, block.name, entry.file, entry.node)
    else:
        usable = use_torch(f"torch.{way.torch_name}", entry.file)
    first += [f"{name}={entry.file.text(around.by_name[name])}" for name in kept]
    first += [f"{name}={literal(value)}" for name, value in options.items() if name not in names]
    if way.carries is not None:
        more = differing(way, scene.blocks[str(way.block)], group, {*names, *options})
        if more is None:
            return _hidden(rule, group[0], entry.span)
        first += [f"{name}={literal(value)}" for name, value in more.items() if name not in options]
    return _with_arguments(usable, first, entry, is_function=bool(way.factory))


def _with_arguments(usable: Usable, first: Sequence[str], entry: Entry, *, is_function: bool) -> NewClass:
    """The class, or the function that makes one, with what the calls do not pass."""
    text, draft = usable.name, usable.draft
    if first:
        partial = use_torch("functools.partial", entry.file)
        text, draft = f"{partial.name}({', '.join([text, *first])})", join([draft, partial.draft])
    if (first or is_function) and _is_class_attribute(entry):
        text = f"staticmethod({text})"  # a function in a class would be called with self
    return NewClass(text, draft)


def entry_edits(rule: Rule, entry: Entry, made: NewClass, instances: tuple[str, ...], reason: str) -> tuple[Edit, ...]:
    """The edits of the entry itself."""
    old = entry.file.text(entry.around or entry.node)
    if entry.string is None:
        new = f"{made.text} if {entry.condition} else {old}" if entry.condition else made.text
        return (Edit(entry.span, old, new, rule.id, "origin", reason, instances),)
    written = entry.string[0].text(entry.string[1])
    edits = (Edit(entry.span, written, entry.text, rule.id, "origin", reason, instances),)
    if entry.has:
        return edits
    reason = "the table learns the new class"
    span, text = learned(entry.file, entry.around or entry.node, entry.text[1:-1], made.text)
    return (*edits, Edit(span, entry.file.text(span), text, rule.id, "origin", reason, instances))


def call_edits(
    rule: Rule, way: Replacement, group: Sequence[Instance], scene: Scene, follower: Follower
) -> tuple[Edit, ...] | Refusal:
    """Changes of the calls through the variable: arguments that the new class lacks go."""
    edits: dict[Span, Edit] = {}
    for it in group:
        span = it.chain[0].span
        file = scene.project.file(span.file)
        call = file.node_at(span)
        given = arguments(call, way.signature) if isinstance(call, ast.Call) else None
        if given is None or not isinstance(call, ast.Call):
            if _call_names(it, way, scene, follower) is not None:
                continue  # what is spread into the call is known, and the new class takes it
            message = "a call through the variable passes arguments that cannot be read from the source"
            return refuse(rule, it.path, "hidden-arguments", message, "write the arguments out", where=span)
        gone = [name for name in given.by_name if name in way.drop]
        renamed = [name for name in given.keyword if name in way.rename]
        if (gone or renamed) and not scene.project.editable(span.file):
            return out_of_scope(rule, it.path, it.chain, scene)
        if gone or renamed:
            listed = sorted(given.by_name, key=lambda name: name not in way.rename)
            texts = [
                file.text(given.by_name[name]) if name in way.rename else f"{name}={file.text(given.by_name[name])}"
                for name in listed
                if name not in way.drop
            ]
            new = f"{file.text(call.func)}({', '.join(texts)})"
            reason = f"the new class takes no {' and no '.join(gone)}" if gone else "the argument has another name"
            edits[span] = Edit(span, file.text(span), new, rule.id, "origin", reason, ())
    return tuple(edits.values())


def _given(group: Sequence[Instance], way: Replacement, scene: Scene, follower: Follower) -> set[str] | None:
    """All parameters that the calls through the variable give; None where that cannot be told."""
    found: set[str] = set()
    for it in group:
        names = _call_names(it, way, scene, follower)
        if names is None:
            return None
        found |= names
    return found - set(way.drop)


def _call_names(it: Instance, way: Replacement, scene: Scene, follower: Follower) -> set[str] | None:
    span = it.chain[0].span
    call = scene.project.file(span.file).node_at(span)
    if not isinstance(call, ast.Call):
        return None
    written = ast.Call(call.func, call.args, [keyword for keyword in call.keywords if keyword.arg is not None])
    given = arguments(written, way.signature)
    spread = [keyword.value for keyword in call.keywords if keyword.arg is None]
    if given is None:
        return None
    names = set(given.by_name)
    act = follower.innermost(it.chain, scene.trace.call) if spread else None
    for value in spread:
        keys = spread_keys(follower, act, value) if act is not None else None
        if keys is None or not keys <= set(way.keep):
            return None
        names |= keys
    if spread and any(name in way.drop or name in way.rename for name in given.keyword):
        return None
    return names


def _without_class(partial: ast.Call) -> ast.Call:
    """A ``partial`` as the call that it stands for; positions that it binds hide what later calls give."""
    hidden: list[ast.expr] = [ast.Starred(it) for it in partial.args[1:]]
    return ast.Call(partial.args[0], hidden, partial.keywords)


def _by_the_same_names(way: Replacement, group: Sequence[Instance], given: set[str], scene: Scene) -> bool:
    """Whether calls mean the same by the new class: each argument at its place, and named ones under their names."""
    carries = way.carries or {}
    for it in group:
        call = scene.project.file(it.chain[0].span.file).node_at(it.chain[0].span)
        if not isinstance(call, ast.Call):
            return False
        found = arguments(call, way.signature)
        if found is None or any(carries.get(name) != name for name in found.keyword):
            return False
        if any(carries.get(name) != way.product[number] for number, name in enumerate(way.signature[: len(call.args)])):
            return False
    return given <= set(carries)


def _is_called(entry: Entry) -> bool:
    parent = entry.file.parents[entry.around or entry.node]
    return isinstance(parent, ast.Call) and parent.func is (entry.around or entry.node)


def _is_class_attribute(entry: Entry) -> bool:
    """Whether the entry is the value of an attribute in a class body, where functions become methods."""
    statement = entry.file.parents[entry.around or entry.node]
    owner = entry.file.parents.get(statement)
    plain = isinstance(statement, ast.Assign | ast.AnnAssign)
    return plain and isinstance(owner, ast.ClassDef) and not owner.decorator_list


def usual_groups(flows: Sequence[tuple[Entry, Sequence[Instance]]]) -> bool:
    """Whether ``partial(nn.GroupNorm, 32)`` is right for all of a rule's instances; else one function serves them all.

    Where an entry is called on the spot a function reads better than a ``partial`` that is called.
    """
    channels = [it.facts.get("num_features") for _, group in flows for it in group]
    right = all(isinstance(it, int) and num_groups(it) == _USUAL_GROUPS for it in channels)
    return right and not any(_is_called(entry) for entry, _ in flows)


def _differs(it: Instance, given: set[str], way: Replacement) -> bool:
    """Whether an instance has an argument that no call in the source gives and that is not the default."""
    names = [name for name in way.keep if name in DEFAULTS and name in it.facts and name not in given]
    return any(not equal(it.facts[name], DEFAULTS[name]) for name in names)


def _hidden(rule: Rule, instance: Instance, where: Span) -> Refusal:
    message = "the class is given arguments on its way that the new one does not take, or that cannot be read"
    return refuse(rule, instance.path, "hidden-arguments", message, "write the arguments at the call", where=where)
