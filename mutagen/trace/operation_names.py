"""One name for one operation, whether it is a module, a function, a method, an operator or changes in place."""

from __future__ import annotations

import re

_SAME = {
    "_set_grad_enabled": "set_grad_enabled",
    "absolute": "abs",
    "adaptive_max_pool1d_with_indices": "adaptive_max_pool1d",
    "adaptive_max_pool2d_with_indices": "adaptive_max_pool2d",
    "adaptive_max_pool3d_with_indices": "adaptive_max_pool3d",
    "and_": "bitwise_and",
    "arctan": "atan",
    "clip": "clamp",
    "concat": "cat",
    "concatenate": "cat",
    "divide": "div",
    "expit": "sigmoid",
    "feature_alpha_dropout": "alpha_dropout",
    "floordiv": "floor_divide",
    "greater": "gt",
    "greater_equal": "ge",
    "iadd": "add",
    "iand": "bitwise_and",
    "ifloordiv": "floor_divide",
    "imatmul": "matmul",
    "imod": "remainder",
    "imul": "mul",
    "ior": "bitwise_or",
    "ipow": "pow",
    "isub": "sub",
    "itruediv": "div",
    "ixor": "bitwise_xor",
    "less": "lt",
    "less_equal": "le",
    "log_sigmoid": "logsigmoid",
    "max_pool1d_with_indices": "max_pool1d",
    "max_pool2d_with_indices": "max_pool2d",
    "max_pool3d_with_indices": "max_pool3d",
    "mod": "remainder",
    "multi_head_attention_forward": "multi_head_attention",
    "multihead_attention": "multi_head_attention",
    "multiply": "mul",
    "native_group_norm": "group_norm",
    "native_layer_norm": "layer_norm",
    "negative": "neg",
    "or_": "bitwise_or",
    "special_expit": "sigmoid",
    "subtract": "sub",
    "swapaxes": "transpose",
    "swapdims": "transpose",
    "truediv": "div",
    "true_divide": "div",
    "upsample": "interpolate",
    "upsample_bilinear": "interpolate",
    "upsample_nearest": "interpolate",
    "xor": "bitwise_xor",
}

_CLASSES = {
    "BatchNorm1d": "batch_norm",
    "BatchNorm2d": "batch_norm",
    "BatchNorm3d": "batch_norm",
    "CELU": "celu",
    "ELU": "elu",
    "GELU": "gelu",
    "GLU": "glu",
    "GRU": "gru",
    "InstanceNorm1d": "instance_norm",
    "InstanceNorm2d": "instance_norm",
    "InstanceNorm3d": "instance_norm",
    "LSTM": "lstm",
    "LogSigmoid": "logsigmoid",
    "MultiheadAttention": "multi_head_attention",
    "NonDynamicallyQuantizableLinear": "linear",
    "PReLU": "prelu",
    "RMSNorm": "rms_norm",
    "RNN": "rnn",
    "RReLU": "rrelu",
    "ReLU": "relu",
    "ReLU6": "relu6",
    "LeakyReLU": "leaky_relu",
    "SELU": "selu",
    "SiLU": "silu",
    "Softmax2d": "softmax",
    "SyncBatchNorm": "batch_norm",
    "Upsample": "interpolate",
    "UpsamplingBilinear2d": "interpolate",
    "UpsamplingNearest2d": "interpolate",
}

_PAD = re.compile(r"(Zero|Constant|Reflection|Replication|Circular)Pad[123]d")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def of_function(name: str) -> str:
    """The canonical name of a function, method or operator."""
    if name in _SAME:
        return _SAME[name]
    if name.startswith("__") and name.endswith("__"):
        return of_function(name.strip("_"))
    plain = name.rstrip("_") if name.endswith("_") and len(name) > 1 else name
    return _SAME.get(plain, plain)


def of_class(name: str) -> str:
    """The canonical name of the operation that a module class stands for."""
    if name in _CLASSES:
        return _CLASSES[name]
    if _PAD.fullmatch(name):
        return "pad"
    if name.startswith("Parametrized"):
        return of_class(name.removeprefix("Parametrized"))
    if name.startswith("Lazy"):
        return of_class(name.removeprefix("Lazy"))
    return _SAME.get(snake(name), snake(name))


def snake(name: str) -> str:
    """CamelCase to snake_case; digits stay with the word before: Conv2d -> conv2d, LayerNorm -> layer_norm."""
    return _HUMP.sub("_", name).lower()


def changes_in_place(name: str) -> bool:
    """Whether a function's name says that it changes its first operand."""
    if name in ("and_", "or_"):
        return False
    return (name.endswith("_") and not name.endswith("__")) or name in _IN_PLACE


_IN_PLACE = frozenset(
    name
    for name in _SAME
    if name[0] == "i"
    and name[1:] in {"add", "and", "floordiv", "matmul", "mod", "mul", "or", "pow", "sub", "truediv", "xor"}
) | {"setitem", "setattr"}
