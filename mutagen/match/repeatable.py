"""Rules that a second run would read otherwise: they test what the rules of the run themselves change for good."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from mutagen.errors import RuleError
from mutagen.match.kinds import candidates
from mutagen.match.made import cost_before_known
from mutagen.match.view import TraceView, is_within
from mutagen.records.match import AnyMatch, PatternMatch, RuleMatches
from mutagen.records.rules import Action, Rule

COSTS: Final = frozenset({"params", "macs"})
SIZES: Final = frozenset({"macs", "macs_share", "height", "width"})
# What ``set`` may change without another cost or another size of anything; padding only as ``auto`` computes it.
_HARMLESS: Final = frozenset(
    {"dilation", "padding_mode", "eps", "momentum", "inplace", "p", "negative_slope", "affine"}
)


def not_repeatable(view: TraceView, found: Sequence[RuleMatches]) -> list[RuleError]:
    """One error M002 for each rule that tests a fact which a rule of the run shifts and no product maps back."""
    return [error for it in found if (error := _error(view, it.rule, found)) is not None]


def _error(view: TraceView, rule: Rule, found: Sequence[RuleMatches]) -> RuleError | None:
    for other in found:
        changing = [action for action in other.rule.actions if other.matches]
        for fact in sorted(rule.query.facts & (COSTS | SIZES)):
            if any(_shifts(view, fact, action, rule, other) for action in changing):
                message = f"rule {rule.id} tests {fact}, which rule {other.rule.id} changes: it is not repeatable"
                hint = "a second run would select something else; test a constructor argument, or select by path"
                return RuleError("M002", message, place=rule.place, hint=hint)
    return None


def _shifts(view: TraceView, fact: str, action: Action, rule: Rule, other: RuleMatches) -> bool:
    if action.kind == "set":
        resized = not _keeps_sizes(action)
        return resized and (fact in SIZES or fact == "params" and _holds(view, rule, other))
    if action.kind in ("insert", "skip") or action.kind == "replace" and cost_before_known(action.block):
        return False
    return fact == "macs_share" or fact in COSTS and _holds(view, rule, other)


def _keeps_sizes(action: Action) -> bool:
    padding = action.args.get("padding", "auto")
    return padding == "auto" and not set(action.args) - _HARMLESS - {"padding"}


def _holds(view: TraceView, rule: Rule, other: RuleMatches) -> bool:
    """Whether something that a rule may look at is, or holds, what another one changes."""
    changed = [path for match in other.matches for it in _changed(match) for path in _paths(it, view)]
    looked = {path for subject in candidates(view, rule).subjects for path in subject.paths}
    return any(is_within(path, owner) for path in changed for owner in looked)


def _changed(match: AnyMatch) -> Iterable[str]:
    return (part.path for part in match.parts) if isinstance(match, PatternMatch) else (match.path,)


def _paths(path: str, view: TraceView) -> Iterable[str]:
    instance = view.instances_at.get(path)
    return (path, *instance.aliases) if instance is not None else (path,)
