"""Which rule gets a target that several of them select: the first one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mutagen.planning import patterns
from mutagen.planning.reserved import Reserved
from mutagen.records.match import AnyMatch, CallMatch, InstanceMatch, PatternMatch, RuleMatches
from mutagen.records.rules import Rule
from mutagen.records.trace import Trace


def first_rule_wins(found: Sequence[RuleMatches], trace: Trace) -> Mapping[str, list[AnyMatch]]:
    """Each module and each call goes to the first rule that selects it; edges are other things and may be shared."""
    taken: dict[tuple[str, object], str] = {}
    free: dict[str, list[AnyMatch]] = {}
    replaced = _replaced(found)
    reserved = Reserved()
    for it in found:
        mine: list[AnyMatch] = []
        partly = _called_elsewhere(it, trace)
        for match in it.matches:
            if _goes_with(match, it.rule, replaced, trace) or reserved.holds(match):
                continue
            keys = _keys(match, it.rule, trace)
            if all(taken.get(key, it.rule.id) == it.rule.id for key in keys):
                taken.update(dict.fromkeys((key for key in keys if key not in partly), it.rule.id))
                mine.append(match)
        free[it.rule.id] = mine
        for held in it.held:
            taken.setdefault(("module" if isinstance(held, str) else "call", held), it.rule.id)
        if it.rule.action.kind == "skip":
            reserved.add(it.matches)
    return free


def _called_elsewhere(found: RuleMatches, trace: Trace) -> frozenset[tuple[str, object]]:
    """The modules of which a rule selects some calls: these change by themselves, the module stays for the others."""
    keys = {key for match in found.matches for key in _keys(match, found.rule, trace)}
    nodes = {number for kind, number in keys if kind == "call"}
    if not nodes:
        return frozenset()
    rest = {node.path for node in trace.nodes if node.path is not None and node.index not in nodes}
    return frozenset(key for key in keys if key[0] == "module" and key[1] in rest)


def _keys(match: AnyMatch, rule: Rule, trace: Trace) -> tuple[tuple[str, object], ...]:
    """What a match takes, so that no later rule may; who takes all calls of a module takes the module."""
    if isinstance(match, PatternMatch):
        keys = patterns.keys_of(match, rule)
        calls = (trace.nodes[key] for kind, key in keys if kind == "call" and isinstance(key, int))
        return (*keys, *(("module", it.path) for it in calls if it.path is not None))
    if isinstance(match, InstanceMatch):
        return (("beside", match.id) if rule.action.kind == "insert" else ("module", match.path),)
    if isinstance(match, CallMatch):
        called = trace.nodes[match.node].path if rule.action.kind != "insert" else None
        return (("call", match.node), *([("module", called)] if called is not None else []))
    return (("edge", match.id),)


def _replaced(found: Sequence[RuleMatches]) -> Mapping[str, str]:
    """Modules that are replaced as a whole, with the rule that does it; what they hold goes with them."""
    return {
        match.path: it.rule.id
        for it in found
        if it.rule.action.kind in ("replace", "remove")
        for match in it.matches
        if isinstance(match, InstanceMatch)
    }


def _prefixes(path: str) -> list[str]:
    parts = path.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts) + 1)]


def _goes_with(match: AnyMatch, rule: Rule, replaced: Mapping[str, str], trace: Trace) -> bool:
    """Whether a match of one rule is part of a module that another rule replaces."""
    outer = [prefix for prefix in _prefixes(match.path) if replaced.get(prefix, rule.id) != rule.id]
    is_module = isinstance(match, InstanceMatch) or isinstance(match, CallMatch) and trace.nodes[match.node].path
    return any(prefix != match.path or not is_module for prefix in outer)
