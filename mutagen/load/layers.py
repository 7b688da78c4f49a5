"""Classes of ``torch.nn`` that can be parts of a composition: what they take, and how they keep a tensor's shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mutagen.records.rules import Value

CHANNELS: Final = "channels"
"""What stands for the number of channels among the arguments: ``groups: channels`` is a depthwise convolution."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A class of ``torch.nn``: its arguments in the order of the constructor, and what it is called as a part.

    ``leading`` are filled in by position, by ``channels`` unless the rule gives them; ``options`` are given by name.
    ``rank`` is that of the tensors it takes, 0 for any; ``sliding`` says that it slides a kernel over them.
    """

    part: str
    leading: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    rank: int = 0
    sliding: bool = False


_CONV: Final = ("kernel_size", "padding", "dilation", "groups", "bias", "padding_mode")
_NORM: Final = ("eps", "momentum", "affine", "track_running_stats")
_MAX: Final = ("kernel_size", "padding", "dilation")
_AVG: Final = ("kernel_size", "padding", "count_include_pad")


def _by_rank() -> Mapping[str, Layer]:
    found: dict[str, Layer] = {}
    for n in (1, 2, 3):
        rank = n + 2
        found[f"Conv{n}d"] = Layer("conv", ("in_channels", "out_channels"), _CONV, rank, sliding=True)
        found[f"BatchNorm{n}d"] = Layer("norm", ("num_features",), _NORM, rank)
        found[f"InstanceNorm{n}d"] = Layer("norm", ("num_features",), _NORM, rank)
        found[f"MaxPool{n}d"] = Layer("pool", (), _MAX, rank, sliding=True)
        found[f"AvgPool{n}d"] = Layer("pool", (), _AVG, rank, sliding=True)
        found[f"Dropout{n}d"] = Layer("drop", (), ("p",), rank)
    return found


LAYERS: Final[Mapping[str, Layer]] = {
    **_by_rank(),
    "GroupNorm": Layer("norm", ("num_groups", "num_channels"), ("eps", "affine")),
    **{name: Layer("act") for name in ("ReLU", "ReLU6", "SiLU", "Mish", "Hardswish", "Sigmoid", "Tanh", "Softplus")},
    "GELU": Layer("act", (), ("approximate",)),
    "LeakyReLU": Layer("act", (), ("negative_slope",)),
    "ELU": Layer("act", (), ("alpha",)),
    "PReLU": Layer("act", (), ("num_parameters", "init")),
    "Dropout": Layer("drop", (), ("p",)),
    "Identity": Layer("identity"),
    "ChannelShuffle": Layer("shuffle", (), ("groups",)),
}


def layer(name: str) -> Layer | None:
    """The layer that a rule names, with or without ``nn.``."""
    return LAYERS.get(bare(name))


def bare(name: str) -> str:
    """The class name of a layer, without the modules that a rule may write in front of it."""
    return name.removeprefix("torch.").removeprefix("nn.")


def arguments_of(name: str, args: Mapping[str, Value]) -> tuple[tuple[Value, ...], Mapping[str, Value]] | str:
    """The arguments of a layer that keeps the shape of its tensor, by position and by name; else what is wrong.

    Channels are ``CHANNELS``; a padding that is left out, or ``auto``, is the one that keeps the shape.
    """
    known = LAYERS[bare(name)]
    leading = tuple(args.get(it, CHANNELS) for it in known.leading)
    rest = {key: value for key, value in args.items() if key not in known.leading}
    if not known.sliding:
        return leading, rest
    kernel = rest.pop("kernel_size", None)
    if kernel is None:
        return f"{bare(name)} needs a kernel_size"
    padding = rest.pop("padding", "auto")
    wanted = _same(kernel, rest.get("dilation", 1))
    if wanted is None:
        return f"{bare(name)} with an even kernel of {kernel} has no padding that keeps the shape"
    if padding not in ("auto", "same", wanted):
        return f"{bare(name)} with padding {padding} does not keep the shape; {wanted} would"
    strides = {} if known.part == "conv" else {"stride": 1}
    paddings = {"padding": wanted} if wanted != 0 else {}
    return (*leading, kernel), {**strides, **paddings, **rest}


def _same(kernel: Value, dilation: Value) -> Value:
    """dilation * (kernel - 1) / 2 on each axis; None where that is no whole number."""
    axes = max(len(it) if isinstance(it, tuple) else 1 for it in (kernel, dilation))
    sizes = kernel if isinstance(kernel, tuple) else (kernel,) * axes
    steps = dilation if isinstance(dilation, tuple) else (dilation,) * axes
    if len(sizes) != len(steps) or not all(type(it) is int for it in (*sizes, *steps)):
        return None
    twice = [int(str(by)) * (int(str(size)) - 1) for size, by in zip(sizes, steps, strict=True)]
    if any(it % 2 for it in twice):
        return None
    found = tuple(it // 2 for it in twice)
    return found[0] if len(set(found)) == 1 else found
