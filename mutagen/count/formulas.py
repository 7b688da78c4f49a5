"""Formulas for operations that ``FlopCounterMode`` does not know, in FLOPs: two for a multiply-add."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch

Shape = Sequence[int]
Formula = Callable[..., int]


def attention(query: Shape, key: Shape, value: Shape, *_: object, out_shape: object = None, **__: object) -> int:
    """FLOPs of ``softmax(q kᵀ) v``: two matrix products for each batch and head (B, H, L, D)."""
    batch, heads, length, width = query
    return 2 * batch * heads * length * key[-2] * (width + value[-1])


def grid_sample(source: Shape, grid: Shape, *_: object, out_shape: Shape, **__: object) -> int:
    """FLOPs of bilinear (trilinear) sampling: a multiply-add for each of the 4 (8) corners of an output element."""
    return int(2 * 2 ** (len(source) - 2) * math.prod(out_shape))


def deform_conv(source: Shape, weight: Shape, *_: object, out_shape: Shape, **__: object) -> int:
    """FLOPs of the convolution at the sampled places; the sampling itself is left out, as papers do."""
    return int(2 * math.prod(out_shape) * math.prod(weight[1:]))


def _spectrum(factor: float, shape: Shape, axes: Sequence[int]) -> int:
    length = math.prod(shape[axis] for axis in axes)
    return int(factor * math.prod(shape) * math.log2(max(length, 2)))


def real_fft(source: Shape, dim: Sequence[int], *_: object, out_shape: object = None, **__: object) -> int:
    """FLOPs of a real transform, 2.5 N log2 N over the transformed axes."""
    return _spectrum(2.5, source, dim)


def inverse_real_fft(source: Shape, dim: Sequence[int], *_: object, out_shape: Shape, **__: object) -> int:
    """FLOPs of the transform back to real numbers, 2.5 N log2 N of its result."""
    return _spectrum(2.5, out_shape, dim)


def complex_fft(source: Shape, dim: Sequence[int], *_: object, out_shape: object = None, **__: object) -> int:
    """FLOPs of a complex transform, 5 N log2 N."""
    return _spectrum(5.0, source, dim)


def recurrent_layer(source: Shape, weight: Shape, hidden: Shape, *_: object, **__: object) -> int:
    """FLOPs of one layer and direction of a fused LSTM, GRU or RNN: both products of all gates at each step."""
    steps = source[0] * source[1]
    return int(2 * steps * (math.prod(weight) + math.prod(hidden)))


def formulas() -> dict[Any, Formula]:
    """Map operations to formulas, those of ``torchvision`` only where it is loaded."""
    aten = torch.ops.aten
    known: dict[str, Formula] = {
        "_scaled_dot_product_flash_attention_for_cpu": attention,
        "grid_sampler_2d": grid_sample,
        "grid_sampler_3d": grid_sample,
        "_fft_r2c": real_fft,
        "_fft_c2r": inverse_real_fft,
        "_fft_c2c": complex_fft,
        "mkldnn_rnn_layer": recurrent_layer,
    }
    found: dict[Any, Formula] = {getattr(aten, name): known[name] for name in known if hasattr(aten, name)}
    if hasattr(torch.ops, "torchvision") and hasattr(torch.ops.torchvision, "deform_conv2d"):
        found[torch.ops.torchvision.deform_conv2d] = deform_conv
    return found
