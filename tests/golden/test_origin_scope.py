"""A helper that many models import: the class changes where the target's own file hands it over."""

from __future__ import annotations

from typing import Any

import pytest

BLOCKS = """\
import torch.nn as nn

Norm = nn.BatchNorm2d


class ConvBlock(nn.Module):
    def __init__(self, width, norm_layer=None, act_layer=nn.ReLU):
        super().__init__()
        norm_layer = norm_layer or Norm
        self.conv = nn.Conv2d(width, width, 3, padding=1)
        self.norm = norm_layer(width)
        self.act = act_layer()

    def forward(self, x):
        return self.act(self.norm(self.conv(x)))
"""
NET = """\
import torch.nn as nn

from .blocks import ConvBlock, Norm


class Net(nn.Module):
    def __init__(self, width=64):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 1)
        self.norm = Norm(width)
        self.block1 = ConvBlock(width, PASSED)
        self.block2 = ConvBlock(width, PASSED)

    def forward(self, x):
        return self.block2(self.block1(self.norm(self.stem(x))))
"""


def write(bench: Any, passed: str) -> Any:
    bench.write("pkg/__init__.py", "")
    bench.write("pkg/blocks.py", BLOCKS)
    bench.write("pkg/other.py", "from .blocks import ConvBlock\n\n\ndef make():\n    return ConvBlock(8)\n")
    return bench.write("pkg/net.py", NET.replace("PASSED", passed))


@pytest.mark.parametrize(
    ("passed", "rule", "patch"),
    [
        ("norm_layer=nn.BatchNorm2d", "bn-to-gn", "origin-passed"),
        ("norm_layer=Norm", "bn-to-gn", "origin-alias"),
        ("act_layer=nn.ReLU", "relu-to-gelu", "origin-passed-activation"),
    ],
)
def test_the_edit_is_in_the_target(bench: Any, passed: str, rule: str, patch: str) -> None:
    net = write(bench, passed)
    report = bench.run(rule, net, "Net", ("1x3x16x16",))
    bench.check_applied(report, patch)
    assert {edit.span.file for edit in report.plan.edits} == {str(net)}
    assert {edit.rung for edit in report.plan.edits} == {"origin"}
    assert bench.run(rule, net, "Net", ("1x3x16x16",)).status == "unchanged"
