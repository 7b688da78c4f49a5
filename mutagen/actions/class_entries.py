"""The expressions by which a class enters, for the instances that are to be of another one."""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from mutagen.actions.draft import Draft
from mutagen.actions.parting_records import NoParting, Run
from mutagen.actions.parting_text import parted, partings
from mutagen.actions.scene import Scene
from mutagen.records.rules import Rule
from mutagen.records.span import Span
from mutagen.records.trace import Instance
from mutagen.source.class_names import Naming, last_naming
from mutagen.source.following import Follower


@dataclass(frozen=True)
class Entry:
    """An expression that names the class, with the paths of the instances of which it is the class.

    With a ``condition``, which speaks of the class as ``{base}``, it is the callee of a call that makes others too, in
    turns where that does not hold; ``needed`` is what the condition relies on.
    """

    naming: Naming
    paths: tuple[str, ...]
    condition: str = ""
    needed: Draft | None = None


def entries_of(owners: Sequence[Instance], scene: Scene, *, idle: Collection[str] = ()) -> list[Entry] | str:
    """The expressions of one editable file that name the class of exactly these instances, in order; else why not.

    ``idle`` are paths of others that may become of the new class too.
    """
    follower = Follower(scene.project.file)
    chosen = {it.path for it in owners}
    found: dict[Span, Naming] = {}
    through: dict[Span, list[str]] = {}
    for it in scene.trace.instances:
        if it.type != owners[0].type:
            continue
        entry = last_naming(it, follower, scene.project.editable, model=scene.trace.call)
        if entry is None and it.path in chosen:
            held = it.path or "the model"
            return f"no expression that may be edited is surely the one that gives {held} its class, {it.name}"
        if entry is not None:
            span = entry.file.span(entry.node)
            found[span] = entry
            through.setdefault(span, []).append(it.path)
    spans = sorted(span for span, paths in through.items() if chosen.intersection(paths))
    for span in spans:
        other = next((path for path in through[span] if path not in chosen and path not in idle), None)
        if other is not None:
            return f"`{found[span].file.text(span)}` at {span} is the class of {other or 'the model'} too, not selected"
    if len({it.file for it in spans}) != 1:
        return f"several files name the class {owners[0].name}"
    return [Entry(found[span], tuple(through[span])) for span in spans]


def turns_of(rule: Rule, owners: Sequence[Instance], scene: Scene) -> Entry | None:
    """The callee of the call that makes these instances, in turns of a loop that a condition tells from others.

    Where it holds other classes in other turns it is asked what it holds.
    """
    span = owners[0].chain[0].span if owners[0].chain else None
    made = {it.path: it for it in scene.made_at.get(span, ())} if span is not None else {}
    if span is None or not scene.project.editable(span.file) or any(it.path not in made for it in owners):
        return None
    file = scene.project.file(span.file)
    call, split = file.node_at(span), partings(rule, scene)
    follower, model = Follower(scene.project.file), scene.trace.call
    namings = (last_naming(it, follower, scene.project.editable, model=model) for it in owners)
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name | ast.Attribute) or None in namings:
        return None  # a partial, for example
    alike = [it for it in made.values() if it.type == owners[0].type]
    asked = f"{file.text(call.func)} is {{base}}" if len(alike) < len(made) else ""
    if len(alike) == len(owners):
        return Entry(Naming(file, call.func), tuple(it.path for it in owners), asked) if asked else None
    try:
        condition = split.condition([Run(it.chain, it in owners, it.path) for it in alike])
    except NoParting:
        return None
    if split.solution().parameters:
        return None  # a method that a subclass of the owner overrides would not know the new argument
    whole = f"{asked} and {f'({condition})' if ' or ' in condition else condition}" if asked else condition
    return Entry(Naming(file, call.func), tuple(it.path for it in owners), whole, parted(split, rule))


def anchor_of(owner: Instance, entries: Sequence[Entry]) -> ast.AST | None:
    """The statement above which a subclass can stand: behind its base, else the first one that names the class.

    None where the base is the last statement of the file.
    """
    file, known = entries[0].naming.file, owner.definition
    body = file.tree.body
    for index, it in enumerate(body):
        if known is not None and known.file == file.path and isinstance(it, ast.ClassDef) and it.name == known.qualname:
            return body[index + 1] if index + 1 < len(body) else None
    return entries[0].naming.node
