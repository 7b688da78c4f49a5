"""What became of the claims of a rule file: numbers that were found, against the ranges that were asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from mutagen.errors import MutagenError
from mutagen.records.claims import Claim, Finding
from mutagen.records.plan import Plan, RulePlan, SetArguments, SwapModule
from mutagen.records.result import Report, Verdict
from mutagen.records.target import Target
from mutagen.sandbox.runner import Session
from mutagen.verify.costs import Costs, costliest, find_costs, of_rule, place_of

_TAKES = SwapModule | SetArguments
_OF_CHANGES = ("params", "macs")


@dataclass
class Effect:
    """The effect of a plan; ``costs`` finds out, where it must be known, which rule costs what."""

    plan: Plan
    verdict: Verdict | None
    costs: Callable[[], Costs | None]

    @cached_property
    def known(self) -> Costs | None:
        """What the single matches cost, None where it cannot be found out."""
        return self.costs()

    @property
    def changing(self) -> list[str]:
        """The rules that change something."""
        return [rule.rule for rule in self.plan.rules if rule.planned]

    def total(self, fact: str) -> tuple[int, int] | None:
        """Parameters or multiply-adds before and after, None where they cannot be counted."""
        if self.verdict is None:
            return (0, 0)
        pair = self.verdict.counts.params if fact == "params" else self.verdict.counts.macs
        return None if min(pair) < 0 else pair


def judge(effect: Effect) -> tuple[Finding, ...]:
    """A finding for each claim of the plan, in their order."""
    rules = {rule.rule: rule for rule in effect.plan.rules}
    return tuple(_judged(claim, rules.get(claim.rule), effect) for claim in effect.plan.claims)


def _judged(claim: Claim, rule: RulePlan | None, effect: Effect) -> Finding:
    if rule is not None and claim.fact != "instances" and not rule.planned and rule.already:
        return Finding(claim, True, None, "all of it stands already")
    if claim.fact in _OF_CHANGES:
        finding = _change(claim, rule, effect)
    else:
        number = _count(claim, rule, effect)
        finding = Finding(claim, _within(claim, number), f"{number:,}")
    if rule is None and not finding.met and effect.known is not None and claim.fact in _OF_CHANGES:
        return Finding(claim, False, finding.found, finding.note, costliest(effect.plan, effect.known, claim.fact))
    return finding


def _count(claim: Claim, rule: RulePlan | None, effect: Effect) -> int:
    rules = effect.plan.rules if rule is None else (rule,)
    if claim.fact == "instances":
        return sum(it.instances for it in rules)
    if claim.fact == "sites":
        return len({site for it in rules for site in it.sites})
    if effect.verdict is None:
        return 0
    weights = effect.verdict.weights
    keys: dict[str, Iterable[str]] = {"keys_lost": weights.lost, "keys_moved": weights.moved, "keys_new": weights.new}
    if rule is None or effect.changing == [rule.rule]:
        return len(tuple(keys[claim.fact]))
    paths = _paths(claim.fact, rule, effect.plan)
    return sum(any(key.startswith(f"{path}.") for path in paths) for key in keys[claim.fact])


def _paths(fact: str, rule: RulePlan, plan: Plan) -> list[str]:
    """Paths below which a rule loses keys (what it takes away), makes new ones, or moves some (what it wraps)."""
    products = [it for it in plan.products if it.match in rule.made]
    if fact == "keys_new":
        return [place_of(it.path, plan) for it in products]
    taken = [step.path for step in plan.surgery if step.match in rule.made and isinstance(step, _TAKES)]
    if fact == "keys_lost":
        return taken
    holders = {it.wrapped.rpartition(".")[0]: it.match for it in plan.products if it.wrapped}
    return [path for path in (*taken, *holders) if path not in holders or holders[path] in rule.made]


def _change(claim: Claim, rule: RulePlan | None, effect: Effect) -> Finding:
    pair = effect.total(claim.fact)
    if pair is None:
        return Finding(claim, False, None, "the multiply-adds of this model cannot be counted")
    before, after = pair
    difference: int | None = after - before
    if rule is not None and not rule.planned:
        difference = 0
    elif rule is not None and effect.changing != [rule.rule]:
        difference = of_rule(rule, effect.plan, effect.known, fact=claim.fact, total=after - before)
    if difference is None:
        return Finding(claim, False, None, "what each of several rules adds cannot be told apart; claim it in `budget`")
    share = 100 * difference / before if before else None
    found = f"{difference:+,}" + (f" ({share:+.2f} %)" if share is not None and difference else "")
    if claim.unit == "share" and share is None:
        return Finding(claim, difference == 0, found, "there is nothing before that it could be a share of")
    return Finding(claim, _within(claim, share if claim.unit == "share" and share is not None else difference), found)


def _within(claim: Claim, number: float) -> bool:
    return (claim.low is None or number >= claim.low) and (claim.high is None or number <= claim.high)


def claimed(report: Report, *, before: Target, after: Target, session: Callable[[str], Session]) -> Report:
    """The report with what became of the claims; one that is not met keeps the change from being written.

    ``session`` opens processes in which both models can be built once more, should it come to that.
    """
    if not report.plan.claims:
        return report

    def costs() -> Costs | None:
        try:
            return find_costs(session("the model, counted"), session("the edited model, counted"), before, after)
        except MutagenError:
            return None  # what cannot be found out is told as such

    findings = judge(Effect(report.plan, report.verdict, costs))
    unmet = [it for it in findings if not it.met]
    if not unmet:
        return replace(report, findings=findings)
    failure = failure_of(unmet[0]) + (f", and {len(unmet) - 1} more" if len(unmet) > 1 else "")
    return replace(report, findings=findings, status="failed", failure=failure)


def failure_of(finding: Finding) -> str:
    """What an unmet claim wants and what was found, in one sentence."""
    claim = finding.claim
    found = f"found {finding.found}" if finding.found is not None else finding.note
    if claim.rule:
        return f"rule {claim.rule} expects {claim.fact} {claim.wanted}, {found}"
    return f"the budget of {claim.fact} {claim.wanted} is exceeded, {found}"
