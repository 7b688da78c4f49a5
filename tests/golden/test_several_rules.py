"""Several rules of one file are one transaction: the first one takes a target, and all or nothing is written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mutagen.errors import ClashError, RuleError

SOURCE = """\
import torch.nn as nn


class Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv = nn.Conv2d(c, c, 3, padding=1)
        self.norm = nn.BatchNorm2d(c)
        self.act = nn.ReLU()

    def forward(self, x):
        return x + self.act(self.norm(self.conv(x)))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, padding=1)
        self.stem_act = nn.ReLU()
        self.block = Block(16)
        self.head = nn.Linear(16, 4)

    def forward(self, x):
        x = self.block(self.stem_act(self.stem(x)))
        return self.head(x.mean((2, 3)))
"""
DSC = "{id: dsc, match: {type: Conv2d, path: block.conv}, replace: {with: DepthwiseSeparableConv2d}}"
GELU = "{id: gelu, match: {op: relu}, replace: {with: gelu}}"
GATE = "{id: gate, match: {edge: residual}, insert: {block: LayerScale, at: branch}}"
KEEP = "{id: keep, match: {path: stem_act}, skip: true}"


@pytest.fixture
def target(bench: Any) -> Path:
    return bench.write("net.py", SOURCE)


def applied(bench: Any, target: Path, *rules: str) -> Any:
    path = bench.folder / "rules.yaml"
    path.write_text("version: 1\nrules:\n" + "".join(f"  - {rule}\n" for rule in rules))
    return bench.run(str(path), target, "Net()", ("1x3x16x16",))


def planned(report: Any) -> dict[str, tuple[str, ...]]:
    return {rule.rule: rule.planned for rule in report.plan.rules}


def test_rules_that_touch_different_things_are_written_together(bench: Any, target: Path) -> None:
    report = applied(bench, target, DSC, GELU, GATE)
    assert report.status == "applied"
    assert planned(report)["dsc"] == ("block.conv",)
    text = target.read_text()
    assert all(word in text for word in ("DepthwiseSeparableConv2d(c, c, 3", "GELU", "LayerScale("))
    again = applied(bench, target, DSC, GELU, GATE)
    assert again.status == "unchanged"


def test_the_first_rule_takes_a_target_and_the_next_gets_the_rest(bench: Any, target: Path) -> None:
    first = "{id: first, match: {op: relu, inside: {type: Block}}, replace: {with: gelu}}"
    report = applied(bench, target, first, GELU)
    assert planned(report) == {"first": ("block.act",), "gelu": ("stem_act",)}
    assert target.read_text().count("nn.GELU()") == 2


def test_skip_reserves_for_all_rules_behind_it(bench: Any, target: Path) -> None:
    report = applied(bench, target, KEEP, GELU)
    assert planned(report)["gelu"] == ("block.act",)
    assert "self.stem_act = nn.ReLU()" in target.read_text()
    bench_again = applied(bench, target, KEEP, GELU)
    assert bench_again.status == "unchanged"


def test_one_rule_that_matches_nothing_keeps_all_from_being_written(bench: Any, target: Path) -> None:
    typo = "{id: typo, match: {path: blok.conv}, replace: {with: DepthwiseSeparableConv2d}}"
    with pytest.raises(RuleError) as raised:
        applied(bench, target, GELU, typo)
    assert (raised.value.code, raised.value.place.line) == ("M001", 4)
    bench.check_untouched()


def test_one_refusal_keeps_all_from_being_written(bench: Any, target: Path) -> None:
    gates = "{id: gates, match: {path: head}, insert: {block: AttentionGate2d, at: after}}"
    report = applied(bench, target, GELU, gates)
    assert report.status == "refused"
    bench.check_untouched()


def test_two_rules_on_one_expression_are_a_conflict_with_both_names(bench: Any, target: Path) -> None:
    modules = "{id: modules, match: {type: ReLU}, replace: {with: gelu}}"
    with pytest.raises(ClashError) as raised:
        applied(bench, target, GELU, modules)
    assert raised.value.code == "P010"
    assert "rules gelu and modules both" in raised.value.message
    bench.check_untouched()


def test_included_rules_are_part_of_the_transaction(bench: Any, target: Path) -> None:
    (bench.folder / "base.yaml").write_text(f"version: 1\nrules:\n  - {GELU}\n  - {GATE}\n")
    path = bench.folder / "variant.yaml"
    path.write_text(f"version: 1\ninclude: [base.yaml]\nrules:\n  - {{id: gate, enabled: false}}\n  - {DSC}\n")
    report = bench.run(str(path), target, "Net()", ("1x3x16x16",))
    assert report.status == "applied"
    assert [rule.rule for rule in report.plan.rules] == ["gelu", "dsc"]
    assert "LayerScale" not in target.read_text()
