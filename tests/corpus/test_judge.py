"""The judge accepts right edits of a small model, made by hand, and rejects wrong ones."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).parents[2]))

from corpus import judge
from corpus.targets import Edge, Targets

ORIGINAL = """
import torch
import torch.nn as nn
import torch.nn.functional as F


class SE(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.down = nn.Linear(c, c // 4)
        self.up = nn.Linear(c // 4, c)

    def forward(self, x):
        y = self.up(F.relu(self.down(x.mean((2, 3))))).sigmoid()
        return x * y[:, :, None, None]


class Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv1 = nn.Conv2d(c, c, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(c)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(c, c, 3, padding=1)
        self.bn2 = nn.BatchNorm2d(c)
        self.se = SE(c)

    def forward(self, x):
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.se(self.bn2(self.conv2(y)))
        y += x
        return self.relu(y)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, padding=1)
        self.blocks = nn.Sequential(Block(16), Block(16))
        self.low = nn.Conv2d(16, 16, 3, stride=2, padding=1)
        self.drop = nn.Dropout(0.3)
        self.last = nn.Conv2d(32, 4, 1)

    def forward(self, x):
        x = F.relu(self.stem(x))
        x = self.blocks(x)
        y = F.interpolate(self.drop(self.low(x)), scale_factor=2)
        return self.last(torch.cat([x, y], 1))
"""

DSC = """
class Separable(nn.Module):
    def __init__(self, i, o, k, stride=1, padding=0, bias=True):
        super().__init__()
        self.depthwise = nn.Conv2d(i, i, k, stride, padding, groups=i, bias=False)
        self.pointwise = nn.Conv2d(i, o, 1, bias=bias)

    def forward(self, x):
        return self.pointwise(self.depthwise(x))
"""

SCALE = """
class LayerScale(nn.Module):
    def __init__(self):
        super().__init__()
        self.gamma = nn.Parameter(torch.zeros(()))

    def forward(self, x):
        return self.gamma * x
"""

ECA = """
class ECA(nn.Module):
    def __init__(self, c, k=3):
        super().__init__()
        self.conv = nn.Conv1d(1, 1, k, padding=k // 2, bias=False)

    def forward(self, x):
        y = self.conv(x.mean((2, 3))[:, None]).sigmoid()[:, 0]
        return x * y[:, :, None, None]
"""

GATE = """
class Gate(nn.Module):
    def __init__(self, x, g):
        super().__init__()
        self.w_x = nn.Conv2d(x, 8, 1, bias=False)
        self.w_g = nn.Conv2d(g, 8, 1, bias=False)
        self.norm_x = nn.BatchNorm2d(8)
        self.norm_g = nn.BatchNorm2d(8)
        self.psi = nn.Conv2d(8, 1, 1)
        self.gamma = nn.Parameter(torch.zeros(()))

    def forward(self, x, g):
        g = F.interpolate(self.norm_g(self.w_g(g)), size=x.shape[2:], mode="bilinear")
        a = self.psi(F.relu(self.norm_x(self.w_x(x)) + g)).sigmoid()
        return x * (1 + self.gamma * (2 * a - 1))
"""

Changes = list[tuple[str, str]]

CONVS: Changes = [
    ("nn.Conv2d(c, c, 3, padding=1, bias=False)", "Separable(c, c, 3, padding=1, bias=False)"),
    ("nn.Conv2d(c, c, 3, padding=1)", "Separable(c, c, 3, padding=1)"),
    ("nn.Conv2d(16, 16, 3, stride=2, padding=1)", "Separable(16, 16, 3, 2, 1)"),
]
NORMS: Changes = [("nn.BatchNorm2d(c)", "nn.GroupNorm(8, c)")]
RELUS: Changes = [
    ("nn.ReLU(inplace=True)", "nn.GELU()"),
    ("F.relu(self.down", "F.gelu(self.down"),
    ("F.relu(self.stem", "F.gelu(self.stem"),
]
SCALES: Changes = [
    ("self.se = SE(c)", "self.se = SE(c)\n        self.scale = LayerScale()"),
    ("y += x", "y = self.scale(y)\n        y += x"),
]
ECAS: Changes = [
    ("self.se = SE(c)", "self.se = SE(c)\n        self.eca = ECA(c)"),
    ("y += x", "y = x + self.eca(y)"),
]
ONE_ECA: Changes = [
    (
        "def __init__(self, c):\n        super().__init__()\n        self.conv1",
        "def __init__(self, c, eca=False):\n        super().__init__()\n        self.conv1",
    ),
    ("self.se = SE(c)", "self.se = SE(c)\n        self.eca = ECA(c) if eca else nn.Identity()"),
    ("y += x", "y = self.eca(y)\n        y += x"),
    ("Block(16), Block(16)", "Block(16), Block(16, eca=True)"),
]
GATES: Changes = [
    ("self.drop =", "self.gate = Gate(16, 16)\n        self.drop ="),
    ("torch.cat([x, y], 1)", "torch.cat([self.gate(x, y), y], 1)"),
]
ECA_FOR_SE: Changes = [("self.se = SE(c)", "self.se = ECA(c)")]

RIGHT = {
    "conv-to-dsc": CONVS,
    "conv-to-dsc-last-third": CONVS[2:],
    "bn-to-gn": NORMS,
    "relu-to-gelu": RELUS,
    "gated-residuals": SCALES,
    "eca-after-blocks": ECAS,
    "eca-one-path": ONE_ECA,
    "gated-skips": GATES,
    "se-to-eca": ECA_FOR_SE,
}

WRONG: dict[str, tuple[str, Changes, str]] = {
    "conv-forgotten": ("conv-to-dsc", CONVS[:2], "not changed: low"),
    "stem-too": ("conv-to-dsc", [*CONVS, ("nn.Conv2d(3, 16,", "Separable(3, 16,")], "stem"),
    "other-padding": (
        "conv-to-dsc",
        [*CONVS, ("padding, groups=i", 'padding, groups=i, padding_mode="circular"')],
        "eval",
    ),
    "bias-lost": (
        "conv-to-dsc",
        [CONVS[0], (CONVS[1][0], "Separable(c, c, 3, padding=1, bias=False)"), CONVS[2]],
        "no tensor",
    ),
    "dilated": (
        "conv-to-dsc",
        [*CONVS, ("k, stride, padding, groups=i", "k, stride, 2 * padding, 2, groups=i")],
        "eval",
    ),
    "more-than-a-third": ("conv-to-dsc-last-third", CONVS[1:], "was Conv2d"),
    "another-third": ("conv-to-dsc-last-third", CONVS[:1], "not changed: low"),
    "norm-forgotten": ("bn-to-gn", [("self.bn1 = nn.BatchNorm2d(c)", "self.bn1 = nn.GroupNorm(8, c)")], "not changed"),
    "other-groups": ("bn-to-gn", [("nn.BatchNorm2d(c)", "nn.GroupNorm(4, c)")], "eval"),
    "other-eps": ("bn-to-gn", [("nn.BatchNorm2d(c)", "nn.GroupNorm(8, c, eps=0.1)")], "eval"),
    "no-affine": ("bn-to-gn", [("nn.BatchNorm2d(c)", "nn.GroupNorm(8, c, affine=False)")], "a norm of"),
    "relu-forgotten": ("relu-to-gelu", RELUS[:2], "calls of relu are left"),
    "tanh-gelu": ("relu-to-gelu", [("nn.ReLU(inplace=True)", 'nn.GELU("tanh")'), *RELUS[1:]], "eval"),
    "silu-too": ("relu-to-gelu", [*RELUS[:2], ("F.relu(self.stem", "F.silu(self.stem")], "calls of gelu"),
    "scale-on-shortcut": ("gated-residuals", [SCALES[0], ("y += x", "y = y + self.scale(x)")], "eval"),
    "scale-after-add": ("gated-residuals", [SCALES[0], ("y += x", "y += x\n        y = self.scale(y)")], "not changed"),
    "one-scale-for-all": (
        "gated-residuals",
        [
            ("class Block", "shared = LayerScale()\n\n\nclass Block"),
            (SCALES[0][0], "self.se = SE(c)\n        self.scale = shared"),
            SCALES[1],
        ],
        "one block for several places",
    ),
    "scale-forgotten": ("gated-residuals", [("y += x", "y += x\n        y = y * 1")], "not changed"),
    "eca-wide-kernel": (
        "eca-after-blocks",
        [("self.se = SE(c)", "self.se = SE(c)\n        self.eca = ECA(c, 5)"), ECAS[1]],
        "a kernel of 5",
    ),
    "eca-unused-copy": (
        "eca-after-blocks",
        [ECAS[0], ("y += x", "y = x + y + 0 * self.eca(y)")],
        "changed, though no target|not changed",
    ),
    "eca-in-every-block": ("eca-one-path", ECAS, "changed, though no target"),
    "eca-in-the-first-block": (
        "eca-one-path",
        [*ONE_ECA[:3], ("Block(16), Block(16)", "Block(16, eca=True), Block(16)")],
        "changed, though no target",
    ),
    "eca-nowhere": ("eca-one-path", ONE_ECA[:3], "not changed"),
    "gate-swapped": ("gated-skips", [GATES[0], ("torch.cat([x, y], 1)", "torch.cat([self.gate(y, x), y], 1)")], "eval"),
    "gate-on-decoder": (
        "gated-skips",
        [GATES[0], ("torch.cat([x, y], 1)", "torch.cat([x, self.gate(y, x)], 1)")],
        "no target|not changed",
    ),
    "se-forgotten": ("se-to-eca", [("self.se = SE(c)", "self.se = SE(c)  # kept")], "not changed"),
    "extra-edit": ("bn-to-gn", [*NORMS, ("y += x", "y = y * 1.01\n        y += x")], "eval"),
    "train-only": ("bn-to-gn", [*NORMS, ("nn.Dropout(0.3)", "nn.Dropout(0.0)")], "train"),
    "class-changed": ("bn-to-gn", [*NORMS, ("self.drop = nn.Dropout", "self.drop = nn.AlphaDropout")], "was Dropout"),
    "lost-parameter": (
        "relu-to-gelu",
        [
            *RELUS,
            ("self.conv2 = nn.Conv2d(c, c, 3, padding=1)", "self.conv2 = nn.Conv2d(c, c, 3, padding=1, bias=False)"),
        ],
        "lost",
    ),
}


def make(changes: Changes) -> type[nn.Module]:
    """The class after textual changes, each of which must apply."""
    blocks = "".join((DSC, SCALE, ECA, GATE))
    source = ORIGINAL.replace("\nclass SE", blocks + "\nclass SE")
    for old, new in changes:
        assert old in source, old
        source = source.replace(old, new)
    space: dict[str, object] = {"__name__": "tiny"}
    exec(compile(source, "tiny.py", "exec"), space)
    net = space["Net"]
    assert isinstance(net, type)
    return net


def inputs(batch: int) -> list[Tensor]:
    return [torch.randn(batch, 3, 8, 8, generator=torch.Generator().manual_seed(1))]


def verdict(rule: str, changes: Changes, moved: dict[str, str] | None = None) -> judge.Verdict:
    survey = judge.survey(make([]), inputs)
    edited = judge.examine(make(changes), inputs, survey, moved or {})
    return judge.compare(make([]), inputs, rule, survey, edited, moved or {})


def test_targets_of_the_tiny_model() -> None:
    found = judge.survey(make([]), inputs).targets
    assert found["conv-to-dsc"].must == ("blocks.0.conv1", "blocks.0.conv2", "blocks.1.conv1", "blocks.1.conv2", "low")
    assert found["conv-to-dsc-last-third"].must == ("low",)
    assert len(found["bn-to-gn"].must) == 4
    assert len(found["relu-to-gelu"].must) == 7
    assert found["gated-residuals"].must == (Edge("add", 0, 0, 1), Edge("add", 1, 0, 1))
    assert found["eca-after-blocks"].must == found["gated-residuals"].must
    assert found["eca-one-path"].must == (Edge("add", 1, 0, 1),)
    assert found["eca-one-path"].named == ("blocks.1",)
    assert found["gated-skips"].must == (Edge("cat", 0, 0, 1),)
    assert found["se-to-eca"].must == ("blocks.0.se", "blocks.1.se")
    assert not any(targets.may or targets.library for targets in found.values())


@pytest.mark.parametrize("rule", RIGHT)
def test_right_edits_are_accepted(rule: str) -> None:
    result = verdict(rule, RIGHT[rule])
    assert result.problems == []
    assert result.changed > 0
    assert result.notes == []


@pytest.mark.parametrize("name", WRONG)
def test_wrong_edits_are_rejected(name: str) -> None:
    rule, changes, problem = WRONG[name]
    problems = " | ".join(verdict(rule, changes).problems)
    assert any(word in problems for word in problem.split("|")), problems


def test_the_unchanged_model_is_rejected_by_every_rule() -> None:
    for rule in RIGHT:
        assert verdict(rule, []).problems, rule


# Without residuals the middle conv is meant: blocks.1.conv1.
PLAIN: Changes = [("y += x", "y = y * 1")]
AFTER = "self.relu(self.bn1(self.eca(self.conv1(x))))"
AFTER_CONV: dict[str, tuple[Changes, str]] = {
    "right": ([("self.relu(self.bn1(self.conv1(x)))", AFTER)], ""),
    "after the norm": (
        [("self.relu(self.bn1(self.conv1(x)))", "self.relu(self.eca(self.bn1(self.conv1(x))))")],
        "eval",
    ),
    "before the conv": ([("self.conv1(x)", "self.conv1(self.eca(x))")], "eval"),
    "after another conv": ([("self.conv2(y)", "self.eca(self.conv2(y))")], "eval"),
    "twice": (
        [
            ("self.relu(self.bn1(self.conv1(x)))", AFTER),
            ("Block(16), Block(16, eca", "Block(16, eca=True), Block(16, eca"),
        ],
        "one new block was expected",
    ),
    "unused": ([("y = y * 1", "y = y + 0 * self.eca(y)")], "eval"),
    "another kernel": ([("self.conv1(x)", "self.eca(self.conv1(x))"), ("c, k=3", "c, k=5")], "a kernel of 5"),
    "not at all": ([("Block(16, eca=True)", "Block(16)")], "one new block was expected, not none"),
}


@pytest.mark.parametrize("name", AFTER_CONV)
def test_attention_after_the_middle_conv(name: str) -> None:
    changes, problem = AFTER_CONV[name]
    survey = judge.survey(make(PLAIN), inputs)
    assert survey.targets["eca-one-path"].named == ("blocks.1.conv1",)
    edited = judge.examine(make([*ONE_ECA[:2], ONE_ECA[3], *PLAIN, *changes]), inputs, survey, {})
    problems = judge.compare(make(PLAIN), inputs, "eca-one-path", survey, edited, {}).problems
    assert problem in " | ".join(problems) if problem else problems == []


def test_attention_in_a_wrapper_around_the_middle_conv() -> None:
    survey = judge.survey(make(PLAIN), inputs)
    wrapped = "self.conv1 = nn.Conv2d(c, c, 3, padding=1, bias=False)"
    after = f"{wrapped}\n        if eca:\n            self.conv1 = nn.Sequential(self.conv1, ECA(c))"
    moved = {"blocks.1.conv1.weight": "blocks.1.conv1.0.weight"}
    edited = judge.examine(make([ONE_ECA[0], ONE_ECA[3], *PLAIN, (wrapped, after)]), inputs, survey, moved)
    assert judge.compare(make(PLAIN), inputs, "eca-one-path", survey, edited, moved).problems == []


def test_the_last_third_goes_by_calls() -> None:
    line = "        self.low = nn.Conv2d(16, 16, 3, stride=2, padding=1)\n"
    model = make([(line, ""), ("        self.stem", f"{line}        self.stem")])
    found = judge.survey(model, inputs).targets
    assert found["conv-to-dsc"].must[0] == "low"
    assert found["conv-to-dsc-last-third"] == Targets(("low",), count=1)


def test_no_last_third_of_two() -> None:
    fewer = [("nn.Sequential(Block(16), Block(16))", "nn.Sequential(Block(16))"), (CONVS[2][0], "nn.MaxPool2d(2)")]
    found = judge.survey(make(fewer), inputs).targets
    assert len(found["conv-to-dsc"].must) == 2
    assert found["conv-to-dsc-last-third"] == Targets()


def test_wrapped_conv_with_a_remap_table_is_accepted() -> None:
    changes = [
        ("self.se = SE(c)", "self.se = nn.Sequential(SE(c), LayerScale())"),
    ]
    moved = {
        f"blocks.{block}.se.{layer}.{kind}": f"blocks.{block}.se.0.{layer}.{kind}"
        for block in (0, 1)
        for layer in ("down", "up")
        for kind in ("weight", "bias")
    }
    assert verdict("gated-residuals", changes, moved).problems == []
    assert verdict("gated-residuals", changes).problems


def test_an_alias_of_an_in_place_result_is_seen() -> None:
    """After ``y = relu_(x)`` both names hold the same; a gelu out of place leaves x as it was."""
    base = [("y += x", "z = F.relu(x, inplace=True)\n        y = y + x + z")]
    survey = judge.survey(make(base), inputs)
    naive = [*RELUS, ("y += x", "z = F.gelu(x)\n        y = y + x + z")]
    exact = [*RELUS, ("y += x", "x = F.gelu(x)\n        y = y + x + x")]
    for changes, good in ((naive, False), (exact, True)):
        edited = judge.examine(make(changes), inputs, survey, {})
        assert (judge.compare(make(base), inputs, "relu-to-gelu", survey, edited, {}).problems == []) is good


def test_a_class_that_overrides_call_is_no_library_code() -> None:
    model = make(
        [
            (
                "    def forward(self, x):\n        y = self.relu(self.bn1",
                "    def __call__(self, x):\n        y = self.relu(self.bn1",
            )
        ]
    )
    found = judge.survey(model, inputs).targets
    assert found["gated-residuals"].library == 0
    assert len(found["eca-after-blocks"].must) == 2
    assert model.__call__ is nn.Module.__call__


KINDS = {"net": ("Sequential",), "net.0": ("Conv2d",), "net.1": ("BatchNorm2d",)}


def test_the_first_part_of_a_sequence_put_into_one_of_its_own_moves_alone() -> None:
    after = KINDS | {"net.0": ("Sequential",), "net.0.0": ("Conv2d",), "net.0.1": ("ECA",)}
    new = judge.new_modules(KINDS, after, {"net.0.weight": "net.0.0.weight"})
    assert new == {"net.0", "net.0.1"}


def test_a_sequence_put_into_another_moves_with_its_parts() -> None:
    inner = {"net.0": ("Sequential",), "net.0.0": ("Conv2d",), "net.0.1": ("BatchNorm2d",), "net.1": ("ECA",)}
    moved = {"net.0.weight": "net.0.0.weight", "net.1.weight": "net.0.1.weight"}
    assert judge.new_modules(KINDS, KINDS | inner, moved) == {"net", "net.1"}


RESHAPED = [SCALES[0], ("y += x", "y = self.scale(y.flatten(2)).reshape(x.shape)\n        y += x")]
SQUARED = [SCALES[0], ("y += x", "y = self.scale(y.flatten(2)).square().reshape(x.shape)\n        y += x")]


def test_a_block_in_front_of_another_shape_stands_at_the_operand() -> None:
    assert verdict("gated-residuals", RESHAPED).problems == []
    assert any("not changed" in it for it in verdict("gated-residuals", SQUARED).problems)


class Deep(nn.Module):
    """A skip whose last common ancestors with what it joins are many, and all of the lower resolution."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.low = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 8, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem(x)
        low = F.max_pool2d(x, 2)
        for _ in range(45):
            low = torch.tanh(low)
        skip = torch.cat([x, F.interpolate(low, scale_factor=2)], 1)
        return torch.cat([skip, F.interpolate(self.low(low), scale_factor=2)], 1)


def test_a_skip_is_seen_from_afar() -> None:
    found = judge.survey(Deep, inputs).targets["gated-skips"]
    assert Edge("cat", 1, 0, 1) in found.may


def test_a_sum_within_an_activation_is_no_residual_block_beyond_doubt() -> None:
    curve = [("x = F.relu(self.stem(x))", "x = F.relu(self.stem(x))\n        x = x + 0.04 * x**3")]
    plain = judge.survey(make(PLAIN), inputs).targets["gated-residuals"]
    found = judge.survey(make([*PLAIN, *curve]), inputs).targets["gated-residuals"]
    assert len(found.must) == len(plain.must)
    assert len(found.may) == len(plain.may) + 1


class Two(nn.Module):
    """Two projections of one tensor, and what else the cases below need."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, padding=1)
        self.other = nn.Conv2d(3, 16, 3, padding=1)
        self.mean = nn.Conv2d(16, 16, 1)
        self.std = nn.Conv2d(16, 16, 1)


class Sampled(Two):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.stem(x)
        return self.mean(h) + self.std(h) * torch.randn_like(h)


class Modulated(Two):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.stem(x)
        return self.other(x) * self.std(h) + self.mean(h)


class Gated(Two):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.stem(x)
        return F.relu(self.mean(h)) * torch.sigmoid(self.std(h)) + self.mean(h)


@pytest.mark.parametrize(("model", "sure"), [(Sampled, 0), (Modulated, 0), (Gated, 1)])
def test_scale_and_shift_are_no_residual_block_beyond_doubt(model: type[nn.Module], sure: int) -> None:
    assert len(judge.survey(model, inputs).targets["gated-residuals"].must) == sure


class Calibrated(Two):
    """Self-calibrated convolution: a sum with what a lower resolution tells, which only makes a gate."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.stem(x)
        low = F.interpolate(self.mean(F.avg_pool2d(h, 4)), scale_factor=4.0)
        return self.std(h) * torch.sigmoid(h + low)


class Decoded(Calibrated):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.stem(x)
        return self.std(h + F.interpolate(self.mean(F.avg_pool2d(h, 4)), scale_factor=4.0))


@pytest.mark.parametrize(("model", "sure"), [(Calibrated, 0), (Decoded, 1)])
def test_a_sum_that_only_makes_a_gate_is_no_skip_beyond_doubt(model: type[nn.Module], sure: int) -> None:
    assert len(judge.survey(model, inputs).targets["gated-skips"].must) == sure


# In training something more is added before the sum of the block.
NOISY = "if self.training:\n            y = y * (torch.ones(1) + 0.5 * torch.rand(1))\n        y += x"
IN_TRAINING: dict[str, tuple[str, str]] = {
    "right": ("y = self.scale(y)\n        y += x", ""),
    "in eval mode alone": ("if not self.training:\n            y = self.scale(y)\n        y += x", "train"),
    "on the noise": ("y = y * (torch.ones(1) + self.scale(0.5 * torch.rand(1)))", "not changed"),
}


@pytest.mark.parametrize("name", IN_TRAINING)
def test_edges_are_found_where_training_adds_more(name: str) -> None:
    base = [("y += x", NOISY)]
    changed, problem = IN_TRAINING[name]
    old = "y += x" if "y += x" in changed else "y = y * (torch.ones(1) + 0.5 * torch.rand(1))"
    survey = judge.survey(make(base), inputs)
    assert survey.trains
    edited = judge.examine(make([*base, SCALES[0], (old, changed)]), inputs, survey, {})
    found = judge.compare(make(base), inputs, "gated-residuals", survey, edited, {})
    assert problem in " | ".join(found.problems) if problem else found.problems == found.notes == []


class Nested(Two):
    """What joins the decoder was put together itself, partly from far below, as in U-Net++."""

    def __init__(self, low: bool = True) -> None:
        super().__init__()
        self.low = low

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.stem(x)
        deep = F.avg_pool2d(h, 4) if self.low else self.std(h)
        for _ in range(60):
            deep = torch.tanh(deep)
        size = h.shape[2:]
        side, deep = F.interpolate(deep, size), F.interpolate(self.mean(deep), size)
        return torch.cat([torch.cat([h, side], 1), deep], 1)


@pytest.mark.parametrize(("low", "doubtful"), [(True, 1), (False, 0)])
def test_what_was_put_together_from_skips_may_be_one(low: bool, doubtful: int) -> None:
    model = partial(Nested, low=low)
    assert len(judge.survey(model, inputs).targets["gated-skips"].may) == doubtful


class Linear(Two):
    """Linear attention on a map: queries, keys and values are slices of a tensor of as many axes."""

    def __init__(self, reshaped: bool = True) -> None:
        super().__init__()
        self.qkv, self.reshaped = nn.Conv2d(16, 48, 1), reshaped

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.stem(x)
        if not self.reshaped:
            return h + F.interpolate(self.mean(F.avg_pool2d(h, 2)), scale_factor=2.0)
        y = self.qkv(h).reshape(h.shape[0], 2, 24, -1)
        q, k, v = y[:, :, :8], y[:, :, 8:16], y[:, :, 16:]
        return h + self.mean(((v @ k.transpose(2, 3)) @ q).reshape(h.shape))


@pytest.mark.parametrize(("reshaped", "doubtful"), [(True, 1), (False, 0)])
def test_attention_on_maps_may_be_residual(reshaped: bool, doubtful: int) -> None:
    found = judge.survey(partial(Linear, reshaped=reshaped), inputs).targets["gated-residuals"]
    assert len(found.must) == 0
    assert len(found.may) == doubtful


@pytest.mark.parametrize("rule", ["gated-residuals", "eca-after-blocks", "eca-one-path"])
def test_additions_that_training_alone_makes_do_not_count(rule: str) -> None:
    drawn = "y = self.se(self.bn2(self.conv2(y)))"
    noise = [(drawn, f"{drawn}\n        if self.training:\n            y = y + torch.full((1,), 0.1)")]
    survey = judge.survey(make(noise), inputs)
    edited = judge.examine(make(noise + RIGHT[rule]), inputs, survey, {})
    assert judge.compare(make(noise), inputs, rule, survey, edited, {}).problems == []
