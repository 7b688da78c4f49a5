"""Example inputs: from the user's description, from the user's function, or inferred from the first layers.

The inputs of a model are kept as one flat tuple of leaves; ``Layout`` knows how they become arguments.
"""

from __future__ import annotations

import difflib
import importlib.util
import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from mutagen.errors import Place, TargetError
from mutagen.records.target import InputSpec
from mutagen.trace.failures import user_error

Inputs = tuple[Any, ...]
_UNIT = 32


@dataclass(frozen=True, slots=True)
class Layout:
    """How the flat inputs become the arguments of ``forward``."""

    spec: pytree.TreeSpec

    def arguments(self, inputs: Inputs) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Positional and keyword arguments made of flat inputs; the inputs may be anything, such as proxies."""
        args, kwargs = pytree.tree_unflatten(list(inputs), self.spec)
        return tuple(args), dict(kwargs)


@dataclass(frozen=True, slots=True)
class Example:
    """The example inputs of a model: ``make`` gives them for a batch size (None: as described) and a spatial scale."""

    layout: Layout
    make: Callable[[int | None, float, int], Inputs]
    specs: tuple[InputSpec, ...]
    inferred: bool = False


def from_specs(specs: tuple[InputSpec, ...], *, inferred: bool = False) -> Example:
    """Inputs drawn by description: positional without a name, else by keyword."""
    args = [index for index, spec in enumerate(specs) if spec.name is None]
    named = [index for index, spec in enumerate(specs) if spec.name is not None]
    order = args + named
    layout = _layout(tuple(args), {specs[index].name or "": index for index in named})

    def make(batch: int | None, scale: float, seed: int) -> Inputs:
        first = specs[0].shape[:1] if specs else ()
        shapes = [_vary(specs[index], first, batch, scale) for index in order]
        generator = torch.Generator().manual_seed(seed)
        return tuple(_draw(specs[index], shape, generator) for index, shape in zip(order, shapes, strict=True))

    return Example(layout, make, tuple(specs), inferred)


def _layout(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Layout:
    return Layout(pytree.tree_structure((args, dict(kwargs))))


def _vary(spec: InputSpec, first: tuple[int, ...], batch: int | None, scale: float) -> tuple[int, ...]:
    shape = list(spec.shape)
    if batch is not None and shape and tuple(shape[:1]) == first:
        shape[0] = batch
    if spec.dtype.startswith(("float", "bfloat")) and len(shape) in (4, 5) and scale != 1:
        shape[2:] = [scaled(size, scale) for size in shape[2:]]
    return tuple(shape)


def scaled(size: int, scale: float) -> int:
    """A size times ``scale``, as divisible by powers of two as the size itself is, up to 32."""
    unit = math.gcd(size, _UNIT)
    return max(unit, round(size * scale / unit) * unit)


def _draw(spec: InputSpec, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    dtype = getattr(torch, spec.dtype, None)
    if not isinstance(dtype, torch.dtype):
        raise TargetError("T111", f"{spec.dtype} is not a dtype of torch", hint="for example float32 or int64")
    if dtype.is_floating_point or dtype.is_complex:
        return torch.randn(shape, generator=generator, dtype=torch.float32).to(dtype)
    high = 2 if dtype is torch.bool else spec.high
    return torch.randint(0, max(high, 1), shape, generator=generator).to(dtype)


def from_function(reference: str) -> Example:
    """Inputs that the function ``file.py:make_inputs`` returns: a tensor, a tuple of arguments or a dict of them."""
    function = _load(reference)
    accepts = _parameters(function)

    def call(batch: int | None, scale: float, seed: int) -> tuple[tuple[Any, ...], dict[str, Any]]:
        given = {"batch": batch, "scale": scale, "seed": seed}
        torch.manual_seed(seed)
        try:
            value = function(**{k: v for k, v in given.items() if k in accepts and v is not None})
        except Exception as error:
            hint = "it is called without arguments, or with those of batch, scale and seed that it names"
            raise user_error("T112", f"{function.__name__}() failed to make inputs", error, hint=hint) from error
        if isinstance(value, dict):
            return (), value
        return (tuple(value) if isinstance(value, (tuple, list)) else (value,)), {}

    args, kwargs = call(None, 1.0, 0)
    layout = _layout(args, kwargs)

    def make(batch: int | None, scale: float, seed: int) -> Inputs:
        args, kwargs = call(batch, scale, seed)
        leaves = tuple(pytree.tree_leaves((args, kwargs)))
        return leaves if batch is None or "batch" in accepts else _repeated(leaves, batch)

    return Example(layout, make, tuple(_described(leaf) for leaf in pytree.tree_leaves((args, kwargs))))


def _load(reference: str) -> Callable[..., Any]:
    file, _, name = reference.rpartition(":")
    spec = importlib.util.spec_from_file_location("_inputs_of_user", file)
    if not file or spec is None or spec.loader is None:
        raise TargetError("T113", f"{reference} does not name a function in a Python file", hint="file.py:make_inputs")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        hint = f"the file must import and hold the function {name}"
        raise user_error("T113", f"{file} cannot be imported", error, hint=hint) from error
    function = getattr(module, name, None)
    if not callable(function):
        close = difflib.get_close_matches(name, [each for each, value in vars(module).items() if callable(value)], n=1)
        hint = f"did you mean {close[0]}?" if close else "name a function that is in the file: file.py:make_inputs"
        raise TargetError("T113", f"{file} has no function {name}", place=Place(file), hint=hint)
    return function  # type: ignore[no-any-return]


def _parameters(function: Callable[..., Any]) -> frozenset[str]:
    try:
        return frozenset(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return frozenset()


def _repeated(leaves: Inputs, batch: int) -> Inputs:
    tensors = [leaf for leaf in leaves if isinstance(leaf, Tensor) and leaf.dim()]
    first = tensors[0].shape[0] if tensors else 0
    rows = torch.arange(batch) % max(first, 1)
    return tuple(
        leaf[rows] if isinstance(leaf, Tensor) and leaf.dim() and leaf.shape[0] == first else leaf for leaf in leaves
    )


def _described(leaf: Any) -> InputSpec:
    if isinstance(leaf, Tensor):
        return InputSpec(tuple(leaf.shape), str(leaf.dtype).removeprefix("torch."))
    return InputSpec((), type(leaf).__name__)


_CONVS = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)


def guesses(model: nn.Module) -> list[tuple[InputSpec, ...]]:
    """Inputs worth a try, likeliest first, by the first layer that takes data and by what ``forward`` requires."""
    shapes = _guessed_shapes(model)
    count = max(_required(model), 1)
    return [tuple(InputSpec(shape, dtype) for _ in range(count)) for shape, dtype in shapes]


def _guessed_shapes(model: nn.Module) -> list[tuple[tuple[int, ...], str]]:
    for module in model.modules():
        if isinstance(module, _CONVS):
            channels = module.in_channels
            if module.weight.dim() == 3:
                return [((1, channels, size), "float32") for size in (128, 1024)]
            if module.weight.dim() == 5:
                return [((1, channels, *(size,) * 3), "float32") for size in (32, 64)]
            return [((1, channels, size, size), "float32") for size in (64, 224, 32, 256)]
        if isinstance(module, nn.Embedding):
            return [((1, 16), "int64")]
        if isinstance(module, nn.Linear):
            features = module.in_features
            flat = [((1, features), "float32"), ((1, 16, features), "float32")]
            return flat + _guessed_images(features)
        if isinstance(module, nn.LazyConv2d):
            return [((1, 3, 64, 64), "float32")]
    return [((1, 3, 64, 64), "float32"), ((1, 16), "float32")]


def _guessed_images(features: int) -> list[tuple[tuple[int, ...], str]]:
    """Images of 1 or 3 channels whose pixels, or those of one patch, are as many as a first linear layer takes."""
    sides = [(c, math.isqrt(features // c)) for c in (1, 3) if features % c == 0]
    shapes = [(1, c, side, side) for c, side in sides if c * side * side == features]
    shapes += [(1, 3, size, size) for size in (64, 224, 256)]
    return [(shape, "float32") for shape in shapes]


def _required(model: nn.Module) -> int:
    try:
        parameters = inspect.signature(model.forward).parameters.values()
    except (TypeError, ValueError):
        return 1
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(1 for item in parameters if item.kind in kinds and item.default is inspect.Parameter.empty)
