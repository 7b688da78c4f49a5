"""Rules that speak of different things, so that their order must not matter, by what they speak of."""

from __future__ import annotations

from tests.golden.drawn.drawing import Text

_CONV = {"type": "Conv2d", "where": {"kernel_size": 3}}

INDEPENDENT: dict[str, tuple[Text, ...]] = {
    "activation": (
        {"match": {"op": "relu"}, "replace": {"with": "gelu"}},
        {"match": {"type": "ReLU"}, "set": {"inplace": False}},
    ),
    "norm": (
        {"match": {"type": "BatchNorm2d"}, "set": {"eps": 0.001}},
        {"match": {"type": "BatchNorm2d"}, "replace": {"with": "GroupNorm"}},
        {"match": {"type": "LayerNorm"}, "set": {"eps": 0.001}},
    ),
    "conv": (
        {"match": _CONV, "set": {"padding_mode": "reflect"}},
        {"match": _CONV, "set": {"dilation": 2, "padding": "auto"}},
        {"match": {**_CONV, "where": {"kernel_size": 3, "groups": 1}}, "replace": {"with": "DepthwiseSeparableConv2d"}},
    ),
    "branch": (
        {"match": {"block": "residual"}, "insert": {"block": "ECA", "at": "branch-end"}},
        {"match": {"edge": "residual"}, "insert": {"block": "LayerScale", "at": "branch"}},
    ),
    "skip": (
        {"match": {"edge": "skip"}, "insert": {"block": "AttentionGate2d", "at": "skip"}},
        {"match": {"edge": "skip"}, "insert": {"block": "ECA", "at": "skip"}},
    ),
    "head": (
        {"match": {"type": "Linear"}, "insert": {"block": "LayerScale", "at": "after"}},
        {"match": {"type": "Linear"}, "set": {"bias": False}},
    ),
    "dropout": (
        {"match": {"type": "Dropout*"}, "remove": True},
        {"match": {"type": "Dropout*"}, "set": {"p": 0.3}},
    ),
}
