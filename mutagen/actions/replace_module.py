"""``replace`` of module instances: the constructing call changes its class."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from mutagen.actions.annotation import annotated
from mutagen.actions.definition import use_torch
from mutagen.actions.draft import Draft, join
from mutagen.actions.guard import chosen_by, guarded, separating
from mutagen.actions.new_call import NewCall, new_call
from mutagen.actions.obstacle import obstacle
from mutagen.actions.override import overridden
from mutagen.actions.override_block import overridden_blocks
from mutagen.actions.parting import Partings
from mutagen.actions.parting_records import NoParting, Run
from mutagen.actions.parting_text import parted, partings
from mutagen.actions.replace_origin import origin_of, plan_origins
from mutagen.actions.scene import Scene, out_of_scope, refuse
from mutagen.actions.subclass_replace import replaced_in_subclasses, subclassed_blocks
from mutagen.blocks.replacement import Replacement, by_channels, find_replacement, refusal, replacement
from mutagen.records.match import InstanceMatch
from mutagen.records.plan import Edit, Product, Refusal, SwapModule, Use
from mutagen.records.rules import Rule
from mutagen.records.span import Span
from mutagen.records.trace import Instance
from mutagen.source.file import SourceFile
from mutagen.source.following import Follower
from mutagen.source.names import canonical, imported_names, resolve, starred, top_level_names


def plan(rule: Rule, matches: Sequence[InstanceMatch], scene: Scene) -> Draft:
    """Edits that give every matched instance the new class, with a refusal for each that cannot have it."""
    instances = [scene.by_path[match.path] for match in matches]
    draft = _last_rungs(rule, plan_source(rule, instances, scene), scene)
    if any(it.code == "needs-split" for it in draft.refused):
        lax = _last_rungs(rule, plan_source(rule, instances, scene, lax=True), scene)
        draft = min(draft, lax, key=lambda it: len(it.refused))
    return join([draft, surgery(rule, [it for it in instances if it.path in draft.planned])])


def _last_rungs(rule: Rule, draft: Draft, scene: Scene) -> Draft:
    """The draft with what only a subclass or an override can change."""
    if rule.query.block is None or rule.action.emit != "in-place":
        return overridden(rule, draft, scene)
    return overridden_blocks(rule, subclassed_blocks(rule, draft, scene), scene)


def plan_source(
    rule: Rule,
    instances: Sequence[Instance],
    scene: Scene,
    *,
    neutral: frozenset[str] = frozenset(),
    lax: bool = False,
) -> Draft:
    """The edits of the source alone.

    ``neutral`` are paths of instances that may change with the others or not; ``lax`` lets them part in any number of
    edits.
    """
    fit, refused = _fit(rule, instances, scene)
    drafts = [Draft(refused=tuple(refused))]
    if rule.action.emit == "subclass":
        return join([*drafts, replaced_in_subclasses(rule, fit, scene)])
    split = partings(rule, scene, lax=lax)
    variable: list[Instance] = []
    for span, group in _by_site(fit).items():
        call = scene.project.file(span.file).node_at(span)
        if isinstance(call, ast.Call) and _names_class(call.func, group[0], span, scene):
            drafts.append(_plan_site(rule, span, call, group, scene, neutral, split))
        elif isinstance(call, ast.Call):
            variable.extend(group)
        else:
            drafts.append(Draft(refused=tuple(_no_call(rule, it) for it in group)))
    if split.switch:
        origins = Draft(refused=tuple(_not_by_switch(rule, it) for it in variable))
    else:
        origins = plan_origins(rule, variable, scene, neutral=neutral)
    drafts.append(_split_calls(rule, variable, origins, split))
    return join([*drafts, parted(split, rule)])


def _split_calls(rule: Rule, variable: Sequence[Instance], draft: Draft, split: Partings) -> Draft:
    """Where only some of a variable's instances are selected, those calls of it that make both kinds choose.

    So does a call of a variable that holds other classes in other cases.
    """
    apart = {it.path for it in draft.refused if it.code == "needs-split"}
    unknown = {it.path for it in draft.refused if it.code == "unknown-origin"}
    done: list[Draft] = []
    for span, group in _by_site(it for it in variable if it.path in apart).items():
        file = split.scene.project.file(span.file)
        call, way = file.node_at(span), _way(rule, group[0], split.scene)
        others = [it for it in split.scene.made_at[span] if it not in group]
        new = new_call(rule, way, file, call, group, split.scene) if way and isinstance(call, ast.Call) else None
        if (others or split.switch) and isinstance(call, ast.Call) and isinstance(new, NewCall):
            asked = [] if split.switch else list(_asked(rule, span, group, split, by_parts=False))
            done += asked or [_plan_some(rule, span, call, group, others, new, split, by_tests=False)]
    mixed: list[Draft] = []
    for span, group in _by_site(it for it in variable if it.path in unknown).items():
        mixed.extend(_asked(rule, span, group, split) if not split.switch else [])
    planned = {path for it in (*done, *mixed) for path in it.planned}
    planned |= {it.path for part in mixed for it in part.refused}
    fresh = [replace(it, refused=()) for it in done if it.planned]
    return join([draft.without(planned), *fresh, *mixed])


def _asked(rule: Rule, span: Span, group: list[Instance], split: Partings, *, by_parts: bool = True) -> Iterator[Draft]:
    """The change of a call whose variable is asked what it holds: ``DSC if conv is nn.Conv2d else conv``.

    What else of that class is made there is told apart by the rule's tests, else, ``by_parts``, by a new parameter.
    """
    file = split.scene.project.file(span.file)
    call, way = file.node_at(span), _way(rule, group[0], split.scene)
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or way is None or not group[0].library:
        return
    new = new_call(rule, way, file, call, group, split.scene)
    if isinstance(new, Refusal) or not split.scene.editable(group[0].chain[0]) or not _holds_itself(group[0], split):
        return
    same = [it for it in split.scene.made_at[span] if it.type == group[0].type and it not in group]
    known = use_torch(canonical(group[0].type), file)
    held = f"{call.func.id} is {known.name}"
    condition = separating(rule, file, call, group, same) if same else ""
    if condition is None and not by_parts:
        return
    if condition is None:
        try:
            condition = split.condition([Run(it.chain, it in group, it.path) for it in (*group, *same)])
        except NoParting as problem:
            yield _needs_split(rule, span, group, same, problem)
            return
    reason = f"{call.func.id} holds other classes in other cases"
    wanted = f"{held} and {condition}" if condition else held
    edits = chosen_by(wanted, file, call, new, rule.id, "site", reason, group)
    planned = tuple(it.path for it in group)
    yield join([Draft(edits=edits, sites=(str(span),), planned=planned), new.draft, known.draft])


def _holds_itself(instance: Instance, split: Partings) -> bool:
    """Whether the variable that is called holds the class, not a ``partial`` of it."""
    origin = origin_of(instance, split.scene, Follower(split.scene.project.file))
    return origin is not None and not origin.bound


def surgery(rule: Rule, instances: Iterable[Instance]) -> Draft:
    """The same change on the traced graph, and how the new parameters are tied."""
    swaps: list[SwapModule] = []
    products: list[Product] = []
    for it in instances:
        swaps.append(SwapModule(it.path, it.path, Use(rule.action.block, rule.action.args)))
        products.extend(Product(it.path, alias) for alias in (it.aliases or (it.path,)))
    return Draft(surgery=tuple(swaps), products=tuple(products))


def _fit(rule: Rule, instances: Sequence[Instance], scene: Scene) -> tuple[list[Instance], list[Refusal]]:
    """Instances whose facts allow the change and whose construction may be edited, or need not be."""
    anywhere = rule.action.emit == "subclass"
    fit: list[Instance] = []
    refused: list[Refusal] = []
    for it in instances:
        way = _way(rule, it, scene)
        problem = refusal(way, it, rule.arguments(it.path)) if way else _no_way(rule, it)
        where = it.chain[0].span if it.chain else None
        if problem:
            code, message, advice = problem
            refused.append(refuse(rule, it.path, code, message, advice, where=where))
        elif not it.chain or not (anywhere or scene.editable(it.chain[0]) or _by_variable(it, scene)):
            refused.append(obstacle(rule, it, scene) or out_of_scope(rule, it.path, it.chain, scene))
        elif (barred := obstacle(rule, it, scene)) is not None:
            refused.append(barred)
        else:
            fit.append(it)
    return fit, refused


def _by_variable(instance: Instance, scene: Scene) -> bool:
    """Whether the class comes to where it is constructed through a variable, perhaps from a file that may change."""
    span = instance.chain[0].span
    call = scene.project.file(span.file).node_at(span)
    return isinstance(call, ast.Call) and not _names_class(call.func, instance, span, scene)


def _way(rule: Rule, instance: Instance, scene: Scene) -> Replacement | None:
    if rule.query.block == "squeeze-excite" and rule.action.kind == "replace":
        block = scene.blocks.get(rule.action.block)
        return replacement("squeeze-excite", rule.action.block) or (by_channels(block) if block is not None else None)
    return find_replacement(instance, rule.action.block, scene.blocks)


def _no_way(rule: Rule, instance: Instance) -> tuple[str, str, str]:
    message = f"{instance.name} cannot become {rule.action.block}: no such replacement is known"
    return "no-replacement", message, "see `mutagen rules list` for what can be replaced"


def _by_site(instances: Iterable[Instance]) -> dict[Span, list[Instance]]:
    groups: dict[Span, list[Instance]] = {}
    for it in instances:
        groups.setdefault(it.chain[0].span, []).append(it)
    return groups


def _names_class(callee: ast.expr, instance: Instance, span: Span, scene: Scene) -> bool:
    """Whether the call names the class itself, not a variable that holds it."""
    file = scene.project.file(span.file)
    origin = resolve(callee, imported_names(file))
    if origin is not None:
        return origin.rpartition(".")[2] == instance.name
    if isinstance(callee, ast.Name) and instance.library and callee.id not in top_level_names(file):
        return instance.type == f"torch.nn.{callee.id}" and "torch.nn" in starred(file) and not _is_local(callee, file)
    if isinstance(callee, ast.Name) and instance.definition is not None and callee.id == instance.definition.name:
        return not _is_local(callee, file)
    return False


def _is_local(callee: ast.Name, file: SourceFile) -> bool:
    """Whether the function around a name binds it."""
    nodes = list(ast.walk(file.function(callee) or ast.Pass()))
    stored = any(isinstance(it, ast.Name) and it.id == callee.id and isinstance(it.ctx, ast.Store) for it in nodes)
    return stored or any(isinstance(it, ast.arg) and it.arg == callee.id for it in nodes)


def _plan_site(
    rule: Rule,
    span: Span,
    call: ast.Call,
    group: list[Instance],
    scene: Scene,
    neutral: frozenset[str],
    split: Partings,
) -> Draft:
    """Rung 1: the expression itself changes, if all that it makes is selected."""
    selected = {it.path for it in group} | neutral
    others = [it for it in scene.made_at[span] if it.path not in selected]
    file = scene.project.file(span.file)
    way = _way(rule, group[0], scene)
    assert way is not None
    new = new_call(rule, way, file, call, group, scene)
    if isinstance(new, Refusal):
        return Draft(refused=tuple(_for(new, it) for it in group))
    if others or split.switch:
        return _plan_some(rule, span, call, group, others, new, split)
    reason = f"all {len(group)} instance(s) made here are selected"
    edit = Edit(span, file.text(span), new.text, rule.id, "site", reason, tuple(it.path for it in group))
    notes = annotated(rule, file, call, group[0].name, new, always=True)
    return join([Draft(edits=(edit,), sites=(str(span),), planned=edit.instances), notes, new.draft])


def _plan_some(
    rule: Rule,
    span: Span,
    call: ast.Call,
    group: list[Instance],
    others: list[Instance],
    new: NewCall,
    split: Partings,
    *,
    by_tests: bool = True,
) -> Draft:
    """Only some of what the expression makes is selected: the rule's tests or a new parameter tell them.

    A variable may hold other classes for other callers, whatever the tests say: a parameter they do not give.
    """
    file, made = split.scene.project.file(span.file), len(group) + len(others)
    edits = () if split.switch or not by_tests else guarded(rule, file, call, group, others, new)
    if not edits:
        try:
            condition = split.condition([Run(it.chain, it in group, it.path) for it in (*group, *others)])
        except NoParting as problem:
            return _needs_split(rule, span, group, others, problem)
        reason = f"{len(group)} of {made} instances made here are selected"
        edits = chosen_by(condition, file, call, new, rule.id, "split", reason, group)
    planned = tuple(it.path for it in group)
    notes = annotated(rule, file, call, group[0].name, new, always=False)
    return join([Draft(edits=edits, sites=(str(span),), planned=planned), notes, new.draft])


def _needs_split(rule: Rule, span: Span, group: list[Instance], others: list[Instance], problem: NoParting) -> Draft:
    made = len(group) + len(others)
    message = f"the expression makes {made} instances, {len(group)} of them selected; {problem.message}"
    advice = "select all of them, or none: `not: {path: ...}`"
    advice = f"{advice}; not selected is {others[0].path}" if others else "leave out `emit: flag`"
    where = problem.where or span
    return Draft(refused=tuple(refuse(rule, it.path, "needs-split", message, advice, where=where) for it in group))


def _not_by_switch(rule: Rule, instance: Instance) -> Refusal:
    message, where = "the call that makes it cannot choose by a new argument", instance.chain[0].span
    return refuse(rule, instance.path, "needs-split", message, "leave out `emit: flag`", where=where)


def _no_call(rule: Rule, instance: Instance) -> Refusal:
    message = "the expression that made it is not a call that can be found in the source"
    return refuse(
        rule, instance.path, "no-call", message, "exclude it with `not: {path: ...}`", where=instance.chain[0].span
    )


def _for(refusal: Refusal, instance: Instance) -> Refusal:
    where = refusal.where or instance.chain[0].span
    return Refusal(refusal.rule, instance.path, refusal.code, refusal.message, refusal.advice, where)
