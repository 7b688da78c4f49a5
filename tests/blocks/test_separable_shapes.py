"""The separable convolution stands in for nn.Conv2d: shapes, attributes, refusals."""

from __future__ import annotations

import inspect
import itertools

import pytest
import torch
from torch import nn

from mutagen.blocks.catalogue import find_block
from mutagen.blocks.live import _constructor, build
from mutagen.records.plan import Use

NAME = "DepthwiseSeparableConv2d"
KERNELS = [2, 3, 4, 5, (1, 3), (5, 2)]
READ = ("in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "groups", "padding_mode")


@pytest.mark.parametrize("kernel", KERNELS, ids=str)
def test_shapes_and_attributes_are_those_of_conv2d(kernel):
    x = torch.randn(1, 4, 13, 17)
    for stride, padding, dilation in itertools.product([1, 2, (2, 1), 3], [0, 1, (2, 0)], [1, 2, (1, 2)]):
        live = nn.Conv2d(4, 6, kernel, stride, padding, dilation)
        made = build(Use(NAME), live, ())
        assert made(x).shape == live(x).shape
        assert {name: getattr(made, name) for name in READ} == {name: getattr(live, name) for name in READ}


@pytest.mark.parametrize("padding", ["same", "valid"])
def test_padding_by_name(padding):
    live = nn.Conv2d(4, 6, 3, padding=padding, dilation=2)
    made = build(Use(NAME), live, ())
    assert made(torch.randn(1, 4, 9, 8)).shape == live(torch.randn(1, 4, 9, 8)).shape
    assert made.padding == padding


@pytest.mark.parametrize("mode", ["zeros", "reflect", "replicate", "circular"])
def test_padding_modes(mode):
    live = nn.Conv2d(1, 1, 3, padding=1, padding_mode=mode, bias=False)
    made = build(Use(NAME), live, ())
    with torch.no_grad():
        made.depthwise.weight.copy_(live.weight)
        made.pointwise.weight.fill_(1.0)
    x = torch.randn(2, 1, 6, 5)
    torch.testing.assert_close(made(x), live(x))


def test_constructor_is_that_of_conv2d():
    ours = inspect.signature(_constructor(find_block(NAME)).__init__).parameters
    theirs = inspect.signature(nn.Conv2d.__init__).parameters
    assert [(it.name, it.default) for it in ours.values()] == [(it.name, it.default) for it in theirs.values()]


def test_what_cannot_be_honoured_is_refused():
    make = _constructor(find_block(NAME))
    with pytest.raises(ValueError, match="groups"):
        make(4, 6, 3, groups=3)
    with pytest.raises(ValueError, match="padding='same'"):
        make(4, 6, 3, stride=2, padding="same")
    with pytest.raises(ValueError, match="padding_mode"):
        make(4, 6, 3, padding_mode="mirror")
    with pytest.raises(TypeError):
        make(4, 6, 3, transposed=True)


def test_device_and_dtype_are_handed_on():
    made = _constructor(find_block(NAME))(4, 6, 3, device="meta", dtype=torch.float64)
    assert {(it.device.type, it.dtype) for it in made.parameters()} == {("meta", torch.float64)}
