"""The last rung of ``insert`` at a module: it is wrapped in its place where all is built."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Final

from mutagen.actions.definition import use_block, use_torch
from mutagen.actions.draft import Draft, join
from mutagen.actions.insert_target import Target
from mutagen.actions.insert_wrap import outputs_of, wrap_meaning
from mutagen.actions.new_call import given_to
from mutagen.actions.override import inner_paths, named_part
from mutagen.actions.override_text import call_lines, place
from mutagen.actions.owners import Owner, change_at, owner_edits, owners_of
from mutagen.actions.paths import joined, within
from mutagen.actions.scene import Scene
from mutagen.records.rules import Rule
from mutagen.source.anchor import own_frame
from mutagen.source.call import function_parameters
from mutagen.source.names import names_in

CURED: Final = frozenset(
    ["out-of-scope", "in-library", "needs-split", "no-call", "no-provenance", "container", "no-init", "no-expression"]
)
_MOST_NAMED = 3


def overridden(rule: Rule, draft: Draft, found: Sequence[Target], scene: Scene) -> Draft:
    """The draft with what no other rung can change; as it is where no short text changes exactly that.

    All that can be so is changed so where everything is to be changed late.
    """
    codes = {it.path: it.code for it in draft.refused}
    group = [it for it in found if scene.late or codes.get(it.path) in CURED]
    if not group or any(_holds(one, other) for one in group for other in found):
        return draft
    made = _override(rule, group, scene)
    if made is None:
        return draft
    return made if scene.late else join([draft.without({it.path for it in group}), made])


def _holds(one: Target, other: Target) -> bool:
    return other.path.startswith(f"{one.path}.")


def _override(rule: Rule, group: Sequence[Target], scene: Scene) -> Draft | None:
    instances = [it.instance for it in group]
    by_path = {it.path: it for it in group}

    def change(owner: Owner) -> Draft | None:
        inner = inner_paths(instances, owner, named=True)
        if not 0 < len(inner) <= _MOST_NAMED:
            return None
        usable = use_block(scene, rule, rule.action.block, owner.file, owner.function)
        block = scene.blocks[rule.action.block]
        wraps = block.kind == "wrap"
        container = usable if wraps else use_torch("torch.nn.Sequential", owner.file)
        last = owner.last.lineno
        indent, step = owner.file.indent(last), owner.file.step(last)
        lines: list[str] = []
        for path in inner:
            here = [by_path[joined(root, path)] for root in owner.roots]
            head = named_part(owner, path)
            if head == path or head and "parent" in names_in(owner.function):
                return None
            if head:
                lines.append(f'{indent}parent = {owner.name}.get_submodule("{head}")')
            old = place(within(path, head), "parent" if head else owner.name)
            arguments = _parameters(here, owner) if wraps else None
            arguments = arguments if arguments is not None else _arguments(here, old, owner)
            if arguments is None:
                return None
            given = given_to(rule, block, arguments)
            new = given if wraps else f"{usable.name}({given})"
            parts = (new, old) if here[0].before else (old, new) if new else (old,)
            everywhere = _everywhere(here, path, owner, scene)
            if everywhere is None:
                return None
            lines += call_lines(f"{indent}{' = '.join([old, *everywhere])} = {container.name}(", parts, ")", step)
        reason = f"no expression that may be edited makes exactly these {len(group)} instance(s)"
        paths = tuple(it.path for it in group)
        edits = owner_edits(rule, owner, lines, reason, paths)
        whole = Draft(edits=edits, planned=paths, sites=(str(edits[-1].span),))
        return join([whole, usable.draft, container.draft, *(wrap_meaning(rule, it, scene) for it in group)])

    apart = scene.blocks[rule.action.block].kind == "wrap"
    return change_at(owners_of(instances, scene, apart=apart), change)


def _everywhere(here: Sequence[Target], path: str, owner: Owner, scene: Scene) -> list[str] | None:
    """The other places of a module, each once, that all owners have in common; None where some lie elsewhere."""
    listed = []
    for root, target in zip(owner.roots, here, strict=True):
        prefix = f"{root}." if root else ""
        seen = {_slot(joined(root, path), scene)}
        inner = []
        for alias in target.instance.aliases:
            if _slot(alias, scene) in seen:
                continue
            if not alias.startswith(prefix) or named_part(owner, alias[len(prefix) :]):
                return None
            seen.add(_slot(alias, scene))
            inner.append(place(alias[len(prefix) :], owner.name))
        listed.append(inner)
    return listed[0] if all(it == listed[0] for it in listed) else None


def _slot(path: str, scene: Scene) -> tuple[str, str]:
    """The module that holds the one at a path, by its first path, and under which name."""
    holder, _, name = path.rpartition(".")
    instance = scene.by_path.get(holder)
    return (instance.path if instance is not None else holder), name


def _parameters(here: Sequence[Target], owner: Owner) -> list[str] | None:
    """The channels as parameters of the constructor that go, as what comes out, to what makes the modules."""
    holder = owner.file.class_of(owner.function)
    if not owner.is_class or holder is None or len(here) != len(owner.roots):
        return None
    pairs = zip(owner.roots, here, strict=True)
    frames = [own_frame(it.instance.chain, root, holder.name) for root, it in pairs]
    known = [it for it in frames if it is not None]
    call = owner.file.node_at(known[0].span) if len(known) == len(frames) else None
    given = [it.id for it in outputs_of(call) if isinstance(it, ast.Name)] if isinstance(call, ast.Call) else []
    stored = {it.id for it in ast.walk(owner.function) if isinstance(it, ast.Name) and isinstance(it.ctx, ast.Store)}
    names = [it for it in given if it in function_parameters(owner.function) and it not in stored]
    found: list[str] = []
    for count in here[0].values:
        values = [it.values[count] for it in here]
        said = next((it for it in names if [site.names.get(it) for site in known] == values), None)
        if said is None:
            return None
        found.append(said)
    return found


def _arguments(here: Sequence[Target], old: str, owner: Owner) -> list[str] | None:
    """The channels: what the module itself keeps of them where they may be others another time, else a number."""
    found = []
    for name in here[0].values:
        values = [it.values[name] for it in here]
        facts = ("in_channels",) if here[0].before else ("out_channels", "num_features", "num_channels")
        fact = next((it for it in facts if [one.instance.facts.get(it) for one in here] == values), None)
        if fact is not None and (owner.is_class or len(set(values)) > 1):
            found.append(f"{old}.{fact}")
        elif len(set(values)) == 1:
            found.append(str(values[0]))
        else:
            return None
    return found
