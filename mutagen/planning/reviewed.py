"""What is left of a plan when somebody has refused some of its edits."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from mutagen.records.match import AnyMatch, InstanceMatch, PatternMatch, RuleMatches
from mutagen.records.plan import Edit, Plan
from mutagen.records.result import FileChange
from mutagen.records.review import Review
from mutagen.records.trace import Trace

Found = tuple[RuleMatches, ...]


def reviewed(
    found: Found,
    plan: Plan,
    trace: Trace,
    review: Review,
    *,
    changes: Callable[[Plan], tuple[FileChange, ...]],
    again: Callable[[Found], Plan],
) -> tuple[Found, Plan, frozenset[Edit]]:
    """The matches without those of refused edits, the plan for them, every edit of which was accepted, and the refused.

    What an edit is refused for is dropped whole: the rule may not do the rest of it. A new plan is shown again, until
    nothing is refused; an edit that comes back although it was refused takes its whole rule along.
    """
    before: set[Edit] = set()
    while plan.edits:
        refused = set(review(plan, changes(plan)))
        if not refused:
            break
        stubborn = {it.rule for it in refused & before}
        before |= refused
        less = tuple(_without(it, refused, trace, whole=it.rule.id in stubborn) for it in found)
        if _count(less) == _count(found):
            rules = {it.rule for it in refused}
            less = tuple(_without(it, refused, trace, whole=it.rule.id in rules) for it in found)
        found, plan = less, again(less)
    return found, plan, frozenset(before)


def _without(found: RuleMatches, refused: Collection[Edit], trace: Trace, *, whole: bool) -> RuleMatches:
    """The matches of a rule but those that refused edits are for; a rule without any need not match."""
    dropped = found.matches if whole else [match for it in refused for match in _of(it, found, trace)]
    ids = {it.id for it in dropped}
    kept = tuple(it for it in found.matches if it.id not in ids)
    if len(kept) == len(found.matches):
        return found
    told = f"{found.explanation}; {len(found.matches) - len(kept)} of these refused by hand"
    return replace(found, rule=replace(found.rule, optional=True), matches=kept, explanation=told)


def _of(edit: Edit, found: RuleMatches, trace: Trace) -> Sequence[AnyMatch]:
    """The matches of a rule that an edit is for: those at its place among those of its modules, where any is there."""
    if edit.rule != found.rule.id:
        return ()
    mine = [it for it in found.matches if _paths(it) & set(edit.instances)]
    if not mine:
        return found.matches
    return [it for it in mine if _stands_at(it, edit, trace)] or mine


def _paths(match: AnyMatch) -> set[str]:
    """The modules that a match is about."""
    parts = match.parts if isinstance(match, PatternMatch) else ()
    return {match.path, *(it.path for it in parts)}


def _stands_at(match: AnyMatch, edit: Edit, trace: Trace) -> bool:
    if isinstance(match, InstanceMatch | PatternMatch):
        return False
    spans = [it.span for it in trace.nodes[match.node].chain]
    return any(
        it.file == edit.span.file and it.line <= edit.span.end_line and it.end_line >= edit.span.line for it in spans
    )


def _count(found: Found) -> int:
    return sum(len(it.matches) for it in found)
