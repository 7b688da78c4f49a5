"""What people ask for, and the words in a model's source without which there is nothing of the kind."""

from __future__ import annotations

from tests.golden.drawn.drawing import Text
from tests.golden.drawn.models import Model

CONV, NORM, RELU = {"type": "Conv2d"}, {"type": "BatchNorm2d"}, {"op": "relu"}
THREE = {**CONV, "where": {"kernel_size": 3}}
CHAIN = {"pattern": "relu(bn(conv(x)))"}

USUAL: dict[str, tuple[Text, ...]] = {
    "conv": (
        {"match": CONV, "replace": {"with": "DepthwiseSeparableConv2d"}},
        {"match": THREE, "replace": {"with": "DepthwiseSeparableConv2d"}},
        {"match": CONV, "insert": {"block": "ECA", "at": "after"}},
        {"match": CONV, "insert": {"block": "ECA", "at": "output"}},
        {"match": CONV, "insert": {"block": "SqueezeExcite2d", "at": "before"}},
        {"match": CONV, "insert": {"block": "Summed", "at": "after"}},
        {"match": THREE, "set": {"dilation": 2, "padding": "auto"}},
        {"match": CONV, "set": {"padding_mode": "reflect"}},
        {"match": CONV, "set": {"bias": True}},
        {
            "match": {**THREE, "where": {"kernel_size": 3, "stride": 1}},
            "branch": {"block": "Mixed", "start": "identity"},
        },
        {"match": CONV, "wrap": {"with": "Refined"}},
        {"match": CONV, "wrap": {"with": "Beside"}},
        {"match": {"pattern": "bn(conv(x))"}, "replace": {"conv": {"with": "DepthwiseSeparableConv2d"}}},
        {"match": CHAIN, "replace": {"conv": {"with": "DepthwiseSeparableConv2d"}, "relu": {"with": "gelu"}}},
        {"match": CONV, "skip": True},
    ),
    "norm": (
        {"match": NORM, "replace": {"with": "GroupNorm", "args": {"num_groups": "auto"}}},
        {"match": {"isa": "_BatchNorm"}, "replace": {"with": "GroupNorm", "args": {"num_groups": 1}}},
        {"match": NORM, "set": {"eps": 0.001, "momentum": 0.01}},
        {"match": NORM, "insert": {"block": "LayerScale", "at": "after", "args": {"init": 0.5}}},
        {"match": NORM, "insert": {"block": "ECA", "at": "before"}},
        {"match": NORM, "remove": True},
        {"match": NORM, "skip": True},
        {"match": NORM, "wrap": {"with": "Softly"}},
        {"match": {**NORM, "after": {"type": "Conv2d"}}, "insert": {"block": "ECA", "at": "output"}},
        {"match": CHAIN, "replace": {"bn": {"with": "GroupNorm", "args": {"num_groups": "${conv.groups}"}}}},
        {"match": {"pattern": "bn(conv(x))"}, "replace": {"bn": {"with": "GroupNorm"}}},
    ),
    "relu": (
        {"match": RELU, "replace": {"with": "gelu"}},
        {"match": {"type": "ReLU"}, "replace": {"with": "GELU"}},
        {"match": {"type": "ReLU"}, "set": {"inplace": False}},
        {"match": {"type": "ReLU"}, "remove": True},
        {"match": {"type": "ReLU"}, "wrap": {"with": "Refined"}},
        {"match": RELU, "insert": {"block": "ECA", "at": "after"}},
        {"match": RELU, "insert": {"block": "LayerScale", "at": "before"}},
        {"match": CHAIN, "replace": {"relu": {"with": "gelu"}}},
        {"match": {"pattern": "act(norm(x))"}, "replace": {"act": {"with": "gelu"}}},
    ),
    "residual": (
        {"match": {"block": "residual"}, "insert": {"block": "ECA", "at": "branch-end"}},
        {"match": {"block": "residual"}, "insert": {"block": "SqueezeExcite2d", "at": "branch-end"}},
        {"match": {"block": "residual"}, "insert": {"block": "EdgeContext", "at": "branch-end"}},
        {"match": {"block": "residual"}, "insert": {"block": "ECA", "at": "after"}},
        {"match": {"block": "residual"}, "wrap": {"with": "Refined"}},
        {"match": {"edge": "residual"}, "insert": {"block": "LayerScale", "at": "branch", "args": {"init": 0.0}}},
        {"match": {"edge": "residual"}, "insert": {"block": "ECA", "at": "branch", "start": "identity"}},
        {"match": {"edge": "add"}, "insert": {"block": "LayerScale", "at": "second"}},
        {"match": {"edge": "add"}, "insert": {"block": "ECA", "at": "first"}},
    ),
    "join": (
        {"match": {"edge": "skip"}, "insert": {"block": "AttentionGate2d", "at": "skip"}},
        {"match": {"edge": "skip"}, "insert": {"block": "ECA", "at": "skip"}},
        {"match": {"edge": "concat"}, "insert": {"block": "ECA", "at": "first"}},
        {"match": {"edge": "concat"}, "insert": {"block": "LayerScale", "at": "second"}},
    ),
    "mul": ({"match": {"edge": "mul"}, "insert": {"block": "ECA", "at": "first"}},),
    "squeeze": (
        {"match": {"block": "squeeze-excite"}, "replace": {"with": "ECA"}},
        {"match": {"block": "squeeze-excite"}, "replace": {"with": {"from": "theirs/attention.py:SEAttention"}}},
        {"match": {"block": "squeeze-excite"}, "insert": {"block": "ECA", "at": "after"}},
        {"match": {"block": "squeeze-excite"}, "remove": True},
    ),
    "linear": (
        {"match": {"type": "Linear"}, "insert": {"block": "LayerScale", "at": "after"}},
        {"match": {"type": "Linear"}, "set": {"bias": False}},
        {"match": {"type": "Linear"}, "wrap": {"with": {"made": {"serial": ["body", {"Dropout": {"p": 0.1}}]}}}},
        {"match": {"type": "LayerNorm"}, "set": {"eps": 0.001}},
        {"match": {"type": "LayerNorm"}, "insert": {"block": "LayerScale", "at": "after"}},
    ),
    "drop": (
        {"match": {"type": "Dropout*"}, "remove": True},
        {"match": {"type": "Dropout*"}, "set": {"p": 0.3}},
        {"match": {"op": "dropout"}, "insert": {"block": "LayerScale", "at": "before"}},
    ),
    "pool": (
        {"match": {"isa": "*Pool*"}, "insert": {"block": "ECA", "at": "before"}},
        {"match": {"type": "MaxPool2d"}, "wrap": {"with": "BesideGated"}},
    ),
}
NEEDS: dict[str, frozenset[str]] = {
    "conv": frozenset({"Conv2d", "conv2d", "conv3x3", "conv1x1"}),
    "norm": frozenset({"BatchNorm2d", "bn", "norm"}),
    "relu": frozenset({"ReLU", "relu", "relu_"}),
    "residual": frozenset({"+", "add", "add_"}),
    "join": frozenset({"cat", "concat"}),
    "mul": frozenset({"*", "mul"}),
    "squeeze": frozenset({"sigmoid", "Sigmoid"}),
    "linear": frozenset({"Linear", "LayerNorm"}),
    "drop": frozenset({"Dropout", "Dropout2d", "dropout"}),
    "pool": frozenset({"MaxPool2d", "AvgPool2d", "AdaptiveAvgPool2d", "max_pool2d"}),
}


def themes(model: Model) -> list[str]:
    """What a model may have something of."""
    return [theme for theme, words in NEEDS.items() if words & model.words]
