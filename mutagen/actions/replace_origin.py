"""``replace`` where the callee is a variable: the class changes where it enters (rung 2)."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from mutagen.actions.definition import use_block, use_torch
from mutagen.actions.draft import Draft, join
from mutagen.actions.scene import Scene, out_of_scope, refuse
from mutagen.blocks.replacement import Replacement, find_replacement
from mutagen.records.plan import Edit, Refusal
from mutagen.records.rules import Rule
from mutagen.records.span import Span
from mutagen.records.trace import Instance
from mutagen.source.call import arguments
from mutagen.source.names import canonical
from mutagen.source.origin import Origin, find_origin


@dataclass(frozen=True)
class _Flow:
    origin: Origin
    instances: list[Instance]


def plan_origins(
    rule: Rule, instances: Sequence[Instance], scene: Scene, *, neutral: frozenset[str] = frozenset()
) -> Draft:
    """Edits of the expressions where the class of these instances enters."""
    if not instances:
        return Draft()
    selected = {it.path for it in instances} | neutral
    flows, lost = _flows(instances, scene)
    drafts = [Draft(refused=tuple(_unknown(rule, it) for it in lost))]
    for span, flow in flows.items():
        others = [it for it in _all_from(span, flow, scene) if it.path not in selected]
        drafts.append(_plan_flow(rule, span, flow, others, scene))
    return join(drafts)


def _flows(instances: Sequence[Instance], scene: Scene) -> tuple[dict[Span, _Flow], list[Instance]]:
    flows: dict[Span, _Flow] = {}
    lost: list[Instance] = []
    for it in instances:
        origin = _origin(it, scene)
        if origin is None:
            lost.append(it)
            continue
        flows.setdefault(origin.file.span(origin.node), _Flow(origin, [])).instances.append(it)
    return flows, lost


def _origin(instance: Instance, scene: Scene) -> Origin | None:
    call = scene.project.file(instance.chain[0].span.file).node_at(instance.chain[0].span)
    if not isinstance(call, ast.Call) or not all(site.span.file in scene.project.files for site in instance.chain[:1]):
        return None
    chain = tuple(site for site in instance.chain if site.span.file in scene.project.files)
    return find_origin(call.func, chain, canonical(instance.type), scene.project.file)


def _all_from(span: Span, flow: _Flow, scene: Scene) -> list[Instance]:
    """Every instance of the same class that flows from the origin."""
    same = [it for it in scene.trace.instances if it.type == flow.instances[0].type and it.chain]
    found: list[Instance] = []
    for it in same:
        origin = _origin(it, scene)
        if origin is not None and origin.file.span(origin.node) == span:
            found.append(it)
    return found


def _plan_flow(rule: Rule, span: Span, flow: _Flow, others: list[Instance], scene: Scene) -> Draft:
    file, group = flow.origin.file, flow.instances
    if not scene.project.editable(file.path):
        return Draft(refused=tuple(out_of_scope(rule, it.path, it.chain, scene) for it in group))
    if others:
        message = f"the class enters at {span} for {len(group) + len(others)} instances, {len(group)} of them selected"
        advice = f"select all of them, or none: `not: {{path: ...}}`; not selected is {others[0].path}"
        return Draft(refused=tuple(refuse(rule, it.path, "needs-split", message, advice, where=span) for it in group))
    way = find_replacement(group[0], rule.action.block)
    assert way is not None
    calls = _call_edits(rule, way, group, scene)
    if isinstance(calls, Refusal):
        return Draft(
            refused=tuple(
                refuse(rule, it.path, calls.code, calls.message, calls.advice, where=calls.where) for it in group
            )
        )
    name, extra = _new_class(rule, way, flow.origin, scene)
    reason = f"the class of all {len(group)} instance(s) enters here"
    paths = tuple(it.path for it in group)
    edit = Edit(span, file.text(span), name, rule.id, "origin", reason, paths)
    whole = Draft(edits=(edit, *calls), planned=paths, sites=(str(span),))
    return join([whole, extra])


def _new_class(rule: Rule, way: Replacement, origin: Origin, scene: Scene) -> tuple[str, Draft]:
    """What stands at the origin afterwards: it takes the arguments that the calls pass."""
    if way.block or way.factory:
        usable = use_block(scene, rule, str(way.block or way.factory), origin.file, origin.node)
    else:
        usable = use_torch(f"torch.{way.torch_name}", origin.file)
    return usable.name, usable.draft


def _call_edits(rule: Rule, way: Replacement, group: list[Instance], scene: Scene) -> tuple[Edit, ...] | Refusal:
    """Changes of the calls through the variable: arguments that the new class lacks go."""
    if rule.action.args.get("num_groups", "auto") != "auto" and way.factory:
        message = "a fixed number of groups cannot be given to a class that enters through a variable"
        return refuse(rule, group[0].path, "fixed-argument", message, "use num_groups: auto")
    edits: dict[Span, Edit] = {}
    for it in group:
        span = it.chain[0].span
        file = scene.project.file(span.file)
        call = file.node_at(span)
        given = arguments(call, way.signature) if isinstance(call, ast.Call) else None
        if given is None or not isinstance(call, ast.Call):
            message = "a call through the variable passes arguments that cannot be read from the source"
            return refuse(rule, it.path, "hidden-arguments", message, "write the arguments out", where=span)
        gone = [name for name in given.by_name if name in way.drop]
        renamed = [name for name in given.keyword if name in way.rename]
        if (gone or renamed) and not scene.project.editable(span.file):
            return out_of_scope(rule, it.path, it.chain, scene)
        if gone or renamed:
            texts = [
                _argument(file.text(node), name, way, name in given.keyword or bool(gone))
                for name, node in given.by_name.items()
                if name not in way.drop
            ]
            new = f"{file.text(call.func)}({', '.join(texts)})"
            edits[span] = Edit(span, file.text(span), new, rule.id, "origin", "the new class has no such argument", ())
    return tuple(edits.values())


def _argument(text: str, name: str, way: Replacement, by_name: bool) -> str:
    if name in way.rename:
        return text
    return f"{name}={text}" if by_name else text


def _unknown(rule: Rule, instance: Instance) -> Refusal:
    span = instance.chain[0].span
    message = "the class comes from a variable whose value could not be followed to where it enters"
    advice = "write the class at this call, or exclude it with `not: {path: ...}`"
    return refuse(rule, instance.path, "unknown-origin", message, advice, where=span)
