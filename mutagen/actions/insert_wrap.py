"""``insert`` at a module that no expression calls by its name: it is wrapped where it is made.

In containers that are run, indexed or sliced, one key moves and every index holds.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from mutagen.actions.annotation import annotated
from mutagen.actions.definition import use_block, use_torch
from mutagen.actions.draft import Draft, join
from mutagen.actions.held import held_at
from mutagen.actions.insert_target import Target
from mutagen.actions.makers import Giving, calls_giving
from mutagen.actions.new_call import NewCall, given_to, literal
from mutagen.actions.parting import Partings
from mutagen.actions.parting_records import NoParting
from mutagen.actions.scene import Scene, out_of_scope, refuse
from mutagen.actions.wrap_some import Chosen, chosen, condition_of
from mutagen.actions.wrapping import Wrapping
from mutagen.records.blocks import BODY
from mutagen.records.plan import Edit, InsertAtModule, Product, Refusal, Use, WrapModule
from mutagen.records.rules import Rule
from mutagen.source.expressions import Observation, expression_for

_MOST_BEFORE: Final = 4


def wrapped(
    rule: Rule, found: Sequence[Target], last: Mapping[str, Refusal], scene: Scene, split: Partings | None = None
) -> Draft:
    """Edits for targets that cannot have a new attribute beside them; ``last`` says why they cannot.

    With ``split`` what a call gives may be told apart.
    """
    by_path = {it.path: it for it in found}
    calls = calls_giving([it.instance for it in found], scene, outermost=split is not None and split.switch)
    given = {path for it in calls for path in it.paths}
    none = [_refusal(rule, it, last.get(it.path), scene) for it in found if it.path not in given]
    drafts = [Draft(refused=tuple(none))]
    some: list[Chosen] = []
    for giving in calls:
        group = [by_path[it] for it in giving.paths]
        known = [last[it] for it in giving.paths if it in last]
        drafts.append(_wrap(rule, giving, group, known, scene, split, some))
    return join([*drafts, Draft(edits=chosen(rule, some))])


def _refusal(rule: Rule, target: Target, known: Refusal | None, scene: Scene) -> Refusal:
    """What to say of a target that no call gives: what spoke against a new attribute, else that."""
    if known is not None and known.code != "container":
        return replace(known, path=target.path)
    chain = target.instance.chain
    if not chain or not any(scene.editable(it) for it in chain[:1]):
        return out_of_scope(rule, target.path, chain, scene)
    message = "the expression that made it is not a call that can be found in the source"
    return refuse(rule, target.path, "needs-split", message, "select all of them, or none", where=chain[0].span)


def _wrap(
    rule: Rule,
    giving: Giving,
    group: Sequence[Target],
    known: Sequence[Refusal],
    scene: Scene,
    split: Partings | None,
    some: list[Chosen],
) -> Draft:
    """The change of one call; what is to be told apart there is added to ``some``, whose edits come later."""
    parting = split if split is not None and (giving.others or split.switch) else None
    if giving.others and parting is None:
        return _not_alone(rule, giving, known, "select all of them, or none")
    held = held_at(giving.file, giving.call, group[0].instance) if parting is not None else None
    wrapping = _wrapping(rule, giving, group, scene, hidden=held.hidden if held is not None else frozenset())
    if isinstance(wrapping, Refusal):
        return Draft(refused=tuple(replace(wrapping, path=it) for it in giving.paths))
    if parting is not None:
        try:
            condition, rung, needed = condition_of(rule, giving, held, parting)
        except NoParting as problem:
            return _not_alone(rule, giving, (), _advice(giving), problem=problem)
        some.append(Chosen(giving, wrapping, condition, rung, held))
        return join([_whole(rule, (), giving, group, wrapping, scene, always=False), needed])
    file, call = giving.file, giving.call
    reason = f"all {len(group)} instance(s) made here are selected, and no expression calls them by name"
    if rule.action.kind == "wrap":
        reason = f"all {len(group)} instance(s) made here are selected"
    text = wrapping.around_call(file, call)
    edit = Edit(giving.span, file.text(call), text, rule.id, "site", reason, giving.paths)
    return _whole(rule, (edit,), giving, group, wrapping, scene, always=True)


def _whole(
    rule: Rule,
    edits: tuple[Edit, ...],
    giving: Giving,
    group: Sequence[Target],
    wrapping: Wrapping,
    scene: Scene,
    *,
    always: bool,
) -> Draft:
    """The edits with what they mean and need."""
    new = NewCall("", wrapping.container, Draft())
    notes = annotated(rule, giving.file, giving.call, group[0].instance.name, new, always=always)
    done = Draft(edits=edits, planned=giving.paths, sites=(str(giving.span),))
    return join([done, wrapping.draft, notes, *(wrap_meaning(rule, it, scene) for it in group)])


def _advice(giving: Giving) -> str:
    if not giving.others:
        return "leave out `emit: flag`"
    return f"select all of them, or none: `not: {{path: ...}}`; not selected is {giving.others[0].instance.path}"


def _not_alone(
    rule: Rule, giving: Giving, known: Sequence[Refusal], advice: str, *, problem: NoParting | None = None
) -> Draft:
    """Why what a call gives cannot become a part of a block there."""
    told = next((it for it in known if it.code != "container"), None)
    if told is not None:
        return Draft(refused=tuple(replace(told, path=it) for it in giving.paths))
    made = len(giving.group) + len(giving.others)
    stays = f"{giving.others[0].instance.path} must stay as it is" if giving.others else "a switch is asked for"
    message = f"the expression makes {made} instances; {stays}"
    message += f"; {problem.message}" if problem is not None else ""
    where = problem.where if problem is not None and problem.where is not None else giving.span
    return Draft(refused=tuple(refuse(rule, it, "needs-split", message, advice, where=where) for it in giving.paths))


def _wrapping(
    rule: Rule, giving: Giving, group: Sequence[Target], scene: Scene, *, hidden: frozenset[str]
) -> Wrapping | Refusal:
    """What the modules become a part of, with the channels as the function around says them."""
    file, call = giving.file, giving.call
    function = file.function(call)
    texts: list[str] = []
    for name in group[0].values:
        seen = [Observation(made.site.names, it.values[name]) for made, it in zip(giving.group, group, strict=True)]
        values = {it.value for it in seen}
        said = None
        if function is not None:
            nearby = [*outputs_of(call), *_outputs_before(giving, group[0], scene)]
            said = expression_for(file, function, seen, nearby=nearby, hidden=hidden)
        said = said or (literal(values.pop()) if len(values) == 1 else None)
        if said is None:
            message = "no expression gives the channels of all that is made here"
            advice = "keep the channel count in an argument of the function around"
            return refuse(rule, group[0].path, "no-expression", message, advice, where=giving.span)
        texts.append(said)
    usable = use_block(scene, rule, rule.action.block, file, call)
    block = scene.blocks[rule.action.block]
    if block.kind == "wrap":
        return Wrapping(usable.name, (None, *filter(None, [given_to(rule, block, texts)])), usable.draft)
    container = use_torch("torch.nn.Sequential", file)
    new = f"{usable.name}({given_to(rule, block, texts)})"
    parts = (new, None) if group[0].before else (None, new)
    return Wrapping(container.name, parts, join([usable.draft, container.draft]))


def wrap_meaning(rule: Rule, target: Target, scene: Scene) -> Draft:
    """The same change on the graph, and the place to which the module's keys move."""
    if scene.blocks[rule.action.block].kind == "wrap":
        around = WrapModule(target.path, target.path, Use(rule.action.block, rule.action.args))
        held = (Product(target.path, it, f"{it}.{BODY}") for it in (target.path, *target.instance.aliases))
        return Draft(surgery=(around,), products=tuple(dict.fromkeys(held)))
    path, (new, old) = target.path, ("0", "1") if target.before else ("1", "0")
    step = InsertAtModule(path, path, "before" if target.before else "after", Use(rule.action.block, rule.action.args))
    places = dict.fromkeys([path, *target.instance.aliases])
    return Draft(surgery=(step,), products=tuple(Product(path, f"{it}.{new}", f"{it}.{old}") for it in places))


def outputs_of(call: ast.Call) -> list[ast.AST]:
    """What the constructor is given, its output channels first."""
    return [*(it.value for it in call.keywords if it.arg in ("out_channels", "num_features")), *call.args[1:2], call]


def _outputs_before(giving: Giving, target: Target, scene: Scene) -> list[ast.AST]:
    """What the call is given, in the same function, that makes the module whose tensor comes in."""
    site, node = giving.group[0].site, target.calls[0].source
    for _ in range(_MOST_BEFORE):
        maker = scene.by_path.get(node.path) if node is not None and node.path is not None else None
        made = [it for it in maker.chain if it.frame == site.frame] if maker is not None else []
        call = giving.file.node_at(made[0].span) if made else None
        if isinstance(call, ast.Call):
            return outputs_of(call)
        if node is None or not node.inputs:
            break
        node = scene.trace.nodes[node.inputs[0]]
    return []
