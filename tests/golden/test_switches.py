"""`emit: flag`: one file serves both arms of an experiment, and both are proved."""

from __future__ import annotations

from typing import Any

import pytest

NET = """\
import torch.nn as nn
import torch.nn.functional as F


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, padding=1)
        self.norm = nn.BatchNorm2d(width)

    def forward(self, x):
        return F.relu(x + self.norm(self.conv(x)))


class Net(nn.Module):
    def __init__(self, width=16, depth=2):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 1)
        self.blocks = nn.Sequential(*[Block(width) for _ in range(depth)])

    def forward(self, x):
        return self.blocks(self.stem(x))


def net(**kwargs):
    return Net(**kwargs)
"""
SHAPE = ("1x3x16x16",)
RULES = {
    "eca": "match: {block: residual}\n    insert: {block: ECA, at: branch-end, emit: flag}",
    "gn": "match: {type: BatchNorm2d}\n    replace: {with: GroupNorm, args: {num_groups: auto}, emit: flag}",
    "last": 'match: {type: Conv2d, path: "blocks.1.*"}\n    replace: {with: DepthwiseSeparableConv2d, emit: flag}',
    "relu": "match: {op: relu}\n    replace: {with: gelu, emit: flag}",
}


def rules(bench: Any, name: str) -> str:
    path = bench.folder / "rules.yaml"
    path.write_text(f"version: 1\nrules:\n  - id: {name}\n    {RULES[name]}\n")
    return str(path)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("eca", "Block(width, use_eca=use_eca) for _ in range(depth)"),
        ("gn", "Block(width, use_group_norm=use_group_norm) for _ in range(depth)"),
        ("last", "Block(width, use_dsc=use_dsc and i == 1) for i in range(depth)"),
    ],
)
@pytest.mark.parametrize("model", ["Net", "net"])
def test_off_unless_the_model_call_asks_for_it(bench: Any, name: str, written: str, model: str) -> None:
    path = bench.write("net.py", NET)
    report = bench.run(rules(bench, name), path, model, SHAPE)
    assert report.status == "applied" and report.verdict.proof.equal
    text = path.read_text()
    assert written in text
    assert "def net(**kwargs):\n    return Net(**kwargs)\n" in text
    assert f"{report.plan.switches[0]}=False" in text
    assert any("off by default" in note for note in report.plan.notes)
    after = report.verdict.counts.params[1]
    assert after != report.verdict.counts.params[0] or name == "gn"
    assert bench.run(rules(bench, name), path, model, SHAPE).status == "unchanged"
    assert path.read_text() == text


def test_a_change_that_is_there_without_the_switch_too_fails(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mutagen.actions.parting_text.repr", lambda value: "True", raising=False)
    path = bench.write("net.py", NET)
    report = bench.run(rules(bench, "eca"), path, "Net", SHAPE)
    assert report.status == "failed" or any(it.refused for it in report.plan.rules)
    assert path.read_text() == NET


def test_calls_of_functions_cannot_be_switched(bench: Any) -> None:
    path = bench.write("net.py", NET)
    report = bench.run(rules(bench, "relu"), path, "Net", SHAPE)
    assert report.status == "refused"
    assert {it.code for rule in report.plan.rules for it in rule.refused} == {"no-switch"}
    bench.check_untouched()


def test_a_switch_that_is_off_in_some_blocks_does_not_hide_another_behind_it(bench: Any) -> None:
    joined = "out = self.norm(self.conv(x))\n        out += x\n        return F.relu(out)"
    path = bench.write("net.py", NET.replace("return F.relu(x + self.norm(self.conv(x)))", joined))
    file = bench.folder / "rules.yaml"
    one = "- id: one\n    match: {block: residual, only: {nth: 2}}\n    "
    one += "insert: {block: SqueezeExcite2d, at: branch-end, emit: flag}"
    file.write_text(f"version: 1\nrules:\n  - id: all\n    {RULES['eca']}\n  {one}\n")
    assert bench.run(str(file), path, "Net", SHAPE).status == "applied"
    text = path.read_text()
    assert bench.run(str(file), path, "Net", SHAPE).status == "unchanged"
    assert path.read_text() == text


def test_rules_without_a_switch_go_into_a_run_of_their_own(bench: Any) -> None:
    path = bench.write("net.py", NET)
    file = bench.folder / "rules.yaml"
    plain = RULES["relu"].replace(", emit: flag", "")
    file.write_text(f"version: 1\nrules:\n  - id: eca\n    {RULES['eca']}\n  - id: relu\n    {plain}\n")
    refused = bench.run(str(file), path, "Net", SHAPE)
    assert refused.status == "refused"
    assert {it.code for rule in refused.plan.rules for it in rule.refused} == {"flag-mixed"}
    bench.check_untouched()
    for way in ({"select": ("relu",)}, {"ignore": ("relu",)}):
        assert bench.run(str(file), path, "Net", SHAPE, **way).status == "applied"
    assert bench.run(str(file), path, "Net", SHAPE).status == "unchanged"
