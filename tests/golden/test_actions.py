"""Wrap, branch, remove, skip, and the rungs and starts that rules ask for: golden patches, and refusals beside them."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from mutagen.errors import ErrorGroup, MutagenError

FOLDER = Path(__file__).parent
DATA = tomllib.loads((FOLDER / "actions.toml").read_text())
SHAPE = ("1x3x16x16",)


def prepared(bench: Any, *rules: str, blocks: str = "") -> tuple[str, Path]:
    net = bench.copy(FOLDER / "own" / "net.py")
    file = bench.folder / "rules.yaml"
    listed = "".join(f"  - {{id: rule-{number}, {rule}}}\n" for number, rule in enumerate(rules))
    file.write_text(f"version: 1\nrules:\n{listed}" + (f"blocks:\n  {blocks}\n" if blocks else ""))
    return str(file), net


@pytest.mark.parametrize("case", DATA["case"], ids=[it["name"] for it in DATA["case"]])
def test_applied_once(bench: Any, case: dict[str, Any]) -> None:
    rules, net = prepared(bench, case["rule"], blocks=case.get("blocks", ""))
    report = bench.run(rules, net, "Net", SHAPE)
    bench.check_applied(report, f"action--{case['name']}")
    moved = report.verdict.weights.moved
    assert all(
        new == old.replace(old.rpartition(".")[0], f"{old.rpartition('.')[0]}.body") for old, new in moved.items()
    ) or ("layer2.1" in case["rule"] or "Block" in case["rule"])
    again = bench.run(rules, net, "Net", SHAPE)
    assert again.status == "unchanged"
    assert len(again.plan.rules[0].already) == case["already"]


@pytest.mark.parametrize("case", DATA["refused"], ids=[it["name"] for it in DATA["refused"]])
def test_refused(bench: Any, case: dict[str, Any]) -> None:
    rules, net = prepared(bench, case["rule"], blocks=case.get("blocks", ""))
    report = bench.run(rules, net, "Net", SHAPE)
    assert report.status == "refused"
    assert {it.code for rule in report.plan.rules for it in rule.refused} == {case["code"]}
    assert all(it.advice for rule in report.plan.rules for it in rule.refused)
    bench.check_untouched()


@pytest.mark.parametrize("case", DATA["wrong"], ids=[f"{it['error']}-{it['rule']}" for it in DATA["wrong"]])
def test_wrong(bench: Any, case: dict[str, Any]) -> None:
    rules, net = prepared(bench, case["rule"], blocks=case.get("blocks", ""))
    with pytest.raises(MutagenError) as caught:
        bench.run(rules, net, "Net", SHAPE)
    errors = caught.value.errors if isinstance(caught.value, ErrorGroup) else (caught.value,)
    assert {it.code for it in errors} == {case["error"]}
    bench.check_untouched()


@pytest.mark.parametrize(
    ("kept", "left"),
    [
        ('match: {path: "layer1.0"}', {"layer1.1.conv1", "layer1.1.conv2"}),
        ('match: {path: "layer1.*.conv1"}', {"layer1.0.conv2", "layer1.1.conv2"}),
        ("match: {type: Conv2d, where: {in_channels: 16}}", set()),
    ],
)
def test_what_is_skipped_is_left_alone_by_later_rules(bench: Any, kept: str, left: set[str]) -> None:
    wide = 'match: {type: Conv2d, path: "layer1.**"}, replace: {with: DepthwiseSeparableConv2d}'
    rules, net = prepared(bench, f"{kept}, skip: true", wide)
    report = bench.run(rules, net, "Net", SHAPE, write=False)
    assert report.plan.rules[0].planned == ()
    assert set(report.plan.rules[1].planned) == left
    assert report.status == ("would_change" if left else "unchanged")


def test_earlier_rules_do_not_see_what_is_skipped_later(bench: Any) -> None:
    wide = 'match: {type: Conv2d, path: "layer1.**"}, replace: {with: DepthwiseSeparableConv2d}'
    rules, net = prepared(bench, wide, 'match: {path: "layer1.0"}, skip: true')
    assert len(bench.run(rules, net, "Net", SHAPE, write=False).plan.rules[0].planned) == 4


def test_calls_within_what_is_skipped_are_left_alone(bench: Any) -> None:
    rules, net = prepared(bench, 'match: {path: "layer*.*"}, skip: true', "match: {op: relu}, replace: {with: gelu}")
    report = bench.run(rules, net, "Net", SHAPE)
    assert report.status == "unchanged"
    bench.check_untouched()


def test_a_skip_that_skips_nothing_is_an_error(bench: Any) -> None:
    rules, net = prepared(bench, "match: {path: nowhere}, skip: true", "match: {op: relu}, replace: {with: gelu}")
    with pytest.raises(MutagenError) as caught:
        bench.run(rules, net, "Net", SHAPE)
    assert caught.value.code == "M001"


def test_several_actions_of_one_file_are_one_change(bench: Any) -> None:
    wrap = 'match: {type: Conv2d, path: "**.conv2"}, wrap: {with: Refined}'
    drop = 'match: {type: BatchNorm2d, path: "**.bn1"}, remove: true'
    swap = 'match: {type: Conv2d, path: "**.conv1"}, replace: {with: DepthwiseSeparableConv2d}'
    rules, net = prepared(bench, wrap, drop, swap, blocks="Refined: {serial: [body, ECA]}")
    report = bench.run(rules, net, "Net", SHAPE)
    assert report.status == "applied"
    assert report.verdict.proof.equal
    assert [len(it.planned) for it in report.plan.rules] == [4, 4, 4]
    assert bench.run(rules, net, "Net", SHAPE).status == "unchanged"


def test_a_block_that_runs_otherwise_than_is_meant_fails_the_proof(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from mutagen.blocks import compose

    monkeypatch.setattr(compose, "_added_to_body", lambda *_: ["return self.body(x) + self.wide(x)"])
    case = next(it for it in DATA["case"] if it["name"] == "branch")
    rules, net = prepared(bench, case["rule"], blocks=case["blocks"])
    report = bench.run(rules, net, "Net", SHAPE)
    assert report.status == "failed"
    bench.check_untouched()


def test_every_patch_is_used() -> None:
    stored = {it.name for it in (FOLDER / "patches").glob("action--*")}
    assert stored == {f"action--{it['name']}.patch" for it in DATA["case"]}


def test_what_files_of_others_make_is_wrapped_in_a_loop(bench: Any) -> None:
    net = bench.copy(FOLDER / "idioms" / "shared_units") / "net.py"
    units = (net.parent / "units.py").read_bytes()
    rules = bench.folder / "rules.yaml"
    rule = "{id: r, match: {type: Conv2d, where: {in_channels: {ge: 16}}}, wrap: {with: Refined}}"
    rules.write_text(f"version: 1\nrules:\n  - {rule}\nblocks:\n  Refined: {{serial: [body, ECA]}}\n")
    report = bench.run(str(rules), net, "Net", SHAPE)
    assert report.status == "applied"
    assert report.verdict.proof.equal
    assert "for parent in list(" in net.read_text()
    assert ", Refined(conv, conv.out_channels))" in net.read_text()
    assert (net.parent / "units.py").read_bytes() == units
    assert bench.run(str(rules), net, "Net", SHAPE).status == "unchanged"
