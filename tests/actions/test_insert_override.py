"""Insertions by the last rung: what makes the tensor is wrapped when all is built."""

from __future__ import annotations

import pytest

NET = """
def joined(x, y):
    return x + y


class Unit(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.body = BODY

    def forward(self, x):
        return FORWARD


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 1)
        self.units = UNITS

    def forward(self, x):
        return self.units(self.stem(x))
"""
CONV = "nn.Conv2d(width, width, 3, padding=1)"
TWO = "nn.Sequential(Unit(16), Unit(16))"
JOINED = "joined(*[x, self.body(x)])"
ECA = """version: 1
rules:
  - id: eca
    match: {edge: residual}
    insert: {block: ECA, at: branch}
"""


def source(body=CONV, forward=JOINED, units=TWO):
    return NET.replace("BODY", body).replace("FORWARD", forward).replace("UNITS", units)


def test_each_block_of_the_file_wraps_its_own(planned):
    done = planned(source(), ECA)
    assert done.refused == [] and {it.rung for it in done.plan.edits} == {"override"}
    assert "        self.body = nn.Sequential(self.body, ECA(self.body.out_channels))\n" in done.text


def test_a_loop_over_the_blocks(planned):
    early = "        if self.body is None:\n            return\n"
    done = planned(
        source()
        .replace("BODY", CONV)
        .replace(
            "    def forward(self, x):\n        return joined",
            early + "\n    def forward(self, x):\n        return joined",
            1,
        ),
        ECA,
    )
    assert done.refused == []
    lines = [
        "        for unit in self.units.modules():",
        "            if isinstance(unit, Unit):",
        "                unit.body = nn.Sequential(unit.body, ECA(unit.body.out_channels))",
    ]
    assert "\n".join(lines) in done.text


def test_one_more_element_of_a_sequential(planned):
    done = planned(source(body=f"nn.Sequential({CONV}, nn.BatchNorm2d(width))"), ECA)
    assert "        self.body.append(ECA(self.body[1].num_features))\n" in done.text


def test_one_more_element_with_a_name(planned):
    body = f"nn.Sequential(OrderedDict([('conv', {CONV}), ('norm', nn.BatchNorm2d(width))]))"
    done = planned("from collections import OrderedDict\n\n\n" + source(body=body), ECA)
    assert '        self.body.add_module("eca", ECA(self.body.norm.num_features))\n' in done.text


def test_a_single_block(planned):
    done = planned(source(units="nn.Sequential(Unit(16))"), "gated-residuals")
    assert "        self.body = nn.Sequential(self.body, LayerScale(init=0.0))\n" in done.text


@pytest.mark.parametrize(
    ("body", "forward"),
    [
        (CONV, "joined(*[x, self.body(x).relu()])"),  # the branch ends in no module
        (CONV, "joined(*[x, self.body(x)]) + self.body(x).mean()"),  # the module runs twice
        (CONV, "(lambda y: joined(*[x, y]) + y.mean())(self.body(x))"),  # somebody else reads it
    ],
)
def test_what_a_wrap_would_not_cut_alone(planned, body, forward):
    done = planned(source(body, forward), ECA)
    assert done.refused and "nn.Sequential(block" not in done.text


def test_a_class_of_which_one_block_does_not_join(planned):
    forward = "joined(*[x, self.body(x)]) if self.body.kernel_size[0] > 1 else self.body(x)"
    units = "nn.Sequential(Unit(16), Unit(16), Unit(16))\n        self.units[0].body = nn.Conv2d(16, 16, 1)"
    done = planned(source(CONV, forward, units), ECA)
    assert done.refused == [] and "for block in" not in done.text
    assert "        self.units[1].body = nn.Sequential(" in done.text
