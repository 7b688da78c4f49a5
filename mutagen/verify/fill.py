"""Weights that hide nothing: every parameter and float buffer is drawn by name, and none is zero.

With initial weights a forgotten edit behind a zero-initialised residual gives a difference of exactly 0.
"""

from __future__ import annotations

import math
import re
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
                buffer.copy_(_buffer(buffer, _last(name), generator(seed, name)))


def _last(name: str) -> str:
    return re.split(r"[./]", name)[-1]


def _set_weight(weight: torch.Tensor, last: str, source: torch.Generator, gain: float) -> None:
    if weight.numel() == max((1, *weight.shape)):  # a vector, whatever axis it lies along
        if "bias" in last and weight.numel() > 1:
            weight.copy_(normal(weight.shape, source, dtype=weight.dtype) * 0.1)
        else:
            weight.copy_(uniform(weight.shape, source, low=0.5, high=1.5))
        return
    fan_in = weight.numel() // max(weight.shape[0], 1)
    scale = gain / math.sqrt(max(fan_in, 1))
    if weight.dtype == torch.float32 and weight.is_contiguous():
        _spread(weight.detach().view(-1), source, scale)
    else:
        weight.copy_(normal(weight.shape, source, dtype=weight.dtype) * scale)


def _spread(flat: torch.Tensor, source: torch.Generator, scale: float) -> None:
    """Fill with N(0, scale²); large ones with the same numbers again and again, each time times another factor."""
    if flat.numel() <= 2 * _DRAWN:
        torch.randn(flat.shape, generator=source, out=flat).mul_(scale)
        return
    few = torch.randn(_DRAWN, generator=source).mul_(scale)
    times = flat.numel() // _DRAWN
    factors = torch.rand(times + 1, generator=source) + 0.5
    whole = flat[: times * _DRAWN].view(times, _DRAWN)
    torch.mul(factors[:times, None], few, out=whole)
    flat[whole.numel() :] = few[: flat.numel() - whole.numel()] * factors[times]


def _buffer(like: torch.Tensor, last: str, source: torch.Generator) -> torch.Tensor:
    if last == "running_mean":
        return normal(like.shape, source, dtype=like.dtype) * 0.1
    if last == "running_var":
        return uniform(like.shape, source, low=0.5, high=1.5)
    if like.numel() and not torch.any(like):
        return uniform(like.shape, source, low=0.0, high=0.05)
    return like * uniform(like.shape, source, low=1.0, high=1.001).to(like.dtype)
