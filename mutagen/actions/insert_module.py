"""``insert`` before or behind a module: a new attribute and its call, or the module wrapped where it is made."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from mutagen.actions.condition import condition_for, flag_for, switch_for
from mutagen.actions.definition import use_block, use_torch
from mutagen.actions.draft import Draft, join
from mutagen.actions.insert_target import Target, targets
from mutagen.actions.insert_wrap import wrapped
from mutagen.actions.members import Wanted, arguments_as_source, find_place, make_statement
from mutagen.actions.module_calls import written
from mutagen.actions.new_call import literal
from mutagen.actions.parting import Partings
from mutagen.actions.parting_text import parted, partings
from mutagen.actions.scene import Scene, out_of_scope, refuse
from mutagen.actions.wrap_override import overridden
from mutagen.blocks.short_names import snake
from mutagen.records.match import InstanceMatch
from mutagen.records.plan import Edit, InsertAtModule, Product, Refusal, Use
from mutagen.records.rules import Rule
from mutagen.records.span import Span
from mutagen.records.trace import Instance
from mutagen.source.anchor import Function, free_name
from mutagen.source.file import SourceFile
from mutagen.source.names import canonical
from mutagen.source.placing import Change, put_behind, put_call, put_first

_CONTAINERS = ("torch.nn.Sequential", "torch.nn.ModuleList", "torch.nn.ModuleDict")


@dataclass(frozen=True)
class _Way:
    """A class that can hold the new module for a target, and the expressions through which its tensor passes.

    ``holder`` is the instance of the class, ``child`` its child whose channels count; ``inside`` says that the class
    is the target's own.
    """

    file: SourceFile
    owner: ast.ClassDef
    function: Function
    expressions: tuple[ast.expr | None, ...]
    holder: str
    child: str | None
    inside: bool = False

    @property
    def key(self) -> tuple[str, int, bool, str | None]:
        """Equal for the targets that are changed together."""
        return (self.file.path, self.owner.lineno, self.inside, None if self.inside else self.child)


@dataclass(frozen=True)
class _Attempt:
    target: Target
    ways: tuple[_Way, ...]


def plan(rule: Rule, matches: Sequence[InstanceMatch], scene: Scene) -> Draft:
    """Edits for every module, with a refusal for each beside which nothing can stand."""
    found, refused = targets(rule, [scene.by_path[it.path] for it in matches], scene)
    drafts = [Draft(refused=tuple(refused))]
    if rule.action.emit == "flag":
        return join([*drafts, _plan(rule, found, scene, lax=True)])
    if rule.action.emit == "subclass":
        return join([*drafts, Draft(refused=tuple(_not_in_subclass(rule, it) for it in found))])
    draft = overridden(rule, _plan(rule, found, scene, lax=False), found, scene)
    if any(it.code == "needs-split" for it in draft.refused):
        lax = overridden(rule, _plan(rule, found, scene, lax=True), found, scene)
        draft = min(draft, lax, key=lambda it: len(it.refused))
    return join([*drafts, draft])


def _plan(rule: Rule, found: Sequence[Target], scene: Scene, *, lax: bool) -> Draft:
    """Targets whose calls are written alike change together, in the first way that serves them all."""
    split = partings(rule, scene, lax=lax)
    waiting = [_Attempt(it, tuple(_ways(rule, it, scene))) for it in found]
    taken: dict[int, frozenset[str]] = {}
    drafts: list[Draft] = []
    last: dict[str, Refusal] = {}
    rest: list[Target] = []
    while waiting:
        rest += [it.target for it in waiting if not it.ways]
        groups: dict[tuple[str, int, bool, str | None], list[_Attempt]] = {}
        for it in waiting:
            if it.ways:
                groups.setdefault(it.ways[0].key, []).append(it)
        classes = [(key[0], key[1]) for key in groups]
        waiting = []
        for key, group in groups.items():
            numbered = classes.count((key[0], key[1])) > 1
            done = _by_attribute(rule, group, scene, taken, split, numbered=numbered)
            if isinstance(done, Draft):
                drafts.append(done)
                continue
            for it in group:
                last.setdefault(it.target.path, done)
                waiting.append(_Attempt(it.target, it.ways[1:]))
    if split.switch:
        drafts.append(Draft(refused=tuple(_not_by_switch(rule, it, last.get(it.path)) for it in rest)))
    else:
        drafts.append(wrapped(rule, rest, last, scene))
    return join([*drafts, parted(split, rule)])


def _not_by_switch(rule: Rule, target: Target, known: Refusal | None) -> Refusal:
    if known is not None:
        return replace(known, path=target.path)
    where = target.instance.chain[0].span if target.instance.chain else None
    message = "it is not called by its name in a class that could take the argument"
    return refuse(rule, target.path, "no-switch", message, "leave out `emit: flag`", where=where)


def _not_in_subclass(rule: Rule, target: Target) -> Refusal:
    where = target.instance.chain[0].span if target.instance.chain else None
    message = "a subclass is written for what joins a branch or is replaced, not for what stands beside a module"
    advice = "leave out `emit: subclass`, or write `emit: flag`"
    return refuse(rule, target.path, "no-subclass", message, advice, where=where)


def _ways(rule: Rule, target: Target, scene: Scene) -> list[_Way]:
    """At the calls of the module; and within its own class, which is where ``input`` and ``output`` look first."""
    calls = [written(target.instance, it, scene) for it in target.calls]
    found: list[_Way] = []
    first = calls[0] if calls else None
    if first is not None and all(it is not None and it.owner == first.owner for it in calls):
        owner = first.file.class_of(first.function)
        expressions = tuple({it.file.span(it.expression): it.expression for it in calls if it is not None}.values())
        if owner is not None and all(it is not None and it.file is first.file for it in calls):
            found.append(_Way(first.file, owner, first.function, expressions, first.owner, first.name))
    within = _within(target, rule, scene)
    if within is not None:
        found.insert(0 if rule.action.at in ("input", "output") else len(found), within)
    return found


def _within(target: Target, rule: Rule, scene: Scene) -> _Way | None:
    """The class of the module itself: what its forward returns, or its first input."""
    info = target.instance.definition
    if target.instance.library or info is None or info.file not in scene.project.files:
        return None
    file = scene.project.file(info.file)
    classes = [it for it in file.tree.body if isinstance(it, ast.ClassDef) and it.name == info.qualname]
    owner = classes[0] if classes else None
    methods = [it for it in owner.body if isinstance(it, Function) and it.name == "forward"] if owner else []
    forward = methods[0] if methods else None
    if owner is None or forward is None:
        return None
    if target.before:
        return _Way(file, owner, forward, (None,), target.path, None, inside=True)
    returns = [it for it in ast.walk(forward) if isinstance(it, ast.Return)]
    value = returns[0].value if len(returns) == 1 and file.function(returns[0]) is forward else None
    if value is None or isinstance(value, ast.Tuple | ast.List | ast.Dict):
        return None
    return _Way(file, owner, forward, (value,), target.path, target.maker, inside=True)


def _by_attribute(
    rule: Rule,
    group: list[_Attempt],
    scene: Scene,
    taken: dict[int, frozenset[str]],
    split: Partings,
    *,
    numbered: bool,
) -> Draft | Refusal:
    """A new attribute of the class, called around the expressions; or why there can be none."""
    ways = [it.ways[0] for it in group]
    way, path = ways[0], group[0].target.path
    expressions = list({id(one): one for it in ways for one in it.expressions}.values())
    objection = _objection(rule, group, scene)
    if objection is not None:
        return objection
    wanted = [
        Wanted(it.ways[0].holder, it.target.values, (it.ways[0].child.partition(".")[0],) if it.ways[0].child else ())
        for it in group
    ]
    place = find_place(rule, way.file, way.owner, wanted, scene)
    if isinstance(place, Refusal):
        return place
    texts = arguments_as_source(rule, place, list(wanted[0].values), wanted, scene)
    if isinstance(texts, Refusal):
        return texts
    block = scene.blocks[rule.action.block]
    name = free_name(way.owner, snake(block.name), taken.get(id(way.owner), frozenset()), numbered=numbered)
    changes = [_change(way, one, f"self.{name}({{}})", before=group[0].target.before) for one in expressions]
    where = way.file.span(expressions[0]) if expressions[0] is not None else way.file.span(way.function.body[0])
    if any(it is None for it in changes):
        message = "nothing can be put around its call as it is written"
        return refuse(rule, path, "operand-not-written", message, "assign the result to a name", where=where)
    rest = _rest(ways, expressions, scene)
    if split.switch:
        condition = switch_for(rule, place, wanted, scene, split)
    elif rest:
        condition = flag_for(rule, place, wanted, rest, scene, split, where)
    else:
        first = expressions[0] or way.function.body[0]
        condition = condition_for(rule, place, way.function, first, wanted, scene, split)
    if isinstance(condition, Refusal):
        return condition
    taken[id(way.owner)] = taken.get(id(way.owner), frozenset()) | {name}
    usable = use_block(scene, rule, block.name, way.file, way.owner)
    identity = use_torch("torch.nn.Identity", way.file) if condition.otherwise else None
    new = f"{usable.name}({', '.join([*texts, *options(rule)])})"
    otherwise = f"{identity.name}()" if identity else ""
    holders = [it.owner for it in wanted]
    made = make_statement(rule, place, name, new, condition.text, holders, otherwise=otherwise)
    reason = f"the tensor of {len(group)} module(s) passes here"
    paths = tuple(it.target.path for it in group)
    apart = [it for change in changes if change is not None for it in _nested(change, changes)]
    calls = [Edit(it.span, it.old, it.new, rule.id, "forward", reason, paths) for it in apart]
    needed = [usable.draft, *([identity.draft] if identity else [])]
    edits = Draft(edits=(made, *calls), sites=(str(where),), planned=paths)
    return join([edits, *needed, *(_meaning(rule, it, name) for it in group)])


def options(rule: Rule) -> list[str]:
    """The arguments that a rule gives to its block, as source."""
    return [f"{option}={literal(value)}" for option, value in rule.action.args.items()]


def _meaning(rule: Rule, attempt: _Attempt, name: str) -> Draft:
    """The same change on the graph."""
    holder = attempt.ways[0].holder
    path = f"{holder}.{name}" if holder else name
    at: Literal["before", "after"] = "before" if attempt.target.before else "after"
    step = InsertAtModule(path, attempt.target.path, at, Use(rule.action.block, rule.action.args))
    return Draft(surgery=(step,), products=(Product(path, path),))


def _change(way: _Way, expression: ast.expr | None, call: str, *, before: bool) -> Change | None:
    """The call of the new module around an expression, or around the first argument of the function."""
    if expression is None:
        return put_first(way.file, way.function, call)
    if way.inside:
        return put_call(way.file, way.function, expression, None, call)
    if not before:
        return put_behind(way.file, expression, call)
    assert isinstance(expression, ast.Call)
    operand = expression.args[0] if expression.args else None
    if operand is None or isinstance(operand, ast.Starred):
        return None
    return put_call(way.file, way.function, operand, way.file.statement(expression), call)


def _nested(change: Change, changes: Sequence[Change | None]) -> list[Change]:
    """A change that meets another, as in ``self.conv(self.conv(x))``, as what it puts in front and behind."""
    span, others = change.span, [it.span for it in changes if it is not None and it is not change]
    head, found, tail = change.new.partition(change.old) if change.old else ("", "", "")
    if not found or not any(_meet(span, other) for other in others):
        return [change]
    start = replace(span, end_line=span.line, end_column=span.column)
    end = replace(span, line=span.end_line, column=span.end_column)
    return [Change(start, "", head), Change(end, "", tail)]


def _meet(one: Span, other: Span) -> bool:
    starts, ends = (one.line, one.column), (one.end_line, one.end_column)
    return starts < (other.end_line, other.end_column) and (other.line, other.column) < ends


def _objection(rule: Rule, group: list[_Attempt], scene: Scene) -> Refusal | None:
    """Why the class cannot hold the new module."""
    way, path = group[0].ways[0], group[0].target.path
    holders = [scene.by_path.get(it.ways[0].holder) for it in group]
    if not scene.project.editable(way.file.path):
        return out_of_scope(rule, path, tuple(it.site for it in group[0].target.calls if it.site)[:1], scene)
    if any(canonical(base) in _CONTAINERS for it in holders if it is not None for base in it.bases):
        message = "the class is a container that runs all its children; a new one would join them"
        where = way.file.span(way.function.body[0])
        return refuse(rule, path, "container", message, "write the class as an nn.Module", where=where)
    return None


def _rest(ways: Sequence[_Way], expressions: Sequence[ast.expr | None], scene: Scene) -> list[Instance]:
    """Instances of the class that run the expressions too, without being selected."""
    holders = {it.holder for it in ways}
    if ways[0].inside:
        kind = scene.by_path[ways[0].holder].type
        return [it for it in scene.trace.instances if kind in it.bases and it.path not in holders]
    spans = {ways[0].file.span(it) for it in expressions if it is not None}
    sites = (site for span in spans for node in scene.called_at.get(span, ()) for site in node.chain)
    owners = dict.fromkeys(it.owner for it in sites if it.span in spans and it.owner is not None)
    return [scene.by_path[it] for it in owners if it not in holders and it in scene.by_path]
