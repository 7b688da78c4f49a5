"""What each match of a plan costs, by the modules that it takes away and those that it makes. Needs no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mutagen.records.claims import SiteCost
from mutagen.records.plan import Edit, InsertAtModule, Plan, RulePlan
from mutagen.records.span import Span
from mutagen.records.target import Target
from mutagen.records.trace import Trace
from mutagen.sandbox.runner import Session

_MOST = 5


@dataclass(frozen=True)
class ModuleCosts:
    """Parameters and multiply-adds of the modules of one model by path; ``macs`` is None where there is no counting."""

    params: Mapping[str, int]
    macs: Mapping[str, int] | None

    def of(self, fact: str, path: str) -> int:
        """What the module there, with all it holds, costs; 0 where there is none."""
        return (self.params if fact == "params" else self.macs or {}).get(path, 0)


@dataclass(frozen=True)
class Costs:
    """The modules of the original and of the edited model."""

    before: ModuleCosts
    after: ModuleCosts


def find_costs(original: Session, edited: Session, before: Target, after: Target) -> Costs:
    """Build and run both models once more to see what each module costs. Raises MutagenError where one fails."""
    for session, target in ((original, before), (edited, after)):
        session.start("mutagen.trace.session:open_model", target, need_calls=False)
    return Costs(_measured(original), _measured(edited))


def _measured(session: Session) -> ModuleCosts:
    trace = session.result()
    assert isinstance(trace, Trace)
    session.start("mutagen.trace.costs:macs_by_path")
    macs = session.result()
    params = {path: int(str(it.facts["params"])) for it in trace.instances for path in (it.path, *it.aliases)}
    return ModuleCosts(params, macs if isinstance(macs, Mapping) else None)


def of_rule(rule: RulePlan, plan: Plan, costs: Costs | None, *, fact: str, total: int) -> int | None:
    """What one of several rules adds; None where the sum over all is not the ``total``, so that none of it is sure."""
    if costs is None or (fact == "macs" and None in (costs.before.macs, costs.after.macs)):
        return None
    amounts = of_matches(plan, costs, fact)
    if sum(amounts.values()) != total:
        return None
    return sum(amounts[match] for match in rule.made)


def of_matches(plan: Plan, costs: Costs, fact: str) -> dict[str, int]:
    """What each match adds: its products, without what they take the place of."""
    made: dict[str, int] = {}
    for product in plan.products:
        made[product.match] = made.get(product.match, 0) + costs.after.of(fact, place_of(product.path, plan))
    for step in plan.surgery:
        path = getattr(step, "path", None)
        if path is None or isinstance(step, InsertAtModule):
            made.setdefault(step.match, 0)
            continue
        made.setdefault(step.match, costs.after.of(fact, place_of(path, plan)))
        made[step.match] -= costs.before.of(fact, path)
    return made


def place_of(path: str, plan: Plan) -> str:
    """Where a product stands in the edited model: what one rule replaced, another may have put into a container."""
    replaced = {getattr(step, "path", None) for step in plan.surgery if not isinstance(step, InsertAtModule)}
    if path not in replaced:
        return path
    moved = {it.wrapped.rpartition(".")[0]: it.wrapped for it in plan.products if it.wrapped}
    parts = path.split(".")
    around = (".".join(parts[:count]) for count in range(len(parts), 0, -1))
    container = next((it for it in around if it in moved), None)
    return path if container is None else moved[container] + path.removeprefix(container)


def costliest(plan: Plan, costs: Costs, fact: str) -> tuple[SiteCost, ...]:
    """The places of the source that add most, the dearest first; at most five."""
    amounts: dict[tuple[str, Span], list[int]] = {}
    all_of_them = of_matches(plan, costs, fact)
    for rule in plan.rules:
        for match in rule.made:
            edit = _edit_of(match, rule, plan)
            if edit is not None and all_of_them[match] > 0:
                amounts.setdefault((rule.rule, edit.span), []).append(all_of_them[match])
    found = [SiteCost(span, rule, sum(each), len(each)) for (rule, span), each in amounts.items()]
    return tuple(sorted(found, key=lambda it: -it.amount)[:_MOST])


def _edit_of(match: str, rule: RulePlan, plan: Plan) -> Edit | None:
    """The first edit that has to do with a product: with its place, or with what holds it."""
    edits = [it for it in plan.edits if it.rule == rule.rule]
    parts = match.split(".")
    around = [".".join(parts[:count]) for count in range(len(parts), -1, -1)]
    return next((it for path in around for it in edits if path in it.instances), None)
