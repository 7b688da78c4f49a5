"""The words of patterns: which operations the name of a part stands for."""

from __future__ import annotations

import re
from collections.abc import Mapping

from mutagen.load.rules_words import OPERATIONS

_NUMBER = re.compile(r"_?\d+$")

_CONVS = ("conv1d", "conv2d", "conv3d")
_TRANSPOSED = ("conv_transpose1d", "conv_transpose2d", "conv_transpose3d")
_NORMS = ("batch_norm", "group_norm", "layer_norm", "instance_norm", "rms_norm", "local_response_norm")
_MAX = tuple(f"{kind}max_pool{rank}d" for kind in ("", "adaptive_") for rank in (1, 2, 3))
_AVG = tuple(f"{kind}avg_pool{rank}d" for kind in ("", "adaptive_") for rank in (1, 2, 3))
_ACTIVATIONS = (
    *("relu", "relu6", "leaky_relu", "prelu", "rrelu", "elu", "celu", "selu", "gelu", "silu", "mish", "hardswish"),
    *("hardtanh", "tanh", "softplus", "sigmoid", "hardsigmoid"),
)
_FAMILIES: Mapping[str, tuple[str, ...]] = {
    "conv": _CONVS,
    "deconv": _TRANSPOSED,
    "convt": _TRANSPOSED,
    "fc": ("linear",),
    "dense": ("linear",),
    "bn": ("batch_norm",),
    "gn": ("group_norm",),
    "ln": ("layer_norm",),
    "norm": _NORMS,
    "act": _ACTIVATIONS,
    "pool": (*_MAX, *_AVG),
    "maxpool": _MAX,
    "avgpool": _AVG,
    "up": ("interpolate",),
    "upsample": ("interpolate",),
    "drop": ("dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout"),
    "swish": ("silu",),
    "concat": ("cat",),
    "attention": ("scaled_dot_product_attention", "multi_head_attention"),
}
NAMES = (*_FAMILIES, *OPERATIONS)
"""Names of parts that mean something by themselves."""


def meaning(name: str) -> tuple[str, ...]:
    """The operations that a part's name stands for: ``conv``, ``bn1``, ``relu6``; empty for a name of one's own."""
    for known in (name, _NUMBER.sub("", name)):
        if known in OPERATIONS:
            return (known,)
        if known in _FAMILIES:
            return _FAMILIES[known]
    return ()
