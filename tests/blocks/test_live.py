"""The reference object takes what it needs from the live module and nowhere else."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mutagen.blocks.live import build, function
from mutagen.errors import InternalError, RuleError
from mutagen.records.plan import Use


def test_separable_convolution_reads_the_live_module():
    live = nn.Conv2d(8, 6, (3, 5), (2, 1), (1, 2), (1, 2), 2, False, "reflect", dtype=torch.float64).eval()
    made = build(Use("DepthwiseSeparableConv2d"), live, (99, 98))
    inner = made.depthwise
    assert (inner.kernel_size, inner.stride, inner.padding) == ((3, 5), (2, 1), (1, 2))
    assert (inner.dilation, inner.groups, inner.padding_mode, inner.bias) == ((1, 2), 8, "reflect", None)
    assert (made.pointwise.groups, made.pointwise.bias, made.pointwise.out_channels) == (2, None, 6)
    assert {parameter.dtype for parameter in made.parameters()} == {torch.float64}
    assert not made.training


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("kind", [nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d])
def test_group_norm_reads_the_live_module(kind, affine):
    made = build(Use("GroupNorm", {"num_groups": "auto"}), kind(50, eps=0.1, affine=affine, momentum=0.3), ())
    assert (made.num_groups, made.num_channels, made.eps, made.affine) == (25, 50, 0.1, affine)
    assert build(Use("GroupNorm", {"num_groups": 5}), kind(50), ()).num_groups == 5


def test_group_norm_without_a_bias():
    live = nn.BatchNorm2d(8)
    assert build(Use("GroupNorm"), live, ()).bias is not None
    live.bias = None
    assert build(Use("GroupNorm"), live, ()).bias is None


def test_channels_come_from_the_tensors():
    gate = build(Use("AttentionGate2d", {"channels_int": 3}), None, (20, 12))
    assert (gate.w_x.in_channels, gate.w_g.in_channels, gate.psi.in_channels) == (20, 12, 3)
    assert build(Use("ECA"), None, (300,)).k == 5
    assert build(Use("LayerScale", {"init": 0.25}), None, (300,)).gamma.item() == 0.25


def test_the_replaced_module_gives_device_dtype_and_mode():
    live = nn.Sequential(nn.Conv2d(4, 2, 1)).to(device="meta", dtype=torch.bfloat16).eval()
    made = build(Use("ECA"), live, (4,))
    assert (made.conv.weight.device.type, made.conv.weight.dtype, made.training) == ("meta", torch.bfloat16, False)


def test_what_cannot_be_built():
    with pytest.raises(InternalError, match="needs a module"):
        build(Use("DepthwiseSeparableConv2d"), None, (4,))
    with pytest.raises(InternalError, match="operand 1"):
        build(Use("AttentionGate2d"), None, (4,))
    with pytest.raises(InternalError, match="GroupNorm for Linear"):
        build(Use("GroupNorm"), nn.Linear(2, 2), ())
    with pytest.raises(InternalError, match="no function swish"):
        function("swish")
    with pytest.raises(RuleError, match="there is no block Swish"):
        build(Use("Swish"), None, (4,))
    with pytest.raises(RuleError, match="takes no argument width"):
        build(Use("ECA", {"width": 2}), None, (4,))
