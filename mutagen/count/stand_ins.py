"""Zeros in the shape of the result, for the operations that cost the most: counting must not pay for computing.

The meta device would do the same, but its first use imports much of the compiler, which takes seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

StandIn = Callable[..., Any]


def stand_ins() -> dict[Any, StandIn]:
    """Map operations to functions that return zeros of the right shape."""
    aten = torch.ops.aten
    return {
        aten.mm: lambda a, b: a.new_zeros(a.shape[0], b.shape[1]),
        aten.addmm: lambda _, a, b, **__: a.new_zeros(a.shape[0], b.shape[1]),
        aten.bmm: lambda a, b: a.new_zeros(a.shape[0], a.shape[1], b.shape[2]),
        aten.baddbmm: lambda _, a, b, **__: a.new_zeros(a.shape[0], a.shape[1], b.shape[2]),
        aten.convolution: _convolution,
        aten._scaled_dot_product_flash_attention_for_cpu: _attention,
    }


def _convolution(
    source: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    transposed: bool,
    output_padding: Sequence[int],
    groups: int,
) -> Tensor:
    rank = weight.dim() - 2
    strides, pads, steps, extra = (_spread(value, rank) for value in (stride, padding, dilation, output_padding))
    sizes = []
    for axis, size in enumerate(source.shape[-rank:]):
        reach = steps[axis] * (weight.shape[2 + axis] - 1)
        if transposed:
            sizes.append((size - 1) * strides[axis] - 2 * pads[axis] + reach + extra[axis] + 1)
        else:
            sizes.append((size + 2 * pads[axis] - reach - 1) // strides[axis] + 1)
    channels = weight.shape[1] * groups if transposed else weight.shape[0]
    return source.new_zeros(*source.shape[: -rank - 1], channels, *sizes)


def _spread(value: Sequence[int], rank: int) -> Sequence[int]:
    return value if len(value) == rank else [value[0]] * rank


def _attention(query: Tensor, key: Tensor, value: Tensor, *_: object, **__: object) -> tuple[Tensor, Tensor]:
    return query.new_zeros(*query.shape[:-1], value.shape[-1]), query.new_zeros(query.shape[:-1])
