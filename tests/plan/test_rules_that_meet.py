"""What goes to which rule."""

from __future__ import annotations

from pathlib import Path

import pytest

from mutagen.errors import ErrorGroup, RuleError
from mutagen.planning.make import make_plan
from mutagen.records.match import EdgeMatch, RuleMatches
from mutagen.records.rules import Action, Query, Rule
from mutagen.records.target import Call
from mutagen.records.trace import Trace
from mutagen.source.project import open_project

TRACE = Trace("fx", (), (), (), False, Call("Net"), ())


def rule(name: str, *, optional: bool = False) -> Rule:
    return Rule(name, Query(type=("Conv2d",)), Action("replace", "DepthwiseSeparableConv2d"), optional=optional)


def plan(tmp_path: Path, *found: RuleMatches) -> object:
    project = open_project(str(tmp_path / "m.py"), str(tmp_path), ())
    return make_plan(found, TRACE, project, blocks={}, products={})


def test_a_rule_without_match_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RuleError) as raised:
        plan(tmp_path, RuleMatches(rule("a"), (), explanation="0 Conv2d seen"))
    assert raised.value.code == "M001"
    assert "0 Conv2d seen" in raised.value.message


def test_all_rules_without_match_are_named(tmp_path: Path) -> None:
    with pytest.raises(ErrorGroup) as raised:
        plan(tmp_path, RuleMatches(rule("a"), ()), RuleMatches(rule("b"), ()))
    assert [it.code for it in raised.value.errors] == ["M001", "M001"]


@pytest.mark.parametrize("found", [RuleMatches(rule("a", optional=True), ()), RuleMatches(rule("a"), (), ("conv",))])
def test_nothing_to_do_is_no_error(tmp_path: Path, found: RuleMatches) -> None:
    made = plan(tmp_path, found)
    assert made.edits == ()  # type: ignore[attr-defined]
    assert made.rules[0].already == found.already  # type: ignore[attr-defined]


def test_matches_of_an_action_that_cannot_work_on_them(tmp_path: Path) -> None:
    strange = Rule("a", Query(edge="residual"), Action("set", "", args={"dilation": 2}))
    made = plan(tmp_path, RuleMatches(strange, (EdgeMatch("conv", "conv", 0, 0, 1),)))
    assert [it.code for it in made.rules[0].refused] == ["no-action"]  # type: ignore[attr-defined]
