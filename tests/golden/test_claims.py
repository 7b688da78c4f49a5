"""``expect`` and ``budget`` on a model: where they are not met, nothing is written and the place is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mutagen.load.plan_file import dump_plan
from mutagen.report.claims import unmet
from mutagen.report.json import as_data
from mutagen.report.text import render

ROOT = Path(__file__).parents[2]
SHAPE = ("1x3x32x32",)
ECA = "  - {id: eca, match: {block: residual}, insert: {block: ECA, at: branch-end}, expect: %s}\n"
DSC = """\
  - id: dsc
    match: {type: Conv2d, where: {kernel_size: 3, in_channels: {ge: 16}}}
    replace: {with: DepthwiseSeparableConv2d}
    expect: %s
"""
MET = "{instances: 9, sites: 1, params: 1..100, macs: increase, keys_lost: 0, keys_new: 9}"


@pytest.fixture
def target(bench: Any) -> Path:
    return bench.copy(ROOT / "samples/resnet_cifar.py")


def rules(bench: Any, *given: str, more: str = "") -> str:
    path = bench.folder / "rules.yaml"
    path.write_text("version: 1\nrules:\n" + "".join(given) + more)
    return str(path)


def test_claims_that_are_met_change_nothing_also_the_second_time(bench: Any, target: Path) -> None:
    path = rules(bench, ECA % MET, more="budget: {params: +1%, macs: +1%, keys_lost: 0}\n")
    report = bench.run(path, target, "resnet20()", SHAPE)
    assert (report.status, report.failure) == ("applied", "")
    assert [it.met for it in report.findings] == [True] * 9
    again = bench.run(path, target, "resnet20()", SHAPE)
    assert (again.status, again.failure) == ("unchanged", "")
    assert [it.met for it in again.findings] == [True] * 9


def test_claims_that_are_not_met_keep_everything_from_being_written(bench: Any, target: Path) -> None:
    path = rules(bench, ECA % "{instances: 8, params: same}", DSC % "{params: -86.5%..-85.5%, macs: -70%..-50%}")
    report = bench.run(path, target, "resnet20()", SHAPE)
    assert report.status == "failed"
    bench.check_untouched()
    errors = unmet(report, root=bench.folder)
    assert [(it.code, it.place.line, it.exit_code) for it in errors] == [("R151", 3, 1), ("R151", 3, 1), ("R151", 7, 1)]
    text = render(report, root=bench.folder)
    assert "rule eca expects instances 8, found 9\n  --> rules.yaml:3:99\n" in text
    assert "rule eca expects params same, found +27 (+0.01 %)" in text
    assert "rule dsc expects macs -70%..-50%, found" in text
    assert text.endswith("nothing written: rule eca expects instances 8, found 9, and 2 more\n")
    data = as_data(report, root=bench.folder)["claims"]
    assert [(it["rule"], it["fact"], it["met"]) for it in data] == [
        ("eca", "instances", False),
        ("eca", "params", False),
        ("dsc", "params", True),
        ("dsc", "macs", False),
    ]
    assert {it["path"] for it in data} == {"rules.yaml"}


def test_a_budget_that_is_exceeded_lists_the_dearest_sites(bench: Any, target: Path) -> None:
    gates = "  - {id: gates, match: {edge: residual}, insert: {block: LayerScale, at: branch}}\n"
    path = rules(bench, ECA % "{keys_new: 9}", gates, more="budget: {params: 20}\n")
    report = bench.run(path, target, "resnet20()", SHAPE)
    assert report.status == "failed"
    bench.check_untouched()
    (error,) = unmet(report, root=bench.folder)
    assert (error.code, error.place.line) == ("R152", 5)
    assert "found +36 (" in error.message
    first, second = error.detail.splitlines()
    assert "eca +27 parameters (9 instances)" in first
    assert "gates +9 parameters (9 instances)" in second


def test_a_plan_that_is_replayed_keeps_its_claims(bench: Any, target: Path) -> None:
    path = rules(bench, ECA % "{params: same}")
    report = bench.run(path, target, "resnet20()", SHAPE)
    file = bench.folder / "plan.json"
    file.write_text(dump_plan(report.plan))
    replayed = bench.run("", target, "resnet20()", (), plan_file=str(file))
    assert (replayed.status, replayed.failure) == ("failed", report.failure)
    bench.check_untouched()


def test_a_rule_that_may_match_nothing_still_answers_for_its_number(bench: Any, target: Path) -> None:
    rule = (
        "  - {id: se, optional: true, match: {block: squeeze-excite}, replace: {with: ECA}, expect: {instances: 3}}\n"
    )
    report = bench.run(rules(bench, rule), target, "resnet20()", SHAPE)
    assert (report.status, report.failure) == ("failed", "rule se expects instances 3, found 0")
