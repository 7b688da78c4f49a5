"""Each block against its formula, written out with plain tensor operations."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from mutagen.blocks.live import build, function
from mutagen.records.plan import Use

SHAPES = [(1, 16, 1, 1), (2, 16, 9, 7), (1, 24, 8, 5)]


def randomise(module: nn.Module, seed: int = 0) -> nn.Module:
    """Give every parameter and running statistic a value of its own, so that none hides."""
    source = torch.Generator().manual_seed(seed)
    for name, tensor in module.state_dict().items():
        if tensor.is_floating_point():
            values = torch.rand(tensor.shape, generator=source, dtype=torch.float64) + 0.2
            tensor.copy_(values if name.endswith("running_var") else values - 0.7)
    return module


def block(name: str, *channels: int, **args) -> nn.Module:
    return randomise(build(Use(name, args), None, channels))


def parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def close(actual: torch.Tensor, expected: torch.Tensor) -> None:
    torch.testing.assert_close(actual, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("groups", [1, 2, 4])
def test_separable_convolution(groups, bias):
    live = nn.Conv2d(8, 12, (3, 5), stride=(2, 1), padding=(1, 2), dilation=(1, 2), groups=groups, bias=bias)
    made = randomise(build(Use("DepthwiseSeparableConv2d"), live, ()))
    state = made.state_dict()
    x = torch.randn(2, 8, 11, 14)
    each = F.conv2d(x, state["depthwise.weight"], None, (2, 1), (1, 2), (1, 2), groups=8)
    weight = torch.zeros(12, 8)
    for row in range(12):
        first = row // (12 // groups) * (8 // groups)
        weight[row, first : first + 8 // groups] = state["pointwise.weight"][row, :, 0, 0]
    mixed = torch.einsum("oc,bchw->bohw", weight, each)
    if bias:
        mixed = mixed + state["pointwise.bias"].view(1, -1, 1, 1)
    close(made(x), mixed)
    assert parameters(made) == 8 * 15 + 8 * 12 // groups + 12 * bias


@pytest.mark.parametrize(
    ("channels", "k"),
    [(1, 3), (7, 3), (8, 3), (64, 3), (127, 3), (128, 5), (512, 5), (2047, 5), (2048, 7), (32767, 7)],
)
def test_eca_kernel_grows_with_the_channels(channels, k):
    made = build(Use("ECA"), None, (channels,))
    assert made.k == k == parameters(made)


def test_eca_kernel_by_other_constants():
    # t = |log2(64) + 1| / 1 = 7
    assert build(Use("ECA", {"gamma": 1}), None, (64,)).k == 7
    assert build(Use("ECA", {"kernel_size": 5}), None, (64,)).k == 5


@pytest.mark.parametrize("identity", [False, True])
@pytest.mark.parametrize("shape", [*SHAPES, (2, 16, 10), (2, 16, 3, 4, 5)])
def test_eca(shape, identity):
    made = block("ECA", shape[1], identity=identity)
    x = torch.randn(shape)
    weight = made.conv.weight.flatten()
    half = len(weight) // 2
    means = x.reshape(shape[0], shape[1], -1).sum(2) / math.prod(shape[2:])
    padded = torch.cat([torch.zeros(shape[0], half), means, torch.zeros(shape[0], half)], 1)
    z = sum(weight[tap] * padded[:, tap : tap + shape[1]] for tap in range(len(weight)))
    gate = 1 / (1 + torch.exp(-z))
    if identity:
        gate = 1 + made.gate * (2 * gate - 1)
    close(made(x), torch.stack([x[:, c] * gate[:, c].view(-1, *[1] * (len(shape) - 2)) for c in range(shape[1])], 1))


@pytest.mark.parametrize("shape", [*SHAPES, (2, 10, 16), (2, 9, 7, 16)])
def test_layer_scale(shape):
    made = block("LayerScale")
    x = torch.randn(shape)
    close(made(x), x * made.gamma.item())
    assert parameters(made) == 1


@pytest.mark.parametrize(("shape", "axis", "dims"), [((2, 6, 5, 4), 1, 2), ((2, 5, 6), 2, 0), ((1, 6, 5), 1, 1)])
def test_layer_scale_per_channel(shape, axis, dims):
    made = block("LayerScale", channels=6, spatial_dims=dims)
    x = torch.randn(shape)
    gamma = made.gamma.flatten()
    close(made(x), torch.stack([x.select(axis, c) * gamma[c] for c in range(6)], axis))
    assert parameters(made) == 6


@pytest.mark.parametrize("size", [(9, 7), (4, 3), (5, 4), (18, 14), (1, 1)])
def test_attention_gate(size):
    made = block("AttentionGate2d", 20, 12).eval()
    x, g = torch.randn(2, 20, 9, 7), torch.randn(2, 12, *size)
    state = made.state_dict()

    def project(name: str, values: torch.Tensor) -> torch.Tensor:
        mixed = torch.einsum("oc,bchw->bohw", state[f"w_{name}.weight"][:, :, 0, 0], values)
        norm = {
            key: state[f"norm_{name}.{key}"].view(1, -1, 1, 1)
            for key in ("weight", "bias", "running_mean", "running_var")
        }
        return (mixed - norm["running_mean"]) / torch.sqrt(norm["running_var"] + 1e-5) * norm["weight"] + norm["bias"]

    signal = F.interpolate(project("g", g), size=(9, 7), mode="bilinear", align_corners=False)
    hidden = torch.clamp(project("x", x) + signal, min=0)
    psi = torch.einsum("c,bchw->bhw", state["psi.weight"][0, :, 0, 0], hidden) + state["psi.bias"]
    gate = 1 / (1 + torch.exp(-psi))
    close(made(x, g), x * (1 + made.gamma * (2 * gate - 1)).unsqueeze(1))


@pytest.mark.parametrize(("cx", "cg", "inner"), [(20, 12, 10), (4, 4, 8), (64, 128, 32)])
def test_attention_gate_parameters(cx, cg, inner):
    expected = cg * inner + cx * inner + 4 * inner + inner + 1
    assert parameters(block("AttentionGate2d", cx, cg)) == expected + 1  # and gamma


def test_resampling_to_an_equal_size_changes_nothing():
    made = block("AttentionGate2d", 8, 8).eval()
    x, g = torch.randn(1, 8, 6, 5), torch.randn(1, 8, 6, 5)
    hidden = torch.relu(made.norm_x(made.w_x(x)) + made.norm_g(made.w_g(g)))
    assert torch.equal(made(x, g), x * (1 + made.gamma * (2 * made.psi(hidden).sigmoid() - 1)))


@pytest.mark.parametrize(("channels", "hidden"), [(16, 8), (128, 8), (256, 16), (4, 8)])
@pytest.mark.parametrize("size", [(1, 1), (6, 5)])
def test_squeeze_excite(channels, hidden, size):
    made = block("SqueezeExcite2d", channels)
    x = torch.randn(2, channels, *size)
    state = made.state_dict()
    pooled = x.sum((2, 3)) / (size[0] * size[1])
    inner = torch.clamp(pooled @ state["fc1.weight"][:, :, 0, 0].T + state["fc1.bias"], min=0)
    gate = 1 / (1 + torch.exp(-(inner @ state["fc2.weight"][:, :, 0, 0].T + state["fc2.bias"])))
    close(made(x), x * gate[:, :, None, None])
    assert parameters(made) == 2 * channels * hidden + hidden + channels


@pytest.mark.parametrize("channels", [48, 50, 7])
def test_group_norm(channels):
    live = nn.BatchNorm2d(channels, eps=1e-2)
    made = randomise(build(Use("GroupNorm", {"num_groups": "auto"}), live, ()))
    x = torch.randn(2, channels, 5, 3)
    groups = {48: 24, 50: 25, 7: 1}[channels]
    parts = x.reshape(2, groups, -1)
    mean = parts.mean(2, keepdim=True)
    normed = ((parts - mean) / torch.sqrt(((parts - mean) ** 2).mean(2, keepdim=True) + 1e-2)).reshape(x.shape)
    close(made(x), normed * made.weight.view(1, -1, 1, 1) + made.bias.view(1, -1, 1, 1))


def test_gelu_is_the_exact_form():
    x = torch.linspace(-4, 4, 101, dtype=torch.float64)
    expected = x * 0.5 * (1 + torch.erf(x / math.sqrt(2)))
    for name in ("gelu", "GELU"):
        torch.testing.assert_close(function(name)(x), expected)
        torch.testing.assert_close(build(Use(name), nn.ReLU(inplace=True), ())(x), expected)


def test_the_identity_start_is_exact():
    x, g = torch.randn(2, 16, 9, 7), torch.randn(2, 8, 4, 3)
    for mode in (True, False):
        assert torch.equal(build(Use("AttentionGate2d"), None, (16, 8)).train(mode)(x, g), x)
        assert torch.equal(build(Use("ECA", {"identity": True}), None, (16,)).train(mode)(x), x)
        assert torch.equal(build(Use("LayerScale", {"init": 1.0}), None, (16,)).train(mode)(x), x)
        assert not build(Use("LayerScale", {"init": 0}), None, (16,)).train(mode)(x).any()
    assert not torch.equal(build(Use("ECA"), None, (16,))(x), x)
