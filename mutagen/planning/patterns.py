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
from mutagen.records.match import AnyMatch, CallMatch, InstanceMatch, PartMatch, PatternMatch
from mutagen.records.plan import Refusal
from mutagen.records.rules import Rule

Planner = Callable[[Rule, Sequence[AnyMatch]], Draft]
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
        parts = share_bound([_part(rule, name, left, scene, planner) for name in rule.parts])
        drafts = dict(zip(rule.parts, parts, strict=True))
        barred = _barred(rule, drafts, left, scene)
        if not barred:
            return join([*drafts.values(), Draft(refused=tuple(refused))])
        refused += barred.values()
        left = [match for match in left if match.id not in barred]
    return Draft(refused=tuple(refused))


def keys_of(match: PatternMatch, rule: Rule) -> tuple[Key, ...]:
    """What a chain changes: modules by their paths, calls by their nodes."""
    return tuple(_key(part, rule) for part in match.parts if part.name in rule.parts)


def paths_of(match: PatternMatch, rule: Rule) -> tuple[str, ...]:
    """The paths of the parts that change, in the order in which they run."""
    return tuple(part.path for part in match.parts if part.name in rule.parts)


def part_rule(rule: Rule, name: str) -> Rule:
    """What a rule does to one of its parts, as a rule of its own."""
    query = next(part.query for part in rule.query.pattern if part.name == name)
    return replace(rule, query=query, action=rule.parts[name], parts={})


def _part(rule: Rule, name: str, matches: Sequence[PatternMatch], scene: Scene, planner: Planner) -> Draft:
    """The draft for one part of all chains, each call or module once."""
    own = part_rule(rule, name)
    found = {_key(part, rule): part for match in matches for part in match.parts if part.name == name}
    chosen = frozenset(part.node for part in found.values())
    told = captured_facts(own, name, matches, scene)
    targets: dict[Key, AnyMatch] = {}
    refused: list[Refusal] = []
    for key, part in found.items():
        barred = _unfit(own, part, chosen, scene) or told.barred(own, part, scene)
        if barred is not None:
            refused.append(barred)
        elif key[0] == "call" and part.node is not None:
            targets[key] = CallMatch(f"{rule.id}.{name}:{part.path}#{part.node}", part.path, part.node)
        else:
            targets[key] = InstanceMatch(f"{rule.id}.{name}:{key[1]}", str(key[1]))
    draft = planner(told.rule(own), list(targets.values()))
    return join([Draft(refused=tuple(refused)), told.settled(own, draft)])


def _key(part: PartMatch, rule: Rule) -> Key:
    block = operation(rule.parts[part.name].block.removeprefix("nn."))
    return ("call", part.node) if block in _FUNCTIONS and part.node is not None else ("module", part.path)


def _unfit(rule: Rule, part: PartMatch, chosen: frozenset[int | None], scene: Scene) -> Refusal | None:
    """Why a part cannot become a module: it is none, or it is called where no chain is."""
    if _key(part, replace(rule, parts={part.name: rule.action}))[0] == "call" or part.node is None:
        return None
    node = scene.trace.nodes[part.node]
    where = node.chain[0].span if node.chain else None
    if node.kind != "module":
        message = f"the call of {node.name} is that of a function: no module stands there to become {rule.action.block}"
        return refuse(
            rule, part.path, "no-module", message, "leave such chains out by a `type` of this part", where=where
        )
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
