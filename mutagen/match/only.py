"""Which of the targets ``only`` picks: positions among all that a query selects, in the order in which the model runs.

Products that stand already keep their places in that order, so that every second block stays the same blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mutagen.match.kinds import kind_of
from mutagen.match.ops import op_calls, operation
from mutagen.match.subjects import Subject
from mutagen.match.view import TraceView, node_within
from mutagen.records.rules import Only, Rule

NOT_PICKED = "not picked by only"
NEVER_RUN = "never run, so that only cannot count them"


@dataclass(frozen=True, slots=True)
class Counted:
    """Something that ``only`` counts.

    A subject that is to change; one at which the product at ``path`` is ``standing``; or such a product by itself.
    """

    path: str
    subject: Subject | None = None
    standing: bool = False


def picked(view: TraceView, rule: Rule, counted: Sequence[Counted]) -> tuple[list[Counted], dict[str, int]]:
    """What ``only`` leaves, and how much it leaves out and why."""
    only = rule.query.only
    if only is None:
        return list(counted), {}
    placed = [(where, it) for it in counted for where in _places(view, rule, it)]
    ordered = [it for _, it in sorted(placed, key=lambda pair: pair[0])]
    kept = [it for number, it in enumerate(ordered, start=1) if _asked(only, number, len(ordered))]
    running = {id(it) for it in ordered}
    misses = {NOT_PICKED: len(ordered) - len(kept), NEVER_RUN: sum(id(it) not in running for it in counted)}
    return list({id(it): it for it in kept}.values()), {name: count for name, count in misses.items() if count}


def _asked(only: Only, number: int, count: int) -> bool:
    tests = (
        not only.first or number <= only.first,
        not only.last or number > count - only.last,
        not only.every or number % only.every == 0,
        not only.nth or number == only.nth,
    )
    return all(tests)


def _places(view: TraceView, rule: Rule, counted: Counted) -> list[int]:
    """Where in the graph it runs: once for what is a module or an edge; every call of what replaced calls."""
    subject = counted.subject
    if subject is not None and subject.node is not None:
        return [subject.node]
    instance = view.instances_at.get(counted.path)
    paths = (counted.path,) if instance is None else tuple(dict.fromkeys((instance.path, *instance.aliases)))
    if subject is None and kind_of(rule.query) == "op":
        calls = op_calls(view, operation(rule.action.block))
        return [node.index for node in calls if (node.path if node.path is not None else node.scope) in paths]
    first = next((node.index for node in view.nodes if any(node_within(node, path) for path in paths)), None)
    return [] if first is None else [first]
