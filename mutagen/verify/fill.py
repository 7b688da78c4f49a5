"""Weights that hide nothing: every parameter and float buffer is drawn by name, and none is zero.

With initial weights a forgotten edit behind a zero-initialised residual gives a difference of exactly 0.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch

from mutagen.verify.draw import generator, normal, uniform

GAINS = (1.0, 1.5, 0.5, 0.1)
"""Factors of the weights' scale that are tried in this order until the outputs tell something."""
_DRAWN = 65_521  # a prime: no row of a weight repeats another


def fill_parameters(parameters: Mapping[str, torch.Tensor], seed: int, *, gain: float) -> None:
    """Overwrite parameters, named as both sides name them, by values drawn from ``seed`` and name.

    Weights are N(0, gain²/fan-in), gains and scalars U(0.5, 1.5), biases N(0, 0.1²).
    """
    with torch.no_grad():
        for name, parameter in parameters.items():
            if parameter.is_floating_point() or parameter.is_complex():
                _set_weight(parameter, _last(name), generator(seed, name), gain)


def fill_buffers(buffers: Mapping[str, torch.Tensor], seed: int) -> None:
    """Overwrite float buffers: running means N(0, 0.1²), running variances U(0.5, 1.5).

    Others keep their zeros and infinities and are scaled by up to 0.1 %, or U(0, 0.05) if they are all zero. Whole
    numbers and booleans stay.
    """
    with torch.no_grad():
        for name, buffer in buffers.items():
            if buffer.is_floating_point():
                _set_buffer(buffer, _last(name), generator(seed, name))


def _last(name: str) -> str:
    return name.rpartition("/")[2].rpartition(".")[2]


def _set_weight(weight: torch.Tensor, last: str, source: torch.Generator, gain: float) -> None:
    if weight.numel() == max((1, *weight.shape)):  # a vector, whatever axis it lies along
        if "bias" in last and weight.numel() > 1:
            _draw_normal(weight, source, 0.1)
        else:
            _draw_uniform(weight, source, 0.5, 1.5)
        return
    fan_in = weight.numel() // max(weight.shape[0], 1)
    scale = gain / math.sqrt(max(fan_in, 1))
    if weight.dtype == torch.float32 and weight.is_contiguous() and weight.numel() > 2 * _DRAWN:
        _spread(weight.detach().view(-1), source, scale)
    else:
        _draw_normal(weight, source, scale)


def _draw_normal(tensor: torch.Tensor, source: torch.Generator, scale: float) -> None:
    if tensor.dtype == torch.float32 and tensor.device.type == "cpu":
        tensor.normal_(0.0, scale, generator=source)
    else:
        tensor.copy_(normal(tensor.shape, source, dtype=tensor.dtype) * scale)


def _draw_uniform(tensor: torch.Tensor, source: torch.Generator, low: float, high: float) -> None:
    if tensor.dtype == torch.float32 and tensor.device.type == "cpu":
        tensor.uniform_(low, high, generator=source)
    else:
        tensor.copy_(uniform(tensor.shape, source, low=low, high=high))


def _spread(flat: torch.Tensor, source: torch.Generator, scale: float) -> None:
    """Fill with N(0, scale²): with the same numbers again and again, each time times another factor."""
    few = torch.randn(_DRAWN, generator=source).mul_(scale)
    times = flat.numel() // _DRAWN
    factors = torch.rand(times + 1, generator=source) + 0.5
    whole = flat[: times * _DRAWN].view(times, _DRAWN)
    torch.mul(factors[:times, None], few, out=whole)
    flat[whole.numel() :] = few[: flat.numel() - whole.numel()] * factors[times]


def _set_buffer(buffer: torch.Tensor, last: str, source: torch.Generator) -> None:
    if last == "running_mean":
        _draw_normal(buffer, source, 0.1)
    elif last == "running_var":
        _draw_uniform(buffer, source, 0.5, 1.5)
    elif buffer.numel() and not torch.any(buffer):
        _draw_uniform(buffer, source, 0.0, 0.05)
    else:
        buffer.copy_(buffer * uniform(buffer.shape, source, low=1.0, high=1.001).to(buffer.dtype))
