"""Which argument of a class of torch is which one of somebody else's class, by their names."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from mutagen.records.blocks import Block
from mutagen.records.rules import Value

_IN: Final = (
    *("in_channels", "in_channel", "in_chs", "in_ch", "in_planes", "inplanes", "inp", "c1", "cin", "ch_in", "dim_in"),
    *("in_dim", "channels", "channel", "num_channels", "dim", "planes", "c"),
)
_OUT: Final = (
    *("out_channels", "out_channel", "out_chs", "out_ch", "out_planes", "outplanes", "oup", "c2", "cout", "ch_out"),
    *("dim_out", "out_dim"),
)
_COUNT: Final = (
    *("num_features", "normalized_shape", "num_channels", "channels", "channel", "features", "dim", "d_model"),
    *("hidden_size", "embed_dim", "nc", "c"),
)
_SPELLINGS: Final[Mapping[str, Sequence[str]]] = {
    "in_channels": _IN,
    "out_channels": _OUT,
    "in_features": ("in_features", "in_dim", "dim_in", "input_dim", "in_size", "d_in", *_IN),
    "out_features": ("out_features", "out_dim", "dim_out", "output_dim", "out_size", "d_out", *_OUT),
    "num_features": _COUNT,
    "normalized_shape": _COUNT,
    "num_channels": _COUNT,
    "kernel_size": ("kernel_size", "kernel", "ksize", "kernel_sizes"),
    "stride": ("stride", "strides"),
    "padding": ("padding", "pad"),
}
# The letters of a convolution where channels are c1 and c2, as in the YOLO family.
_LETTERS: Final = {"kernel_size": "k", "stride": "s", "padding": "p", "groups": "g", "dilation": "d"}
_NEVER: Final = ("device", "dtype")

LOST: Final[Mapping[str, Value]] = {
    "stride": 1,
    "dilation": 1,
    "groups": 1,
    "padding_mode": "zeros",
    "output_padding": 0,
}
"""What must stay as these where a class has no argument for it."""

SIGNATURES: Final[Mapping[str, tuple[str, ...]]] = {
    "Conv2d": ("in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "groups", "bias"),
    "Linear": ("in_features", "out_features", "bias"),
    "BatchNorm2d": ("num_features", "eps", "momentum", "affine", "track_running_stats"),
    "LayerNorm": ("normalized_shape", "eps", "elementwise_affine", "bias"),
}
"""Classes in the place of which a class may be made for."""


def carried(signature: Sequence[str], parameters: Sequence[str], said: Collection[str] = ()) -> dict[str, str]:
    """The parameters of a class by those of the class in whose place it goes; ``said`` are given by the rule."""
    free = [name for name in parameters if name not in said]
    letters = _LETTERS if {"c1", "c2"} <= set(parameters) else {}
    found: dict[str, str] = {}
    for name in signature:
        spellings = (name, *_SPELLINGS.get(name, ()), *([letters[name]] if name in letters else []))
        target = next((it for it in spellings if it in free), None)
        if target is not None and name not in _NEVER:
            found[name] = target
            free.remove(target)
    return found


def missing(block: Block, found: Mapping[str, str], said: Collection[str]) -> tuple[str, ...]:
    """The arguments that a class needs and nothing gives."""
    return tuple(it for it in block.required if it not in found.values() and it not in said)


def plain(value: Value) -> Value:
    """One number for a tuple of equal ones: what ``kernel_size`` is as one writes it."""
    if isinstance(value, tuple) and value and all(it == value[0] for it in value):
        return value[0]
    return value
