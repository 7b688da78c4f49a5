"""The names of the positional arguments of operations."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import lru_cache
from typing import Any

_SPREAD = "*"

# Builtins of torch have no signature to ask; a name with * takes all that is left.
_TABLE: dict[str, tuple[str, ...]] = {
    name: tuple(text.split())
    for name, text in {
        "adaptive_avg_pool1d": "input output_size",
        "adaptive_avg_pool2d": "input output_size",
        "adaptive_avg_pool3d": "input output_size",
        "add": "input other",
        "amax": "input dim keepdim",
        "amin": "input dim keepdim",
        "avg_pool1d": "input kernel_size stride padding ceil_mode count_include_pad",
        "avg_pool2d": "input kernel_size stride padding ceil_mode count_include_pad divisor_override",
        "avg_pool3d": "input kernel_size stride padding ceil_mode count_include_pad divisor_override",
        "baddbmm": "input batch1 batch2",
        "bmm": "input mat2",
        "cat": "tensors dim",
        "chunk": "input chunks dim",
        "clamp": "input min max",
        "conv1d": "input weight bias stride padding dilation groups",
        "conv2d": "input weight bias stride padding dilation groups",
        "conv3d": "input weight bias stride padding dilation groups",
        "conv_transpose1d": "input weight bias stride padding output_padding groups dilation",
        "conv_transpose2d": "input weight bias stride padding output_padding groups dilation",
        "conv_transpose3d": "input weight bias stride padding output_padding groups dilation",
        "cumsum": "input dim",
        "div": "input other",
        "einsum": "equation *operands",
        "expand": "input *sizes",
        "flatten": "input start_dim end_dim",
        "flip": "input *dims",
        "floor_divide": "input other",
        "gather": "input dim index",
        "gelu": "input",
        "getattr": "input name",
        "getitem": "input index",
        "index_select": "input dim index",
        "linear": "input weight bias",
        "log_softmax": "input dim",
        "masked_fill": "input mask value",
        "matmul": "input other",
        "max": "input dim keepdim",
        "mean": "input dim keepdim",
        "min": "input dim keepdim",
        "mul": "input other",
        "narrow": "input dim start length",
        "norm": "input p dim keepdim",
        "permute": "input *dims",
        "pixel_shuffle": "input upscale_factor",
        "pixel_unshuffle": "input downscale_factor",
        "pow": "input exponent",
        "prelu": "input weight",
        "repeat": "input *repeats",
        "repeat_interleave": "input repeats dim",
        "reshape": "input *shape",
        "roll": "input shifts dims",
        "scaled_dot_product_attention": "query key value attn_mask dropout_p is_causal",
        "setitem": "input index value",
        "size": "input dim",
        "softmax": "input dim",
        "split": "input split_size dim",
        "squeeze": "input dim",
        "stack": "tensors dim",
        "std": "input dim",
        "sub": "input other",
        "sum": "input dim keepdim",
        "to": "input *to",
        "topk": "input k dim",
        "transpose": "input dim0 dim1",
        "tril": "input diagonal",
        "triu": "input diagonal",
        "unbind": "input dim",
        "unflatten": "input dim sizes",
        "unsqueeze": "input dim",
        "var": "input dim",
        "view": "input *shape",
        "where": "condition input other",
    }.items()
}


def positional(name: str, function: Callable[..., Any] | None, count: int) -> list[str]:
    """Names for ``count`` positional arguments of an operation; a position where the name is not known.

    ``name`` is the canonical one; a spread argument gives the same name to all positions that it takes.
    """
    known = _TABLE.get(name) or (_signature(function) if function is not None else ())
    names = []
    for index in range(count):
        if index < len(known):
            names.append(known[index])
        elif known and known[-1].startswith(_SPREAD):
            names.append(known[-1])
        else:
            names.append(str(index))
    return names


@lru_cache(maxsize=4096)
def _signature(function: Callable[..., Any]) -> tuple[str, ...]:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return ()
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    named = [item.name for item in parameters if item.kind in kinds]
    spread = [_SPREAD + item.name for item in parameters if item.kind is inspect.Parameter.VAR_POSITIONAL]
    return tuple(named + spread)
