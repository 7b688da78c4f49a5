"""``replace`` where the callee is a variable: the class changes where it enters (rung 2)."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from mutagen.actions.draft import Draft, join
from mutagen.actions.entry import Entry, entry_of
from mutagen.actions.entry_class import call_edits, entry_edits, new_class, usual_groups
from mutagen.actions.scene import Scene, out_of_scope, refuse
from mutagen.blocks.replacement import find_replacement
from mutagen.records.plan import Edit, Refusal
from mutagen.records.rules import Rule
from mutagen.records.span import Span
from mutagen.records.trace import Instance
from mutagen.source.following import Follower
from mutagen.source.names import canonical, imported_names, resolve
from mutagen.source.origin import Origin, find_origin


@dataclass(frozen=True)
class _Flow:
    entry: Entry
    instances: list[Instance]


def plan_origins(
    rule: Rule, instances: Sequence[Instance], scene: Scene, *, neutral: frozenset[str] = frozenset()
) -> Draft:
    """Edits of the expressions where the class of these instances enters."""
    if not instances:
        return Draft()
    follower = Follower(scene.project.file)
    types = {it.type for it in instances}
    origins = {it.path: origin_of(it, scene, follower) for it in scene.trace.instances if it.type in types and it.chain}
    selected = {it.path for it in instances} | neutral
    flows: dict[Span, _Flow] = {}
    refused: list[Refusal] = []
    for it in instances:
        origin = origins[it.path]
        entry = _entry(rule, it, origins, scene)
        known = flows.get(entry.span) if entry is not None else None
        if entry is None or (known is not None and known.entry != entry):
            refused.append(_unknown(rule, it, origin, scene))
        else:
            flows.setdefault(entry.span, _Flow(entry, [])).instances.append(it)
    drafts = [Draft(refused=tuple(refused))]
    usual = usual_groups([(it.entry, it.instances) for it in flows.values()])
    for span, flow in flows.items():
        others = [
            it
            for it in scene.trace.instances
            if it.path not in selected and it.type == flow.instances[0].type and _passes(origins.get(it.path), flow)
        ]
        drafts.append(_plan_flow(rule, span, flow, others, scene, follower, usual=usual))
    return _merged(join(drafts))


def _merged(draft: Draft) -> Draft:
    """The draft with one edit where several flows ask for the same one, such as the entry of a table."""
    found: dict[tuple[Span, str], Edit] = {}
    for edit in draft.edits:
        known = found.get((edit.span, edit.new))
        paths = dict.fromkeys([*(known.instances if known is not None else ()), *edit.instances])
        found[edit.span, edit.new] = replace(edit, instances=tuple(paths))
    return replace(draft, edits=tuple(found.values()))


def origin_of(instance: Instance, scene: Scene, follower: Follower) -> Origin | None:
    """Where the class enters that a variable holds at the call that made an instance; None where it cannot be told."""
    call = scene.project.file(instance.chain[0].span.file).node_at(instance.chain[0].span)
    if not isinstance(call, ast.Call):
        return None
    return find_origin(call.func, instance.chain, canonical(instance.type), follower, model=scene.trace.call)


def _entry(rule: Rule, instance: Instance, origins: Mapping[str, Origin | None], scene: Scene) -> Entry | None:
    origin = origins[instance.path]
    way = find_replacement(instance, rule.action.block, scene.blocks)
    if origin is None or way is None:
        return None
    return entry_of(origin, way, tuple(it for it in origins.values() if it is not None), scene.project)


def _passes(origin: Origin | None, flow: _Flow) -> bool:
    """Whether the class of an instance comes through the expression that is to change."""
    if origin is None:
        return False
    keys = [key for step in origin.way for key in step.keys]
    nodes = [origin.node, *(it.node for it in origin.way), *(key.node for key in keys), *origin.bound]
    return any(node is flow.entry.changed for node in nodes)


def _plan_flow(
    rule: Rule,
    span: Span,
    flow: _Flow,
    others: list[Instance],
    scene: Scene,
    follower: Follower,
    *,
    usual: bool,
) -> Draft:
    entry, group = flow.entry, flow.instances
    if others:
        message = f"the class enters at {span} for {len(group) + len(others)} instances, {len(group)} of them selected"
        advice = f"select all of them, or none: `not: {{path: ...}}`; not selected is {others[0].path}"
        return Draft(refused=tuple(refuse(rule, it.path, "needs-split", message, advice, where=span) for it in group))
    compared = _compared(flow, scene)
    if compared is not None:
        message = f"the class itself is compared at {compared}, which would come out otherwise with another one"
        advice = "adapt that comparison first, or exclude the modules with `not: {path: ...}`"
        refused = (refuse(rule, it.path, "compared-class", message, advice, where=compared) for it in group)
        return Draft(refused=tuple(refused))
    way = find_replacement(group[0], rule.action.block, scene.blocks)
    assert way is not None
    made = new_class(rule, way, entry, group, scene, follower, usual=usual)
    calls = call_edits(rule, way, group, scene, follower) if not isinstance(made, Refusal) else made
    if isinstance(calls, Refusal):
        return Draft(refused=tuple(replace(calls, path=it.path) for it in group))
    assert not isinstance(made, Refusal)
    reason = f"the class of all {len(group)} instance(s) enters here"
    paths = tuple(it.path for it in group)
    edits = entry_edits(rule, entry, made, paths, reason)
    notes = tuple(f"{it.span}: {it.reason}: the call gives it to no class any more" for it in calls)
    whole = Draft(edits=(*edits, *calls), planned=paths, sites=(str(span),), notes=notes)
    return join([whole, made.draft])


def _compared(flow: _Flow, scene: Scene) -> Span | None:
    """Where code on the way asks whether something is the class that goes."""
    old = canonical(flow.instances[0].type)
    for path in dict.fromkeys(site.span.file for it in flow.instances for site in it.chain):
        file = scene.project.file(path)
        names = imported_names(file)
        for node in ast.walk(file.tree):
            asked: list[ast.expr] = []
            if isinstance(node, ast.Compare):
                asked = [node.left, *node.comparators]
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "issubclass":
                asked = node.args
            parts = [part for it in asked for part in (it.elts if isinstance(it, ast.Tuple | ast.List) else [it])]
            if isinstance(node, ast.expr) and any(resolve(it, names) == old for it in parts):
                return file.span(node)
    return None


def _unknown(rule: Rule, instance: Instance, origin: Origin | None, scene: Scene) -> Refusal:
    site = instance.chain[0]
    if not scene.editable(site):
        return out_of_scope(rule, instance.path, instance.chain, scene)
    if origin is not None and origin.followed:
        entered = replace(site, span=origin.file.span(origin.node))
        if not scene.editable(entered):
            return out_of_scope(rule, instance.path, (entered,), scene)
    message = "the class comes from a variable whose value could not be followed to where it enters"
    if origin is not None:
        message = f"the class comes from `{origin.file.text(origin.node)}`, which gives others in other cases"
    where = origin.file.span(origin.node) if origin is not None else site.span
    advice = "write the class at this call, or exclude it with `not: {path: ...}`"
    return refuse(rule, instance.path, "unknown-origin", message, advice, where=where)
