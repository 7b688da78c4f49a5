"""What may stand in the place of what, and how the arguments travel."""

from __future__ import annotations

import inspect

import pytest
from torch import nn

from mutagen.blocks.catalogue import load_blocks
from mutagen.blocks.replacement import find_replacement, refusal, replacement, targets
from mutagen.records.trace import Instance


def instance(kind: str, *, library: bool = True, **facts) -> Instance:
    return Instance("body.0", ("body.0",), f"torch.nn.modules.x.{kind}", (), facts, (), library)


def conv(kernel=(3, 3), groups=1, channels=16) -> Instance:
    return instance("Conv2d", kernel_size=kernel, groups=groups, in_channels=channels)


def norm(channels, **facts) -> Instance:
    return instance("BatchNorm2d", num_features=channels, **facts)


@pytest.mark.parametrize(
    ("source", "target", "product"),
    [
        (nn.Conv2d, "DepthwiseSeparableConv2d", nn.Conv2d),
        (nn.BatchNorm1d, "GroupNorm", nn.GroupNorm),
        (nn.BatchNorm2d, "GroupNorm", nn.GroupNorm),
        (nn.BatchNorm3d, "GroupNorm", nn.GroupNorm),
        (nn.ReLU, "gelu", nn.GELU),
    ],
)
def test_every_parameter_has_a_fate(source, target, product):
    way = replacement(source.__name__, target)
    known = set(inspect.signature(source.__init__).parameters) - {"self"}
    assert known <= set(way.signature)
    assert list(way.signature)[: len(known)] == list(inspect.signature(source.__init__).parameters)[1:]
    assert list(way.product) == list(inspect.signature(product.__init__).parameters)[1:]
    fates = [*way.keep, *way.rename, *way.drop]
    assert sorted(fates) == sorted(way.signature)
    assert {*way.keep, *way.rename.values(), *way.computed} <= set(way.product)
    assert (way.block is None) != (way.torch_name is None)


def test_squeeze_excite_becomes_eca():
    way = replacement("squeeze-excite", "ECA")
    eca = load_blocks()["ECA"]
    assert (way.block, way.computed, way.keep) == ("ECA", ("channels",), ())
    assert list(way.product) == list(eca.arguments)
    assert set(way.options) == set(eca.options)


def test_what_has_no_way():
    assert replacement("Conv3d", "DepthwiseSeparableConv2d") is None
    assert replacement("Conv2d", "GroupNorm") is None
    assert find_replacement(instance("Conv2d", library=False), "DepthwiseSeparableConv2d") is None
    assert targets("Conv2d") == ("DepthwiseSeparableConv2d",)
    assert targets("Linear") == ()


def test_spellings():
    assert replacement("ReLU", "GELU") is replacement("ReLU", "gelu")
    assert replacement("ReLU", "gelu").function == "F.gelu"
    assert replacement("ReLU", "gelo") is None


def code(item: Instance, target: str, **args) -> str | None:
    way = find_replacement(item, target)
    problem = refusal(way, item, args)
    return problem and problem[0]


def test_convolutions():
    name = "DepthwiseSeparableConv2d"
    assert code(conv(), name) is None
    assert code(conv((1, 3)), name) is None
    assert code(conv((1, 1)), name) == "k1"
    assert code(conv(groups=16), name) == "depthwise"
    assert code(conv(groups=4), name) is None
    assert code(conv(channels=1), name) is None


def test_norms():
    assert code(norm(48), "GroupNorm") is None
    assert code(norm(48), "GroupNorm", num_groups="auto") is None
    assert code(norm(48), "GroupNorm", num_groups=32) == "groups"
    assert code(norm(48), "GroupNorm", num_groups=0) == "groups"
    assert code(norm(48), "GroupNorm", num_groups=16) is None
    assert code(norm(None), "GroupNorm") == "channels"
    assert code(norm(1, height=1, width=1), "GroupNorm") == "constant"
    assert code(norm(1, height=2, width=1), "GroupNorm") is None
    assert code(norm(64, height=1, width=1), "GroupNorm") is None


def test_activations_are_never_refused():
    assert code(instance("ReLU", inplace=True), "gelu") is None
