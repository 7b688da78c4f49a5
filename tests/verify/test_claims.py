"""Claims against numbers, without a model."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mutagen.errors import Place, ProofError
from mutagen.records.claims import Claim
from mutagen.records.plan import Edit, Plan, Product, RulePlan, SwapCall, SwapModule, Use
from mutagen.records.result import Counts, Proof, Report, Verdict, Weights
from mutagen.records.span import Span
from mutagen.records.target import Call, Target
from mutagen.records.trace import NodeKey
from mutagen.verify.claims import Effect, claimed, judge
from mutagen.verify.costs import Costs, ModuleCosts

KEY = NodeKey("", "relu", None, 0)
SPAN = Span("m.py", 3, 4, 3, 20)
EDITS = tuple(Edit(SPAN, "a", "b", name, "site", "", (f"{name}.conv",)) for name in ("one", "two"))
ONE = RulePlan("one", ("one.conv",), ("one.conv",), sites=("m.py:3:5",), instances=1, made=("one.conv",))
TWO = replace(ONE, rule="two", matched=("two.conv",), planned=("two.conv",), made=("two.conv",))
PLAN = Plan(
    1,
    "m.py",
    Call("Net"),
    (),
    {},
    edits=EDITS,
    surgery=tuple(SwapModule(f"{name}.conv", f"{name}.conv", Use("X")) for name in ("one", "two")),
    products=tuple(Product(f"{name}.conv", f"{name}.conv") for name in ("one", "two")),
    rules=(ONE, TWO),
)
COSTS = Costs(
    ModuleCosts({"one.conv": 60, "two.conv": 40}, {"one.conv": 600, "two.conv": 400}),
    ModuleCosts({"one.conv": 10, "two.conv": 70}, {"one.conv": 100, "two.conv": 700}),
)
WEIGHTS = Weights(("k",), {"two.conv.b": "two.conv.c"}, ("one.conv.new", "two.conv.new"), ("one.conv.weight",))
VERDICT = Verdict(Proof(True, True, 0.0, ()), (), Counts((200, 180), (0, 0), (2000, 1800)), WEIGHTS)


def claim(fact: str, low: float | None, high: float | None, *, unit: str = "change", rule: str = "one") -> Claim:
    return Claim(rule, fact, "as written", low, high, unit, Place("r.yaml", 5, 9))  # type: ignore[arg-type]


def found(
    *claims: Claim, verdict: Verdict | None = VERDICT, costs: Costs | None = COSTS, plan: Plan = PLAN
) -> list[tuple[bool, str | None]]:
    return [(it.met, it.found) for it in judge(Effect(replace(plan, claims=claims), verdict, lambda: costs))]


@pytest.mark.parametrize(
    ("low", "high", "unit", "met"),
    [
        (-20, -20, "change", True),
        (None, -1, "change", True),
        (-10, -10, "share", True),
        (-15, -5, "share", True),
        (-9.99, None, "share", False),
        (None, -21, "change", False),
        (0, 0, "change", False),
        (1, None, "change", False),
    ],
)
def test_ends_of_ranges_belong_to_them(low: float | None, high: float | None, unit: str, met: bool) -> None:
    assert found(claim("params", low, high, unit=unit, rule="")) == [(met, "-20 (-10.00 %)")]


def test_each_of_several_rules_answers_for_its_own_modules() -> None:
    asked = [claim(fact, None, 0, rule=rule) for rule in ("one", "two") for fact in ("params", "macs")]
    assert found(*asked) == [
        (True, "-50 (-25.00 %)"),
        (True, "-500 (-25.00 %)"),
        (False, "+30 (+15.00 %)"),
        (False, "+300 (+15.00 %)"),
    ]


def test_each_of_several_rules_answers_for_its_own_keys() -> None:
    asked = [
        claim(fact, 1, 1, unit="count", rule=rule)
        for rule in ("one", "two", "")
        for fact in ("keys_lost", "keys_moved", "keys_new")
    ]
    assert [int(text or -1) for _, text in found(*asked)] == [1, 0, 1, 0, 1, 1, 1, 1, 2]


def test_what_one_rule_replaced_and_another_wrapped_is_counted_once() -> None:
    """A norm that is replaced, and put into a Sequential with a gate: bn becomes bn.0, the gate is bn.1."""
    gate = Product("two.bn.1", "one.conv.1", wrapped="one.conv.0")
    surgery = (SwapModule("one.conv", "one.conv", Use("X")), SwapCall("two.bn.1", KEY, "gelu"))
    rules = (ONE, replace(TWO, made=("two.bn.1",)))
    plan = replace(PLAN, surgery=surgery, products=(Product("one.conv", "one.conv"), gate), rules=rules)
    costs = Costs(
        ModuleCosts({"one.conv": 60}, None), ModuleCosts({"one.conv": 45, "one.conv.0": 40, "one.conv.1": 5}, None)
    )
    keys = Weights((), {"one.conv.weight": "one.conv.0.weight"}, ("one.conv.1.g", "one.conv.0.h"), ("one.conv.mean",))
    verdict = replace(VERDICT, counts=replace(VERDICT.counts, params=(200, 185)), weights=keys)
    asked = [claim("params", None, 0, rule=rule) for rule in ("one", "two")]
    facts = ("keys_lost", "keys_moved", "keys_new")
    asked += [claim(fact, 1, 1, unit="count", rule=rule) for rule in ("one", "two") for fact in facts]
    assert [text for _, text in found(*asked, verdict=verdict, costs=costs, plan=plan)] == [
        *("-20 (-10.00 %)", "+5 (+2.50 %)"),
        *("1", "0", "1"),
        *("0", "1", "1"),
    ]


@pytest.mark.parametrize("params", [(200, 181), (200, 200)])
def test_what_does_not_add_up_is_not_known(params: tuple[int, int]) -> None:
    verdict = replace(VERDICT, counts=replace(VERDICT.counts, params=params))
    assert found(claim("params", None, None), verdict=verdict) == [(False, None)]


def test_without_costs_nothing_is_known_of_one_of_several_rules() -> None:
    assert found(claim("params", None, None), costs=None) == [(False, None)]
    alone = replace(PLAN, rules=(ONE, replace(TWO, planned=())))
    assert found(claim("params", None, None), costs=None, plan=alone) == [(True, "-20 (-10.00 %)")]


def test_multiply_adds_that_cannot_be_counted_meet_no_claim() -> None:
    verdict = replace(VERDICT, counts=replace(VERDICT.counts, macs=(-1, -1)))
    assert found(claim("macs", None, None), verdict=verdict) == [(False, None)]


def test_counts_of_instances_and_sites() -> None:
    asked = [claim("instances", 1, 1, unit="count"), claim("sites", 2, None, unit="count")]
    assert found(*asked) == [(True, "1"), (False, "1")]


def test_what_stands_already_is_asked_for_its_instances_alone() -> None:
    done = replace(PLAN, rules=(replace(ONE, planned=(), already=("one.conv",), sites=(), instances=1), TWO))
    asked = [claim("sites", 1, 1, unit="count"), claim("params", 5, 5), claim("instances", 2, 2, unit="count")]
    assert [met for met, _ in found(*asked, plan=done)] == [True, True, False]


def test_a_budget_that_is_exceeded_names_the_dearest_places() -> None:
    effect = Effect(replace(PLAN, claims=(claim("params", None, -100, rule=""),)), VERDICT, lambda: COSTS)
    (finding,) = judge(effect)
    assert not finding.met
    assert [(it.rule, it.amount, it.span) for it in finding.costliest] == [("two", 30, SPAN)]


def test_nothing_is_counted_where_nothing_is_claimed_or_all_is_met() -> None:
    target = Target("m.py", "m", (), ".", Call("Net"))

    def session(label: str) -> object:
        raise AssertionError(label)

    report = Report("would_change", PLAN, "fx", 1, 1, verdict=VERDICT)
    assert claimed(report, before=target, after=target, session=session) is report  # type: ignore[arg-type]
    met = replace(report, plan=replace(PLAN, claims=(claim("params", None, 0, rule=""),)))
    told = claimed(met, before=target, after=target, session=session)  # type: ignore[arg-type]
    assert (told.status, told.failure, [it.met for it in told.findings]) == ("would_change", "", [True])


def test_where_the_models_cannot_be_counted_the_claim_is_not_met() -> None:
    target = Target("m.py", "m", (), ".", Call("Net"))

    def session(label: str) -> object:
        raise ProofError("T201", "no time")

    plan = replace(PLAN, claims=(claim("params", None, 0), claim("sites", 9, 9, unit="count")))
    report = Report("would_change", plan, "fx", 1, 1, verdict=VERDICT)
    told = claimed(report, before=target, after=target, session=session)  # type: ignore[arg-type]
    assert told.status == "failed"
    assert "cannot be told apart" in told.failure
    assert told.failure.endswith("and 1 more")
