"""``set``: arguments of the constructing call change."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence

from mutagen.actions.draft import Draft, join
from mutagen.actions.new_call import literal
from mutagen.actions.parting import Partings
from mutagen.actions.parting_records import NoParting, Run
from mutagen.actions.parting_text import parted
from mutagen.actions.scene import Scene, out_of_scope, refuse
from mutagen.actions.set_flow import through_parameters
from mutagen.actions.set_override import overridden
from mutagen.actions.set_text import changed_call, given_by, value_texts
from mutagen.match.wanted import has_values, wanted_values
from mutagen.records.match import InstanceMatch
from mutagen.records.plan import Edit, Refusal, SetArguments
from mutagen.records.rules import Rule, Value
from mutagen.records.span import Span
from mutagen.records.trace import Instance
from mutagen.source.names import imported_names, resolve

_MOST_CALLS = 4
_VERBS = {"dilation": "dilate", "padding": "pad"}
Wanted = Mapping[str, Mapping[str, Value]]
"""By path of an instance, the value of each argument."""


def plan(rule: Rule, matches: Sequence[InstanceMatch], scene: Scene) -> Draft:
    """Edits that give every matched instance the values, with a refusal for each that cannot have them.

    Where an expression makes others too, the shortest text of several: a new argument that tells them apart, or lines
    at the end of a constructor.
    """
    instances = list({it.path: it for it in (scene.by_path[match.path] for match in matches)}.values())
    wanted: dict[str, Mapping[str, Value]] = {}
    refused: list[Refusal] = []
    for it in instances:
        values = wanted_values(it, rule.action.args)
        where = it.chain[0].span if it.chain else None
        if isinstance(values, tuple):
            code, message, advice = values
            refused.append(refuse(rule, it.path, code, message, advice, where=where))
        else:
            wanted[it.path] = values
    fit = [it for it in instances if it.path in wanted]
    ways = [_source(rule, fit, wanted, scene, None)]
    if any(it.code == "needs-split" for it in ways[0].refused):
        splits = [Partings(scene, *_names(rule), lax) for lax in (False, True)]
        ways = [*(_source(rule, fit, wanted, scene, split) for split in splits), *ways]
    drafts = [overridden(rule, it, wanted, scene) for it in ways]
    draft = min(drafts, key=lambda it: (len(it.refused), _lines(it)))
    steps = [SetArguments(path, path, rule.action.args) for path in draft.planned]
    return join([draft, Draft(refused=tuple(refused), surgery=tuple(steps))])


def _names(rule: Rule) -> tuple[str, str]:
    """What a new argument is called that tells instances apart, and one that lists the turns of a loop."""
    name, value = next(iter(rule.action.args.items()))
    if isinstance(value, bool):
        return (f"use_{name}" if value else f"no_{name}"), f"{name}_at"
    if isinstance(value, str) and value.isidentifier() and value != "auto":
        return f"use_{value}", f"{value}_at"
    return _VERBS.get(name, f"set_{name}"), f"{name}_at"


def _lines(draft: Draft) -> int:
    return sum(max(it.new.count("\n"), 1) for it in draft.edits)


def _source(rule: Rule, instances: Sequence[Instance], wanted: Wanted, scene: Scene, split: Partings | None) -> Draft:
    """The edits of the source alone; with ``split`` what an expression makes may be told apart."""
    drafts: list[Draft] = []
    sites: dict[Span, list[Instance]] = {}
    for it in instances:
        if it.chain and it.chain[0].span.file in scene.project.files:
            sites.setdefault(it.chain[0].span, []).append(it)
        else:
            drafts.append(Draft(refused=(out_of_scope(rule, it.path, it.chain, scene),)))
    drafts += [_plan_site(rule, span, group, wanted, scene, split) for span, group in sites.items()]
    return join([*drafts, *([parted(split, rule)] if split is not None else [])])


def _plan_site(
    rule: Rule, span: Span, group: list[Instance], wanted: Wanted, scene: Scene, split: Partings | None
) -> Draft:
    """The change for what one expression makes: in the expression, or where its arguments come from."""
    call = scene.project.file(span.file).node_at(span)
    if not isinstance(call, ast.Call):
        message = "the expression that made it is not a call that can be found in the source"
        return _refused(rule, group, "no-call", message, "exclude it with `not: {path: ...}`", span)
    chosen = {it.path for it in group}
    others = [it for it in scene.made_at[span] if it.path not in chosen and not has_values(it, rule.action.args)]
    if others or not scene.editable(group[0].chain[0]):
        return _plan_some(rule, span, call, group, others, wanted, scene, split)
    outer = through_parameters(rule, call, group, wanted, scene)
    if 0 < len(outer) <= _MOST_CALLS:
        sites = tuple(dict.fromkeys(str(it.span) for it in outer))
        return Draft(edits=outer, sites=sites, planned=tuple(it.path for it in group))
    edit = _edit(rule, span, call, group, wanted, scene)
    if isinstance(edit, Refusal):
        return _refused(rule, group, edit.code, edit.message, edit.advice, span)
    return Draft(edits=edit, sites=(str(span),), planned=tuple(it.path for it in group))


def _edit(
    rule: Rule, span: Span, call: ast.Call, group: list[Instance], wanted: Wanted, scene: Scene
) -> tuple[Edit, ...] | Refusal:
    """The expression with the new arguments."""
    file = scene.project.file(span.file)
    given = given_by(call, group[0].parameters)
    if given is None or any(it.parameters != group[0].parameters for it in group):
        message = "the call passes arguments that cannot be read from the source (a star, or an unknown name)"
        return refuse(rule, group[0].path, "hidden-arguments", message, "write the arguments out", where=span)
    texts = value_texts(file, given, group, wanted)
    if isinstance(texts, str):
        message = f"no expression gives {texts} for all {len(group)} instances that are made here"
        return refuse(rule, group[0].path, "no-expression", message, "set it for fewer of them at a time", where=span)
    added = [name for name in texts if name not in given.by_name]
    if added and not _names_class(call, group[0], scene, span):
        message = f"the class comes from a variable, and another one there need not take {', '.join(added)}"
        return refuse(rule, group[0].path, "unknown-origin", message, "write the class at this call", where=span)
    reason = f"all {len(group)} instance(s) made here are selected"
    text = changed_call(file, call, given, texts)
    return (Edit(span, file.text(span), text, rule.id, "site", reason, tuple(it.path for it in group)),)


def _plan_some(
    rule: Rule,
    span: Span,
    call: ast.Call,
    group: list[Instance],
    others: list[Instance],
    wanted: Wanted,
    scene: Scene,
    split: Partings | None,
) -> Draft:
    """What the expression makes is not all selected, or it may not be edited: an outer call may pass the values."""
    edits = through_parameters(rule, call, group, wanted, scene)
    if edits:
        sites = tuple(dict.fromkeys(str(it.span) for it in edits))
        return Draft(edits=edits, sites=sites, planned=tuple(it.path for it in group))
    if not scene.editable(group[0].chain[0]):
        return Draft(refused=tuple(out_of_scope(rule, it.path, it.chain, scene) for it in group))
    told = _told_apart(rule, span, call, group, wanted, split) if split is not None else ""
    if isinstance(told, Draft):
        return told
    made = len(group) + len(others)
    message = f"the expression makes {made} instances, {len(group)} of them selected; the others must stay as they are"
    message += f" ({told})" if told else ""
    advice = f"select all of them, or none: `not: {{path: ...}}`; not selected is {others[0].path}"
    return _refused(rule, group, "needs-split", message, advice, span)


def _told_apart(
    rule: Rule, span: Span, call: ast.Call, group: list[Instance], wanted: Wanted, split: Partings
) -> Draft | str:
    """The expression with arguments that choose by a condition, or why there is no such condition."""
    scene, file = split.scene, split.scene.project.file(span.file)
    given, made = given_by(call, group[0].parameters), scene.made_at[span]
    texts = value_texts(file, given, group, wanted) if given is not None else ""
    if given is None or isinstance(texts, str) or not _names_class(call, group[0], scene, span):
        return "the call does not show what it passes"
    chosen = {it.path for it in group}
    choices: dict[str, str] = {}
    try:
        condition = split.condition([Run(it.chain, it.path in chosen, it.path) for it in made])
    except NoParting as end:
        return end.message
    for name, text in texts.items():
        old = given.by_name.get(name)
        values = {repr(it.arguments.get(name, Ellipsis)) for it in made if it.path not in chosen}
        if old is None and (len(values) > 1 or "Ellipsis" in values):
            return f"the others differ in {name}"
        first = next(it for it in made if it.path not in chosen)
        rest = file.text(old) if old is not None else literal(first.arguments[name])
        choices[name] = _choice(text, condition, rest)
    reason = f"{len(group)} of {len(made)} instances made here are selected; they have {condition}"
    text = changed_call(file, call, given, choices)
    edit = Edit(span, file.text(span), text, rule.id, "split", reason, tuple(it.path for it in group))
    return Draft(edits=(edit,), sites=(str(span),), planned=tuple(it.path for it in group))


def _choice(text: str, condition: str, rest: str) -> str:
    if (text, rest) == ("True", "False"):
        return condition
    if (text, rest) == ("False", "True"):
        return f"not {condition}" if condition.isidentifier() else f"not ({condition})"
    return f"{text} if {condition} else {rest}"


def _names_class(call: ast.Call, instance: Instance, scene: Scene, span: Span) -> bool:
    """Whether the call names the class itself, not a variable that holds it."""
    file = scene.project.file(span.file)
    origin = resolve(call.func, imported_names(file))
    if origin is not None:
        return origin.rpartition(".")[2] == instance.name
    return isinstance(call.func, ast.Name) and any(
        isinstance(it, ast.ClassDef) and it.name == call.func.id == instance.name for it in file.tree.body
    )


def _refused(rule: Rule, group: Iterable[Instance], code: str, message: str, advice: str, span: Span) -> Draft:
    return Draft(refused=tuple(refuse(rule, it.path, code, message, advice, where=span) for it in group))
