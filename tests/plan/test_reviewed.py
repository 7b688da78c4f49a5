"""What a review leaves of matches, and that it always comes to an end."""

from __future__ import annotations

from collections.abc import Collection

from mutagen.planning.reviewed import reviewed
from mutagen.records.match import CallMatch, InstanceMatch, PartMatch, PatternMatch, RuleMatches
from mutagen.records.plan import Edit, Plan
from mutagen.records.rules import Action, Query, Rule
from mutagen.records.span import Span
from mutagen.records.target import Call
from mutagen.records.trace import CallSite, Node, NodeKey, Trace


def edit(line: int, *paths: str, rule: str = "r") -> Edit:
    return Edit(Span("/m.py", line, 0, line, 5), "old", f"new{line}", rule, "site", "", paths)


def node(index: int, line: int) -> Node:
    span = Span("/m.py", line, 0, line, 5)
    return Node(index, "function", "relu", NodeKey("b", "relu", span, 0), chain=(CallSite(span, "forward", 0),))


TRACE = Trace("fx", (), (node(0, 1), node(1, 2)), (), False, Call("Net"), ())


def matches(*given: object, rule: str = "r") -> RuleMatches:
    return RuleMatches(Rule(rule, Query(), Action("replace", "x")), given, explanation="seen")  # type: ignore[arg-type]


def review_of(found: tuple[RuleMatches, ...], edits: dict[str, tuple[Edit, ...]], refused: set[Edit]) -> list[str]:
    """The ids of what is left where each match makes its edits, and some edits are refused whenever they are shown."""
    shown: list[int] = []

    def again(left: tuple[RuleMatches, ...]) -> Plan:
        kept = [it for each in left for match in each.matches for it in edits[match.id]]
        return Plan(1, "/m.py", Call("Net"), (), {}, tuple(dict.fromkeys(kept)))

    def ask(plan: Plan, _: object) -> Collection[Edit]:
        shown.append(len(plan.edits))
        assert len(shown) < 9, "it does not come to an end"
        return refused & set(plan.edits)

    left, plan, _ = reviewed(found, again(found), TRACE, ask, changes=lambda plan: (), again=again)
    assert not refused & set(plan.edits)
    assert all(it.rule.optional for it in left if not it.matches)
    return [match.id for it in left for match in it.matches]


def test_nothing_refused_is_all_kept_after_one_look() -> None:
    found = (matches(InstanceMatch("a", "x"), InstanceMatch("b", "y")),)
    assert review_of(found, {"a": (edit(1, "x"),), "b": (edit(2, "y"),)}, set()) == ["a", "b"]


def test_a_match_goes_with_its_edit_and_other_rules_stay() -> None:
    found = (matches(InstanceMatch("a", "x"), InstanceMatch("b", "y")), matches(InstanceMatch("c", "x"), rule="s"))
    edits = {"a": (edit(1, "x"), edit(3, "x")), "b": (edit(2, "y"),), "c": (edit(4, "x", rule="s"),)}
    assert review_of(found, edits, {edit(3, "x")}) == ["b", "c"]


def test_calls_in_one_module_are_told_apart_by_their_place() -> None:
    found = (matches(CallMatch("a", "b", 0), CallMatch("b", "b", 1)),)
    assert review_of(found, {"a": (edit(1, "b"),), "b": (edit(2, "b"),)}, {edit(2, "b")}) == ["a"]


def test_a_pattern_goes_with_an_edit_of_any_of_its_parts() -> None:
    parts = (PartMatch("conv", "b.conv", None, {}), PartMatch("bn", "b.bn", None, {}))
    other = (PartMatch("conv", "c.conv", None, {}),)
    found = (matches(PatternMatch("a", "b", 0, parts), PatternMatch("b", "c", 1, other)),)
    edits = {"a": (edit(1, "b.conv"), edit(2, "b.bn")), "b": (edit(3, "c.conv"),)}
    assert review_of(found, edits, {edit(2, "b.bn")}) == ["b"]


def test_an_edit_for_nobody_that_is_known_takes_the_whole_rule() -> None:
    found = (matches(InstanceMatch("a", "x"), InstanceMatch("b", "y")),)
    assert review_of(found, {"a": (edit(1, "elsewhere"),), "b": (edit(2, "y"),)}, {edit(1, "elsewhere")}) == []


def test_an_edit_that_comes_back_takes_the_whole_rule() -> None:
    """Two matches share an edit that names one of them only."""
    found = (matches(InstanceMatch("a", "x"), InstanceMatch("b", "y"), InstanceMatch("c", "z")),)
    shared = edit(1, "x")
    assert review_of(found, {"a": (shared,), "b": (shared,), "c": (edit(2, "z"),)}, {shared}) == []
