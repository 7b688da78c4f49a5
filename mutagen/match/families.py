"""Operation names by what they do to a tensor. Names are stems: ``conv2d`` and ``conv3d`` have the stem ``conv``."""

from __future__ import annotations

import re

_RANK = re.compile(r"_?[123]d$")

PROJECTIONS = frozenset({"conv", "conv_transpose", "linear"})
NORMS = frozenset(
    {"batch_norm", "group_norm", "instance_norm", "layer_norm", "rms_norm", "local_response_norm", "sync_batch_norm"}
)
POOLS = frozenset(
    {
        "max_pool",
        "avg_pool",
        "lp_pool",
        "adaptive_avg_pool",
        "adaptive_max_pool",
        "fractional_max_pool",
    }
)
NEUTRAL = frozenset(
    {"identity", "dropout", "alpha_dropout", "feature_alpha_dropout", "feature_dropout", "clone", "contiguous"}
    | {"drop_path", "stochastic_depth", "to", "float", "half", "type", "type_as", "detach", "as_tensor"}
)
RESHAPES = frozenset(
    {"view", "view_as", "reshape", "reshape_as", "flatten", "unflatten", "squeeze", "unsqueeze"}
    | {"permute", "transpose", "movedim"}
)
# The same numbers, each once: a factor may stand before or behind.
SHAPES = RESHAPES | {"contiguous"}
EXPANSIONS = frozenset({"expand", "expand_as", "broadcast_to", "repeat"})
MOVES = frozenset({"permute", "transpose", "movedim"})
CROPS = frozenset({"getitem", "narrow", "pad", "center_crop", "zero_pad", "constant_pad", "reflection_pad"})
ACTIVATIONS = frozenset(
    {"relu", "relu6", "leaky_relu", "prelu", "rrelu", "elu", "celu", "selu", "gelu", "silu", "mish", "hardswish"}
    | {"hardtanh", "tanh", "softplus", "sigmoid", "hardsigmoid", "softsign", "tanhshrink", "logsigmoid"}
)
NONLINEAR = ACTIVATIONS | {"clamp", "threshold", "erf", "exp", "sin", "cos", "atan", "log", "log1p"}
POINTWISE = (
    NEUTRAL | NONLINEAR | {"add", "sub", "mul", "div", "pow", "square", "sqrt", "rsqrt", "reciprocal", "neg", "abs"}
)
CHANNELS_FIRST = frozenset(
    {"conv", "conv_transpose", "batch_norm", "sync_batch_norm", "group_norm", "instance_norm", "local_response_norm"}
    | {"interpolate", "upsample", "pixel_shuffle", "pixel_unshuffle", *POOLS}
)
CHANNELS_LAST = frozenset({"linear", "layer_norm"})
REDUCTIONS = frozenset({"mean", "amax", "amin", "max", "sum", "std", "var"})
METADATA = frozenset({"size", "shape", "dim", "ndim", "ndimension", "numel", "getattr", "device", "dtype", "len"})
BLANK = frozenset({"zeros", "zeros_like", "new_zeros", "full", "new_full", "empty", "empty_like", "new_empty"})
CONCATENATIONS = frozenset({"cat", "concat", "concatenate"})


def stem(name: str) -> str:
    """The operation name without its rank."""
    return _RANK.sub("", name)
