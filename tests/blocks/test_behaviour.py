"""What every block must bear: odd maps, batches, modes, dtypes, copies, export."""

from __future__ import annotations

import copy
import io
import pickle

import pytest
import torch
from torch import nn

from mutagen.blocks.live import build
from mutagen.records.plan import Use

FEATURE = [
    "ECA",
    "ECA-identity",
    "LayerScale",
    "SqueezeExcite2d",
    "DepthwiseSeparableConv2d",
    "GroupNorm",
    "AttentionGate2d",
]


def make(name: str, channels: int = 16) -> nn.Module:
    """The block with parameters that are all in use."""
    torch.manual_seed(0)
    if name == "DepthwiseSeparableConv2d":
        made = build(Use(name), nn.Conv2d(channels, 8, 3, padding=1), ())
    elif name == "GroupNorm":
        made = build(Use(name), nn.BatchNorm2d(channels), ())
    elif name == "ECA-identity":
        made = build(Use("ECA", {"identity": True}), None, (channels,))
    else:
        made = build(Use(name), None, (channels, 4))
    for parameter in made.parameters():
        nn.init.normal_(parameter)
    return made


def inputs(name: str, batch: int = 2, height: int = 9, width: int = 7, channels: int = 16) -> tuple[torch.Tensor, ...]:
    x = torch.randn(batch, channels, height, width)
    return (x, torch.randn(batch, 4, (height + 1) // 2, (width + 1) // 2)) if name == "AttentionGate2d" else (x,)


@pytest.mark.parametrize("train", [True, False])
@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("name", FEATURE)
def test_maps_of_any_size(name, batch, train):
    made = make(name).train(train)
    for height, width in ((8, 8), (9, 7), (1, 5)):
        arguments = inputs(name, batch, height, width)
        result = made(*arguments)
        assert result.shape[2:] == (height, width)
        assert result.isfinite().all()


@pytest.mark.parametrize("name", FEATURE)
def test_samples_do_not_see_each_other(name):
    made = make(name).eval()
    arguments = inputs(name, batch=3)
    alone = made(*(argument[1:2] for argument in arguments))
    torch.testing.assert_close(made(*arguments)[1:2], alone, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", FEATURE)
def test_every_parameter_learns(name):
    made = make(name).train()
    made(*inputs(name)).square().sum().backward()
    for key, parameter in made.named_parameters():
        assert parameter.grad is not None, key
        assert parameter.grad.abs().sum() > 0, key


@pytest.mark.parametrize("name", ["ECA-identity", "AttentionGate2d"])
def test_gates_that_start_as_identity_wake_up(name):
    made = make(name)
    gate = made.gate if name == "ECA-identity" else made.gamma
    nn.init.zeros_(gate)
    arguments = inputs(name)
    made(*arguments).square().sum().backward()
    assert gate.grad is not None
    assert gate.grad != 0
    with torch.no_grad():
        gate.sub_(0.1 * gate.grad.sign())
    made.zero_grad()
    made(*arguments).square().sum().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in made.parameters())


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
@pytest.mark.parametrize("name", FEATURE)
def test_dtype_is_kept(name, dtype):
    made = make(name).to(dtype)
    result = made(*(argument.to(dtype) for argument in inputs(name)))
    assert result.dtype == dtype
    assert result.isfinite().all()


@pytest.mark.parametrize("name", FEATURE)
def test_copies_and_saved_weights(name):
    made = make(name).eval()
    arguments = inputs(name)
    expected = made(*arguments)
    assert torch.equal(copy.deepcopy(made)(*arguments), expected)
    fresh = make(name).eval()
    for parameter in fresh.parameters():
        nn.init.ones_(parameter)
    assert not torch.equal(fresh(*arguments), expected)
    fresh.load_state_dict(pickle.loads(pickle.dumps(made.state_dict())))
    assert torch.equal(fresh(*arguments), expected)
    stream = io.BytesIO()
    torch.save(made.state_dict(), stream)
    assert made.state_dict().keys() == torch.load(io.BytesIO(stream.getvalue()), weights_only=True).keys()


@pytest.mark.parametrize("name", FEATURE)
def test_fx_traces_it(name):
    made = make(name).eval()
    arguments = inputs(name)
    graph = torch.fx.symbolic_trace(made)
    assert torch.equal(graph(*arguments), made(*arguments))


@pytest.mark.parametrize("name", FEATURE)
def test_exports_with_free_height_and_width(name):
    made = make(name).eval()
    height, width = torch.export.Dim("height", min=2, max=64), torch.export.Dim("width", min=2, max=64)
    free = [{2: height, 3: width}]
    arguments = [inputs(name)[0]]
    if name == "AttentionGate2d":
        free.append(
            {2: torch.export.Dim("gate_height", min=2, max=64), 3: torch.export.Dim("gate_width", min=2, max=64)}
        )
        arguments.append(torch.randn(2, 4, 5, 3))
    program = torch.export.export(made, tuple(arguments), dynamic_shapes=tuple(free)).module()
    other = [torch.randn(2, 16, 12, 17), torch.randn(2, 4, 6, 9)][: len(arguments)]
    torch.testing.assert_close(program(*other), made(*other), rtol=1e-5, atol=1e-6)


def test_channels_last_is_kept():
    x = inputs("ECA")[0].to(memory_format=torch.channels_last)
    for name in ("ECA", "LayerScale", "SqueezeExcite2d"):
        assert make(name)(x).is_contiguous(memory_format=torch.channels_last)
