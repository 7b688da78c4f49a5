"""Several rules that put something on one tensor: which comes first, and whether the source can have it so.

What is inserted behind a module is nearer to it than what is inserted on the edge from there to a join; of two on one
edge the rule that comes first does. Lines of ``forward`` stand behind whatever a module holds, so what is put into a
module after everything is built cannot come behind them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mutagen.actions.draft import Draft
from mutagen.errors import ClashError
from mutagen.records.match import AnyMatch, EdgeMatch, InstanceMatch, RuleMatches
from mutagen.records.rules import Rule
from mutagen.records.trace import Trace

Place = tuple[str, object]


def nearest_first(found: Sequence[RuleMatches]) -> list[RuleMatches]:
    """The rules with those that insert on edges behind the others."""
    return sorted(found, key=lambda it: any(isinstance(match, EdgeMatch) for match in it.matches))


def out_of_order(
    rules: Sequence[Rule], drafts: Sequence[Draft], free: Mapping[str, Sequence[AnyMatch]], trace: Trace
) -> list[ClashError]:
    """One error P011 for each two rules of which the later would come first."""
    places = [_places(rule, draft, free[rule.id], trace) for rule, draft in zip(rules, drafts, strict=True)]
    errors: list[ClashError] = []
    for index, late in enumerate(places):
        inside = {place for place, written in late.items() if not written}
        first = next((i for i in range(index) if any(places[i].get(place) for place in inside)), None)
        if first is not None:
            errors.append(_error(rules[first], rules[index]))
    return errors


def enclosed(rule: Rule, draft: Draft, matches: Sequence[AnyMatch], trace: Trace) -> list[str]:
    """The modules that a rule puts into others, together with what it inserts behind them."""
    places = _places(rule, draft, matches, trace)
    return [str(path) for (kind, path), written in places.items() if kind == "module" and not written]


def _places(rule: Rule, draft: Draft, matches: Sequence[AnyMatch], trace: Trace) -> dict[Place, bool]:
    """Where a rule inserts something, by the module or edge it comes from, and whether ``forward`` calls it there."""
    if rule.action.kind != "insert" or rule.action.at in ("before", "input"):
        return {}
    called = {path for edit in draft.edits if edit.rung == "forward" for path in edit.instances}
    found: dict[Place, bool] = {}
    for match in matches:
        if match.path not in draft.planned:
            continue
        if isinstance(match, EdgeMatch):
            source = trace.nodes[trace.nodes[match.node].inputs[match.operand]]
            found[("edge", (match.node, match.operand))] = match.path in called
            if source.path is not None:
                found.setdefault(("module", source.path), match.path in called)
        elif isinstance(match, InstanceMatch):
            found[("module", match.path)] = match.path in called
    return found


def _error(first: Rule, second: Rule) -> ClashError:
    message = (
        f"what {second.id} inserts goes into a module, in front of the line in which {first.id} calls what it inserts"
    )
    hint = f"put {second.id} before {first.id}, or run them one after the other"
    return ClashError("P011", message, place=second.place, hint=hint)
