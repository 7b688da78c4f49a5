"""``insert`` before or behind a module: a new attribute and its call, or the module wrapped where it is made."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mutagen.actions.condition import condition_for, flag_for, switch_for
from mutagen.actions.definition import use_block, use_torch
from mutagen.actions.draft import Draft, join
from mutagen.actions.insert_target import Target, targets
from mutagen.actions.insert_ways import Way, apart, change_of, meaning_of, ways_of
from mutagen.actions.insert_wrap import wrapped
from mutagen.actions.members import Wanted, arguments_as_source, find_place, make_statement
from mutagen.actions.new_call import given_to
from mutagen.actions.parting import Partings
from mutagen.actions.parting_text import parted, partings
from mutagen.actions.scene import Scene, out_of_scope, refuse
from mutagen.actions.subclass_beside import beside_in_subclasses
from mutagen.actions.wrap_override import overridden
from mutagen.blocks.short_names import snake
from mutagen.records.match import InstanceMatch
from mutagen.records.plan import Edit, Refusal
from mutagen.records.rules import Rule
from mutagen.records.trace import Instance
from mutagen.source.anchor import free_name
from mutagen.source.names import canonical

_CONTAINERS = ("torch.nn.Sequential", "torch.nn.ModuleList", "torch.nn.ModuleDict")


@dataclass(frozen=True)
class _Attempt:
    target: Target
    ways: tuple[Way, ...]


def plan(rule: Rule, matches: Sequence[InstanceMatch], scene: Scene) -> Draft:
    """Edits for every module, with a refusal for each beside which nothing can stand."""
    found, refused = targets(rule, [scene.by_path[it.path] for it in matches], scene)
    drafts = [Draft(refused=tuple(refused))]
    if rule.action.emit == "flag":
        return join([*drafts, _plan(rule, found, scene, lax=True)])
    if rule.action.emit == "subclass":
        return join([*drafts, beside_in_subclasses(rule, found, scene)])
    draft = overridden(rule, _plan(rule, found, scene, lax=False), found, scene)
    if any(it.code == "needs-split" for it in draft.refused):
        lax = overridden(rule, _plan(rule, found, scene, lax=True), found, scene)
        draft = min(draft, lax, key=lambda it: len(it.refused))
    return join([*drafts, draft])


def _plan(rule: Rule, found: Sequence[Target], scene: Scene, *, lax: bool) -> Draft:
    """Targets whose calls are written alike change together, in the first way that serves them all."""
    split = partings(rule, scene, lax=lax)
    waiting = [_Attempt(it, tuple(ways_of(rule, it, scene))) for it in found]
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
    used = taken.get(id(way.owner), frozenset()) | scene.brought(way.file.path, way.owner)
    name = free_name(way.owner, snake(block.written), used, numbered=numbered)
    changes = [change_of(way, one, f"self.{name}({{}})", before=group[0].target.before) for one in expressions]
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
    taken[id(way.owner)] = used | {name}
    usable = use_block(scene, rule, block.name, way.file, way.owner)
    identity = use_torch("torch.nn.Identity", way.file) if condition.otherwise else None
    new = f"{usable.name}({given_to(rule, block, texts)})"
    otherwise = f"{identity.name}()" if identity else ""
    holders = [it.owner for it in wanted]
    made = make_statement(rule, place, name, new, condition.text, holders, otherwise=otherwise)
    reason = f"the tensor of {len(group)} module(s) passes here"
    paths = tuple(it.target.path for it in group)
    parts = [it for change in changes if change is not None for it in apart(change, changes)]
    calls = [Edit(it.span, it.old, it.new, rule.id, "forward", reason, paths) for it in parts]
    needed = [usable.draft, *([identity.draft] if identity else [])]
    edits = Draft(edits=(made, *calls), sites=(str(where),), planned=paths)
    return join([edits, *needed, *(meaning_of(rule, it.target, it.ways[0], name) for it in group)])


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


def _rest(ways: Sequence[Way], expressions: Sequence[ast.expr | None], scene: Scene) -> list[Instance]:
    """Instances of the class that run the expressions too, without being selected."""
    holders = {it.holder for it in ways}
    if ways[0].inside:
        kind = scene.by_path[ways[0].holder].type
        return [it for it in scene.trace.instances if kind in it.bases and it.path not in holders]
    spans = {ways[0].file.span(it) for it in expressions if it is not None}
    sites = (site for span in spans for node in scene.called_at.get(span, ()) for site in node.chain)
    owners = dict.fromkeys(it.owner for it in sites if it.span in spans and it.owner is not None)
    return [scene.by_path[it] for it in owners if it not in holders and it in scene.by_path]
