"""The models of the corpus: what to build, and how to say so on the command line."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path
from typing import Any

PUBLIC = Path(__file__).with_name("public.json")

# Ten entries that need only torch, numpy and einops, of as many families as possible.
SLICE = (
    "pytorchcv.models.resnet:resnet10",
    "pytorchcv.models.nin_cifar:nin_cifar10",
    "pytorchcv.models.seresnet_cifar:seresnet20_cifar10",
    "pytorchcv.models.mobilenetv2:mobilenetv2_w1",
    "pytorchcv.models.diaresnet_cifar:diaresnet20_cifar10",
    "pytorchcv.models.preresnet_cifar:preresnet20_cifar10",
    "vit_pytorch.vit:ViT",
    "vit_pytorch.simple_vit_with_qk_norm:SimpleViT",
    "unet.unet:UNet2D",
    "pytorch_tcn.tcn:TCN",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One model; ``args`` and ``kwargs`` are in the notation of public.json, shapes include the batch."""

    package: str
    version: str
    module: str
    file: str
    factory: str
    args: Sequence[Any] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    input_shapes: tuple[tuple[int, ...], ...] = ()
    dtype: str = "float32"
    int_high: int | None = None
    stubs: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Names the entry in the store and on the command line."""
        return f"{self.module}:{self.factory}"

    @property
    def top(self) -> str:
        """The folder of the package below site-packages."""
        return self.file.partition("/")[0]


def read_entries(path: Path = PUBLIC) -> tuple[Entry, ...]:
    """Returns the entries of a corpus file in order."""
    models = json.loads(path.read_text(encoding="utf-8"))["models"]
    return tuple(
        Entry(
            **{
                **model,
                "input_shapes": tuple(tuple(shape) for shape in model["input_shapes"]),
                "stubs": tuple(model.get("stubs", ())),
            }
        )
        for model in models
    )


def choose(entries: tuple[Entry, ...], wanted: str) -> tuple[Entry, ...]:
    """Returns all entries, the first N, those of the CI slice, or those that one of the words names.

    A word names the entry of this key, else all whose key contains it.
    """
    if wanted == "all":
        return entries
    if wanted == "slice":
        by_key = {entry.key: entry for entry in entries}
        return tuple(by_key[key] for key in SLICE)
    if wanted.isdigit():
        return entries[: int(wanted)]
    keys = {entry.key for entry in entries}
    words = wanted.split(",")
    return tuple(
        entry for entry in entries if any(word == entry.key if word in keys else word in entry.key for word in words)
    )


def call_text(entry: Entry) -> str:
    """Returns the model call as ``--model`` takes it."""
    return f"{entry.factory}({_arguments_text(entry.args, entry.kwargs)})"


def input_texts(entry: Entry) -> tuple[str, ...]:
    """Returns the example inputs as ``--input`` takes them."""
    suffix = ":int64" if entry.dtype == "int64" else ""
    return tuple("x".join(map(str, shape)) + suffix for shape in entry.input_shapes)


def build(entry: Entry) -> Any:
    """Returns the model, built from whatever copy of its package comes first on ``sys.path``."""
    factory = _look_up(f"{entry.module}:{entry.factory}")
    return factory(*map(_value, entry.args), **{name: _value(value) for name, value in entry.kwargs.items()})


def _look_up(reference: str) -> Any:
    module, _, name = reference.partition(":")
    return reduce(getattr, name.split("."), importlib.import_module(module))


def _value(value: Any) -> Any:
    if isinstance(value, dict):
        if "$tuple" in value:
            return tuple(map(_value, value["$tuple"]))
        if "$ref" in value:
            return _look_up(value["$ref"])
        if "$call" in value:
            kwargs = {name: _value(item) for name, item in value["kwargs"].items()}
            return _look_up(value["$call"])(*map(_value, value["args"]), **kwargs)
        return {key: _value(item) for key, item in value.items()}
    return [_value(item) for item in value] if isinstance(value, list) else value


def _arguments_text(args: Sequence[Any], kwargs: Mapping[str, Any]) -> str:
    return ", ".join([_text(value) for value in args] + [f"{name}={_text(value)}" for name, value in kwargs.items()])


def _text(value: Any) -> str:
    if isinstance(value, dict):
        if "$tuple" in value:
            items = ", ".join(map(_text, value["$tuple"]))
            return f"({items},)" if len(value["$tuple"]) == 1 else f"({items})"
        if "$ref" in value:
            return str(value["$ref"]).replace(":", ".")
        if "$call" in value:
            callee = str(value["$call"]).replace(":", ".")
            return f"{callee}({_arguments_text(value['args'], value['kwargs'])})"
        return "{" + ", ".join(f"{key!r}: {_text(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_text, value)) + "]"
    return repr(value)
