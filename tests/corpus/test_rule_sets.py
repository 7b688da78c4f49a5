"""Rule files made for one model say what the judge found in it, and the command line takes them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from corpus.rule_sets import rule_argument
from corpus.targets import MORE_RULES, RULES, Edge, Targets
from mutagen.load.rules_file import find_rules, read_rules
from mutagen.records.rules import Only

THIRD = Targets(("a.1", "b.conv"), count=2)
BRANCH = Targets((Edge("add", 3, 1, 0),), named=("layer.1",))


def test_eight_sets() -> None:
    assert len(RULES) == 8
    assert not set(RULES) & set(MORE_RULES)


@pytest.mark.parametrize("rule", [rule for rule in (*RULES, *MORE_RULES) if rule != "eca-one-path"])
def test_every_set_is_read_without_an_error(rule: str, tmp_path: Path) -> None:
    given = rule_argument(rule, THIRD, tmp_path)
    assert [one.id for one in read_rules(find_rules(given)).rules] == [rule]


def test_the_last_third_is_counted(tmp_path: Path) -> None:
    (rule,) = read_rules(find_rules(rule_argument("conv-to-dsc-last-third", THIRD, tmp_path))).rules
    assert rule.query.only == Only(last=2)


def test_one_path_is_a_branch_where_there_is_one(tmp_path: Path) -> None:
    (rule,) = read_rules(find_rules(rule_argument("eca-one-path", BRANCH, tmp_path))).rules
    assert (rule.query.block, rule.query.path, rule.action.at) == ("residual", ("layer.1",), "branch-end")


def test_one_path_is_a_module_elsewhere(tmp_path: Path) -> None:
    (rule,) = read_rules(find_rules(rule_argument("eca-one-path", Targets(("a.1",), named=("a.1",)), tmp_path))).rules
    assert (rule.query.block, rule.query.path, rule.action.at) == (None, ("a.1",), "after")
