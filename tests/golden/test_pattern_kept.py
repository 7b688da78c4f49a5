"""Chains of a pattern that a comment at one of their parts keeps, and chains behind a switch: whole or not at all."""

from __future__ import annotations

from typing import Any

import pytest

NET = """\
from torch import nn


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, padding=1)
        self.norm = nn.BatchNorm2d(width)
        self.act = nn.ReLU()

    def forward(self, x):
        x = self.norm(self.conv(x))
        return self.act(x)


class Net(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.first = Block(width)
        self.conv = nn.Conv2d(width, width, 3, padding=1)
        self.norm = nn.BatchNorm2d(width)
        self.act = nn.ReLU()

    def forward(self, x):
        return self.act(self.norm(self.conv(self.first(x))))
"""
SHAPE = ("1x16x12x12",)
RULE = """\
version: 1
rules:
  - id: chain
    match: {pattern: "relu(bn(conv(x)))", conv: {type: Conv2d}}
    replace: {EMITconv: {with: DepthwiseSeparableConv2d}, bn: {with: GroupNorm}, relu: {with: gelu}}
"""
BLOCK = NET[: NET.index("class Net")]


def rules(bench: Any, emit: str = "") -> str:
    path = bench.folder / "rules.yaml"
    path.write_text(RULE.replace("EMIT", emit))
    return str(path)


@pytest.mark.parametrize(
    "line",
    [
        "self.conv = nn.Conv2d(width, width, 3, padding=1)",
        "self.norm = nn.BatchNorm2d(width)",
        "self.act = nn.ReLU()",
        "x = self.norm(self.conv(x))",
        "return self.act(x)",
    ],
)
def test_a_comment_at_one_part_keeps_the_whole_chain(bench: Any, line: str) -> None:
    source = NET.replace(f"{line}\n", f"{line}  # mutagen: ignore[chain]\n", 1)
    path = bench.write("net.py", source)
    report = bench.run(rules(bench), path, "Net()", SHAPE)
    assert (report.status, report.verdict.proof.equal) == ("applied", True)
    text = path.read_text()
    assert BLOCK.replace(f"{line}\n", f"{line}  # mutagen: ignore[chain]\n")[len("from torch import nn\n") :] in text
    assert report.plan.rules[0].spared
    assert set(report.plan.rules[0].planned) == {"conv", "norm", "act"}
    assert not [note for note in report.plan.notes if "ignore" in note]
    assert bench.run(rules(bench), path, "Net()", SHAPE).status == "unchanged"


def test_a_comment_for_another_rule_keeps_nothing(bench: Any) -> None:
    path = bench.write(
        "net.py", NET.replace("nn.BatchNorm2d(width)\n", "nn.BatchNorm2d(width)  # mutagen: ignore[x]\n")
    )
    report = bench.run(rules(bench), path, "Net()", SHAPE)
    assert report.status == "applied"
    assert len(report.plan.rules[0].planned) == 6


def test_a_chain_behind_switches_is_proved_both_ways(bench: Any) -> None:
    path = bench.write("net.py", NET)
    report = bench.run(rules(bench, "emit: flag, "), path, "Net()", SHAPE)
    assert (report.status, report.verdict.proof.equal) == ("applied", True)
    assert report.plan.switches == ("use_dsc", "use_group_norm", "use_gelu")
    text = path.read_text()
    assert "    def __init__(self, width, use_dsc=False, use_group_norm=False, use_gelu=False):\n" in text
    assert "self.first = Block(width, use_dsc=use_dsc, use_group_norm=use_group_norm, use_gelu=use_gelu)\n" in text
    assert "        self.act = nn.GELU() if use_gelu else nn.ReLU()\n" in text
    assert bench.run(rules(bench, "emit: flag, "), path, "Net()", SHAPE).status == "unchanged"
    assert path.read_text() == text


def test_a_chain_with_a_function_has_no_switch(bench: Any) -> None:
    source = NET.replace("return self.act(x)", "return nn.functional.relu(x)")
    path = bench.write("net.py", source)
    report = bench.run(rules(bench, "emit: flag, "), path, "Net()", SHAPE)
    assert report.status == "refused"
    assert {it.code for it in report.plan.rules[0].refused} == {"no-switch"}
    bench.check_untouched()
