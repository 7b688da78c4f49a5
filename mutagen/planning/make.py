"""The plan for all rules of a run."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from mutagen.actions import (
    insert_edge,
    insert_module,
    remove_module,
    replace_call,
    replace_module,
    set_arguments,
    wrap_module,
)
from mutagen.actions.draft import Draft, join
from mutagen.actions.reads import type_notes
from mutagen.actions.scene import Scene, refuse
from mutagen.blocks.catalogue import load_blocks
from mutagen.blocks.replacement import find_replacement
from mutagen.blocks.text import uses_of
from mutagen.errors import ErrorGroup, MutagenError, RuleError
from mutagen.planning import patterns
from mutagen.planning.apart import changed_apart
from mutagen.planning.between import Between
from mutagen.planning.bound_results import share_bound
from mutagen.planning.conflicts import find_conflicts
from mutagen.planning.distinct import distinct
from mutagen.planning.first import first_rule_wins
from mutagen.planning.nested import merge_nested
from mutagen.planning.order import enclosed, nearest_first, out_of_order
from mutagen.planning.shared_blocks import share_definitions
from mutagen.planning.shared_heads import share_conditions
from mutagen.planning.spared import Spared, refused, stop
from mutagen.planning.strategy import on_its_rung
from mutagen.records.blocks import Block
from mutagen.records.match import AnyMatch, CallMatch, EdgeMatch, InstanceMatch, PatternMatch, RuleMatches
from mutagen.records.plan import Plan, Refusal, RulePlan, SetArguments, SwapCall
from mutagen.records.rules import Rule
from mutagen.records.trace import Trace
from mutagen.source.project import Project

SCHEMA_VERSION: Final = 1


def make_plan(
    found: Sequence[RuleMatches],
    trace: Trace,
    project: Project,
    *,
    blocks: Mapping[str, Block],
    products: Mapping[str, str],
    late: bool = False,
) -> Plan:
    """Edits, surgery and refusals for what the rules select; raises for a rule without match and for conflicts.

    With ``late`` modules are replaced when everything is built, where that can be. What comments or the configuration
    keep from a rule is left alone; a rule that would have to change it none the less is refused.
    """
    spared = Spared(trace, project)
    kept = tuple(spared.without(it) for it in found)
    stopped: dict[str, tuple[Refusal, ...]] = {}
    while True:
        some = [stop(it) if it.rule.id in stopped else it for it in kept]
        plan = _planned(some, trace, project, blocks=blocks, products=products, late=late)
        new = {name: it for name, it in spared.touching(plan).items() if name not in stopped}
        if not new:
            return spared.told(plan, kept, stopped)
        stopped |= {it.rule.id: refused(it, *new[it.rule.id]) for it in kept if it.rule.id in new}


def _planned(
    found: Sequence[RuleMatches],
    trace: Trace,
    project: Project,
    *,
    blocks: Mapping[str, Block],
    products: Mapping[str, str],
    late: bool,
) -> Plan:
    _all_match(found)
    scene = Scene(trace, project, blocks, products, late)
    free = first_rule_wins(found, trace)
    drafts: list[Draft] = []
    ordered = nearest_first(found)
    between, known = Between([it.rule for it in ordered], free), set[str]()
    for it in ordered:
        mine = free[it.rule.id]
        draft = _drop_refused(join([_on_rung(it, mine, between.seen_by(it.rule, mine, scene)), _unseen(it, scene)]))
        draft = distinct(draft, it.rule.id, known)
        drafts.append(_noted(it.rule, draft, scene))
        between.enclose(it.rule, enclosed(it.rule, draft, mine, trace))
        scene = scene.behind(draft.edits)
    drafts = [replace(it, edits=merge_nested(it.edits, project)) for it in drafts]
    drafts = share_conditions(share_bound(drafts))
    rules = [it.rule for it in ordered]
    conflicts = [*find_conflicts(drafts, rules, project), *out_of_order(rules, drafts, free, trace)]
    conflicts += changed_apart(drafts, rules, project)
    if conflicts:
        raise ErrorGroup(tuple(conflicts)) if len(conflicts) > 1 else conflicts[0]
    whole = share_definitions(join(drafts), project, blocks)
    outcomes = {
        it.rule.id: _outcome(it, draft, len(free[it.rule.id])) for it, draft in zip(ordered, drafts, strict=True)
    }
    touched = {edit.span.file for edit in whole.edits} | {it.file for it in whole.definitions}
    touched = {path for path in touched if Path(path).exists()}
    return Plan(
        schema_version=SCHEMA_VERSION,
        file=project.target,
        call=trace.call,
        inputs=trace.inputs,
        hashes={path: hashlib.sha256(project.read(path)).hexdigest() for path in sorted(touched)},
        edits=whole.edits,
        definitions=whole.definitions,
        imports=whole.imports,
        surgery=whole.surgery,
        products=whole.products,
        rules=tuple(outcomes[it.rule.id] for it in found),
        notes=whole.notes,
        switches=whole.switches,
        claims=tuple(claim for it in found for claim in it.rule.claims),
        blocks=_brought(whole, blocks),
    )


def _brought(draft: Draft, blocks: Mapping[str, Block]) -> tuple[Block, ...]:
    """The blocks of the rule file that something is to be done with, and all that these are made of."""
    shipped = load_blocks()
    wanted = [it.use.block for it in draft.surgery if not isinstance(it, SwapCall | SetArguments)]
    wanted += [it.block for it in draft.definitions]
    found: dict[str, Block] = {}
    while wanted:
        block = blocks.get(wanted.pop(0))
        if block is not None and block.name not in found and shipped.get(block.name) is not block:
            found[block.name] = replace(block, tried={})
            wanted += uses_of(block)
    return tuple(found.values())


def _on_rung(found: RuleMatches, matches: Sequence[AnyMatch], scene: Scene) -> Draft:
    return on_its_rung(found.rule, scene, lambda rule, seen: _draft(rule, matches, seen))


def _draft(rule: Rule, matches: Sequence[AnyMatch], scene: Scene) -> Draft:
    """The draft of one rule: its action decides, by what its matches are."""
    if not matches:
        return Draft()
    first = matches[0]
    if isinstance(first, PatternMatch):
        chains = [it for it in matches if isinstance(it, PatternMatch)]
        return patterns.plan(rule, chains, scene, lambda own, found, seen: _noted(own, _draft(own, found, seen), seen))
    if rule.action.kind == "replace" and isinstance(first, InstanceMatch):
        return replace_module.plan(rule, [it for it in matches if isinstance(it, InstanceMatch)], scene)
    if rule.action.kind == "replace" and isinstance(first, CallMatch):
        return replace_call.plan(rule, [it for it in matches if isinstance(it, CallMatch)], scene)
    if rule.action.kind == "set" and isinstance(first, InstanceMatch):
        return set_arguments.plan(rule, [it for it in matches if isinstance(it, InstanceMatch)], scene)
    if rule.action.kind == "insert" and isinstance(first, InstanceMatch) and rule.action.at != "branch-end":
        return insert_module.plan(rule, [it for it in matches if isinstance(it, InstanceMatch)], scene)
    if rule.action.kind == "skip":
        return Draft()
    if rule.action.kind == "wrap" and isinstance(first, InstanceMatch):
        return wrap_module.plan(rule, [it for it in matches if isinstance(it, InstanceMatch)], scene)
    if rule.action.kind == "remove" and isinstance(first, InstanceMatch):
        return remove_module.plan(rule, [it for it in matches if isinstance(it, InstanceMatch)], scene)
    if rule.action.kind == "insert" and any(isinstance(it, CallMatch) for it in matches):
        return _beside_calls(rule, matches, scene)
    if rule.action.kind == "insert" and isinstance(first, EdgeMatch):
        return insert_edge.plan(rule, [it for it in matches if isinstance(it, EdgeMatch)], scene)
    message = f"{rule.action.kind} cannot work on what this match selects"
    refused = refuse(rule, first.path, "no-action", message, "see `mutagen rules list` for what goes together")
    return Draft(refused=(refused,))


def _beside_calls(rule: Rule, matches: Sequence[AnyMatch], scene: Scene) -> Draft:
    """The draft for the calls that have one edge where the new block can be; a refusal for the others."""
    calls = [it for it in matches if isinstance(it, CallMatch)]
    message = "the result is returned, or read by several calls: no one edge is behind it"
    if rule.action.at == "before":
        message = "the call reads no tensor"
    advice = "insert behind a module instead: match: {type: ...}, insert: {at: after}"
    chains = [scene.trace.nodes[it.node].chain for it in calls]
    refused = tuple(
        refuse(rule, it.path, "read-elsewhere", message, advice, where=chain[0].span if chain else None)
        for it, chain in zip(calls, chains, strict=True)
    )
    rest = [it for it in matches if not isinstance(it, CallMatch)]
    return join([Draft(refused=refused), _draft(rule, rest, scene)])


def _unseen(found: RuleMatches, scene: Scene) -> Draft:
    """A refusal for the calls that a rule would select if they could be seen."""
    hidden = scene.trace.hidden
    if not hidden or not found.rule.query.speaks_of_calls:
        return Draft()
    chain = scene.by_path[hidden[0]].chain
    message = f"it runs inside an autograd function, as {len(hidden)} module(s) do; no call there can be followed"
    advice = "select modules by their type, or allow the rest to change: partial: allow"
    return Draft(
        refused=(
            refuse(found.rule, hidden[0], "opaque-function", message, advice, where=chain[0].span if chain else None),
        )
    )


def _noted(rule: Rule, draft: Draft, scene: Scene) -> Draft:
    """The draft with what the user should know of code that asks for the class of what is replaced."""
    if rule.action.kind not in ("replace", "remove"):
        return draft
    known = [scene.by_path[path] for path in draft.planned if path in scene.by_path]
    instances = [it for it in known if find_replacement(it, rule.action.block, scene.blocks) is not None]
    made = [it.chain[0].span.file for it in instances if it.chain]
    files = [
        it for it in (scene.project.target, *(it.span.file for it in draft.edits), *made) if it in scene.project.files
    ]
    return replace(draft, notes=(*draft.notes, *type_notes(rule, instances, tuple(dict.fromkeys(files)), scene)))


def _drop_refused(draft: Draft) -> Draft:
    """Paths with a refusal are not planned, whatever else was found for them."""
    refused = {it.path for it in draft.refused}
    if not refused:
        return draft
    return replace(draft, planned=tuple(path for path in draft.planned if path not in refused))


def _all_match(found: Sequence[RuleMatches]) -> None:
    """Raise for every rule that selects nothing, unless its product stands already or it is optional."""
    errors: list[MutagenError] = []
    for it in found:
        if not it.matches and not it.already and not it.rule.optional:
            hint = "correct the match, or mark the rule `optional: true`"
            message = f"rule {it.rule.id} matches nothing: {it.explanation}"
            errors.append(RuleError("M001", message, place=it.rule.place, hint=hint))
    if errors:
        raise ErrorGroup(tuple(errors)) if len(errors) > 1 else errors[0]


def _paths(match: AnyMatch, rule: Rule) -> tuple[str, ...]:
    return patterns.paths_of(match, rule) if isinstance(match, PatternMatch) else (match.path,)


def _outcome(found: RuleMatches, draft: Draft, taken: int) -> RulePlan:
    return RulePlan(
        rule=found.rule.id,
        matched=tuple(dict.fromkeys(path for match in found.matches for path in _paths(match, found.rule))),
        planned=tuple(dict.fromkeys(draft.planned)),
        already=found.already,
        refused=draft.refused,
        sites=draft.sites,
        explanation=found.explanation,
        partial=found.rule.action.partial,
        instances=taken + len(found.already),
        made=tuple(dict.fromkeys(it.match for it in (*draft.surgery, *draft.products))),
        spared=found.spared,
    )
