"""The plan for a rule with a pattern: one draft for each part, and no chain is changed in part."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from mutagen.actions.draft import Draft, join
from mutagen.actions.scene import Scene, refuse
from mutagen.match.ops import operation
from mutagen.planning.bound_results import share_bound
from mutagen.planning.captures import captured_facts
from mutagen.planning.conflicts import find_conflicts
from mutagen.planning.one_loop import in_one_loop
from mutagen.records.match import AnyMatch, CallMatch, InstanceMatch, PartMatch, PatternMatch
from mutagen.records.plan import Refusal
from mutagen.records.rules import Action, Rule

Planner = Callable[[Rule, Sequence[AnyMatch], Scene], Draft]
"""The draft of a rule without a pattern."""

_FUNCTIONS = frozenset({"gelu"})
Key = tuple[str, object]


def plan(rule: Rule, matches: Sequence[PatternMatch], scene: Scene, planner: Planner) -> Draft:
    """The drafts of all parts that are replaced, for the chains of which every such part can be.

    Chains are taken away until none is left with a part that is refused: one fewer may be what makes another line
    serve both what changes and what does not.
    """
    left, refused = list(matches), list[Refusal]()
    while left:
        parts = share_bound(in_one_loop(_parts(rule, left, scene, planner), scene.project))
        drafts = dict(zip(rule.parts, parts, strict=True))
        barred = _barred(rule, drafts, left, scene)
        if not barred:
            return join([*drafts.values(), Draft(refused=tuple(refused))])
        refused += barred.values()
        left = [match for match in left if match.id not in barred]
    return Draft(refused=tuple(refused))


def _parts(rule: Rule, matches: Sequence[PatternMatch], scene: Scene, planner: Planner) -> list[Draft]:
    """The draft of each part; what one brings along, as names of attributes, is known to the next."""
    drafts: list[Draft] = []
    for name in rule.parts:
        drafts.append(_part(rule, name, matches, scene, planner))
        scene = scene.behind(drafts[-1].edits)
    return drafts


def keys_of(match: PatternMatch, rule: Rule) -> tuple[Key, ...]:
    """What a match takes: modules by their paths, calls by their nodes; what is put beside a part takes nothing."""
    return tuple(_key(part, rule) for part in match.parts if part.name in rule.parts)


def paths_of(match: PatternMatch, rule: Rule) -> tuple[str, ...]:
    """The paths of the parts that change, in the order in which they run."""
    return tuple(part.path for part in match.parts if part.name in rule.parts)


def part_rule(rule: Rule, name: str) -> Rule:
    """What a rule does to one of its parts, as a rule of its own."""
    query = next(part.query for part in rule.query.pattern if part.name == name)
    return replace(rule, query=query, action=rule.parts[name], parts={})


def _part(rule: Rule, name: str, matches: Sequence[PatternMatch], scene: Scene, planner: Planner) -> Draft:
    """The draft for one part of all matches, each call or module once, without those that are done."""
    own = part_rule(rule, name)
    named = (part for match in matches for part in match.parts if part.name == name)
    found = {_key(part, rule): part for part in named if not part.done}
    chosen = frozenset(part.node for part in found.values())
    told = captured_facts(own, name, matches, scene)
    targets: list[AnyMatch] = []
    refused: list[Refusal] = []
    for key, part in found.items():
        target = _target(own, part, f"{rule.id}.{name}", chosen, scene)
        barred = target if isinstance(target, Refusal) else told.barred(own, part, scene)
        if barred is not None:
            refused.append(barred)
        elif not isinstance(target, Refusal):
            targets.append(target if key[0] != "module" else InstanceMatch(f"{rule.id}.{name}:{key[1]}", str(key[1])))
    drafts = [
        _planned(told.rule(own), group, list(found.values()), scene, planner)
        for group in _by_kind(list(dict.fromkeys(targets)))
    ]
    return join([Draft(refused=tuple(refused)), told.settled(own, join(drafts))])


def _planned(own: Rule, group: Sequence[AnyMatch], parts: Sequence[PartMatch], scene: Scene, planner: Planner) -> Draft:
    """The draft for matches of one kind.

    What cannot stand beside modules, or only where all is built, stands on the edges of their calls.
    """
    draft = planner(own, group, scene)
    paths = {it.path for it in group if isinstance(it, InstanceMatch)}
    edges = [it.edge for it in parts if it.path in paths]
    if own.action.kind != "insert" or _ease(draft) == (0, False) or not paths or None in edges:
        return draft
    at = "before" if own.action.at in ("before", "input") else "after"
    beside = replace(own, action=replace(own.action, at=at))
    return min(draft, planner(beside, [it for it in edges if it is not None], scene), key=_ease)


def _ease(draft: Draft) -> tuple[int, bool]:
    """How much is refused, and whether anything is written where all is built; the less the better."""
    return len(draft.refused), any(edit.rung == "override" for edit in draft.edits)


def _by_kind(targets: Sequence[AnyMatch]) -> list[list[AnyMatch]]:
    """Modules, calls and edges, each of which an action treats in a way of its own."""
    groups: dict[type[AnyMatch], list[AnyMatch]] = {}
    for it in targets:
        groups.setdefault(type(it), []).append(it)
    return list(groups.values())


def _target(own: Rule, part: PartMatch, name: str, chosen: frozenset[int | None], scene: Scene) -> AnyMatch | Refusal:
    """What the action on a part works on: the module, the call, or the edge beside the call."""
    module = InstanceMatch(f"{name}:{part.path}", part.path)
    if _becomes_function(part, own.action) and part.node is not None:
        return CallMatch(f"{name}:{part.path}#{part.node}", part.path, part.node)
    unfit = _unfit(own, part, chosen, scene)
    if unfit is None or own.action.kind != "insert":
        return unfit or module
    return part.edge or _nowhere(own, part, scene)


def _nowhere(own: Rule, part: PartMatch, scene: Scene) -> Refusal:
    """Why nothing can be put beside a call alone."""
    chain = scene.trace.nodes[part.node].chain if part.node is not None else ()
    message = "its result is returned, or read by several calls: no one edge is behind it"
    advice = "insert before what reads it, or leave such matches out by a `type` of this part"
    return refuse(own, part.path, "read-elsewhere", message, advice, where=chain[0].span if chain else None)


def _key(part: PartMatch, rule: Rule) -> Key:
    action = rule.parts[part.name]
    if action.kind == "insert":
        return ("beside", f"{rule.id}.{part.name}:{part.path}#{part.node}")
    return ("call", part.node) if _becomes_function(part, action) else ("module", part.path)


def _becomes_function(part: PartMatch, action: Action) -> bool:
    known = action.kind == "replace" and operation(action.block.removeprefix("nn.")) in _FUNCTIONS
    return known and part.node is not None


def _unfit(rule: Rule, part: PartMatch, chosen: frozenset[int | None], scene: Scene) -> Refusal | None:
    """Why a part is no module that could change: it is none, or it is called where no match is."""
    if part.node is None:
        return None
    node = scene.trace.nodes[part.node]
    where = node.chain[0].span if node.chain else None
    if node.kind != "module":
        what = f"to become {rule.action.block}" if rule.action.kind == "replace" else f"to {rule.action.kind}"
        message = f"the call of {node.name} is that of a function: no module stands there {what}"
        advice = "leave such matches out by a `type` of this part"
        return refuse(rule, part.path, "no-module", message, advice, where=where)
    rest = [it for it in scene.calls_of.get(scene.by_path[part.path].path, ()) if it.index not in chosen]
    if rest:
        message = "the module is called several times and not every call is selected"
        return refuse(rule, part.path, "some-calls", message, "select all of its calls, or exclude it", where=where)
    return None


def _barred(
    rule: Rule, drafts: Mapping[str, Draft], matches: Sequence[PatternMatch], scene: Scene
) -> dict[str, Refusal]:
    """The chains with a part that is refused, by their id, and why."""
    why: dict[tuple[str, str], Refusal] = {}
    for name, draft in drafts.items():
        for it in draft.refused:
            why.setdefault((name, it.path), it)
    found: dict[str, Refusal] = {}
    for match in matches:
        for part in match.parts:
            reason = next((why[part.name, path] for path in _names(part, scene) if (part.name, path) in why), None)
            if reason is not None:
                found[match.id] = _told(reason, match, part)
                break
    return found or _meeting(rule, drafts, matches, scene)


def _names(part: PartMatch, scene: Scene) -> Iterable[str]:
    instance = scene.by_path.get(part.path)
    return (part.path, *((instance.path, *instance.aliases) if instance is not None else ()))


def _told(reason: Refusal, match: PatternMatch, part: PartMatch) -> Refusal:
    message = f"the chain stays as it is, its {part.name} cannot change: {reason.message}"
    return replace(reason, path=match.path, message=message)


def _meeting(
    rule: Rule, drafts: Mapping[str, Draft], matches: Sequence[PatternMatch], scene: Scene
) -> dict[str, Refusal]:
    """A refusal for every chain where the edits of two parts want to change one expression."""
    named = [replace(rule, id=f"{rule.id}.{name}") for name in drafts]
    errors = find_conflicts(list(drafts.values()), named, scene.project)
    if not errors:
        return {}
    message = f"two of its parts want to change one expression, at {errors[0].place}"
    advice = "make a rule of each part, and run them one after the other"
    return {it.id: refuse(rule, it.path, "parts-meet", message, advice) for it in matches}
