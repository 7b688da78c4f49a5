"""Records one run as a graph of values: who was computed from whom, in which module, at which resolution."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

import torch
from torch import nn

from corpus.watch import Frame, Place, Watch, is_in_place, name_of, tensors

SPATIAL = ("conv", "pool", "interpolate", "upsample", "pixel_shuffle", "pixel_unshuffle", "grid_sample", "pad")
REDUCING = {"mean", "sum", "amax", "amin", "max", "std", "var", "logsumexp"}
CHANNELS_FIRST = ("conv", "batch_norm", "group_norm", "instance_norm")
SHAPES = {"permute", "transpose", "movedim", "reshape", "view", "flatten", "unflatten", "contiguous"}
CHANNELS_LAST = {"linear", "layer_norm", "rms_norm"}


@dataclass(frozen=True, slots=True)
class Value:
    """One tensor as it was between two writes to it.

    ``scale`` is its number of positions relative to the model's input, None where it does not come from the input.
    ``layout`` says which axis holds the channels: "first", "last", or "" where that is unknown.
    """

    index: int
    event: int
    parents: tuple[int, ...]
    shape: tuple[int, ...]
    floating: bool
    scale: float | None
    layout: str


@dataclass(frozen=True, slots=True)
class Event:
    """One call of a torch function; ``operands`` are its tensors in the order written."""

    index: int
    name: str
    operands: tuple[int, ...]
    outputs: tuple[int, ...]
    path: str
    run: int
    library: bool
    axis: int | None = None
    place: Place = ("", 0, 0)


@dataclass(frozen=True, slots=True)
class ModuleCall:
    """One call of a module and the events that it made, ``first <= event.index < last``."""

    path: str
    run: int
    library: bool
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    first: int
    last: int


class Observer(Watch):
    """The record of one run of a model."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__(model)
        self.values: list[Value] = []
        self.events: list[Event] = []
        self.calls: list[ModuleCall] = []
        self._current: dict[int, int] = {}
        self._memory: dict[int, list[torch.Tensor]] = {}
        self._kept: list[torch.Tensor] = []
        self._starts: dict[int, int] = {}

    def seen(self, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        given = tensors([args, kwargs])
        operands = tuple(self.value(tensor) for tensor in given)
        in_place = is_in_place(func, args, kwargs)
        # An in-place call may change what the ratio below needs.
        shapes = [tuple(tensor.shape) for tensor in given]
        for frame in self.stack:
            self._starts.setdefault(id(frame), len(self.events))
        result = func(*args, **kwargs)
        made = given[:1] if in_place else tensors(result)
        if not made:
            return result
        known = {id(tensor) for tensor in given}
        fresh = made if in_place else [tensor for tensor in made if id(tensor) not in known]
        if fresh:
            self._note(name_of(func), operands, shapes, fresh, in_place, args, kwargs)
        return result

    def left(self, frame: Frame, inputs: list[torch.Tensor], result: Any) -> None:
        given = tuple(self.value(tensor) for tensor in inputs)
        outputs = []
        for tensor in tensors(result):
            if id(tensor) not in self._current:
                # Made where torch functions are not seen (a custom autograd function): it comes from the inputs.
                with torch._C.DisableTorchFunction():  # asking for its type must not count as a call
                    self._add(tensor, -1, given, self._scale(given), "")
            outputs.append(self._current[id(tensor)])
        first = self._starts.pop(id(frame), len(self.events))
        self.calls.append(
            ModuleCall(frame.path, frame.run, frame.library, given, tuple(outputs), first, len(self.events))
        )

    def value(self, tensor: torch.Tensor) -> int:
        """Returns the index of what the tensor holds now."""
        if id(tensor) not in self._current:
            self._add(tensor, -1, (), None, "")
        return self._current[id(tensor)]

    def start(self, inputs: list[torch.Tensor]) -> None:
        """Makes the inputs known as such."""
        for tensor in inputs:
            self._add(tensor, -1, (), 1.0, "first" if tensor.dim() >= 4 else "")

    def _note(
        self,
        name: str,
        operands: tuple[int, ...],
        shapes: list[tuple[int, ...]],
        fresh: list[torch.Tensor],
        in_place: bool,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        index = len(self.events)
        outputs = []
        for tensor in fresh:
            scale = self._scale(operands)
            if scale is not None and shapes:
                scale *= _ratio(name, shapes[0], tuple(tensor.shape))
            outputs.append(self._add(tensor, index, operands, scale, self._layout(name, operands)))
            if in_place:
                self._rewrite_aliases(tensor, index)
        frame = self.frame
        axis = kwargs.get("dim", args[1] if name in {"cat", "stack"} and len(args) > 1 else None)
        self.events.append(
            Event(
                index,
                name,
                operands,
                tuple(outputs),
                frame.path if frame else "",
                frame.run if frame else 0,
                frame.library if frame else False,
                axis if isinstance(axis, int) else None,
                self.place,
            )
        )

    def _rewrite_aliases(self, tensor: torch.Tensor, event: int) -> None:
        """Other tensors on the same memory hold something new as well."""
        new = self._current[id(tensor)]
        for other in self._memory.get(_pointer(tensor), []):
            if other is not tensor:
                old = self.values[self._current[id(other)]]
                self._add(other, event, (old.index, new), old.scale, old.layout)

    def _add(self, tensor: torch.Tensor, event: int, parents: tuple[int, ...], scale: float | None, layout: str) -> int:
        index = len(self.values)
        self.values.append(Value(index, event, parents, tuple(tensor.shape), tensor.is_floating_point(), scale, layout))
        if id(tensor) not in self._current:
            self._kept.append(tensor)  # or its id would be given to another
            self._memory.setdefault(_pointer(tensor), []).append(tensor)
        self._current[id(tensor)] = index
        return index

    def _scale(self, operands: tuple[int, ...]) -> float | None:
        scales = [scale for index in operands if (scale := self.values[index].scale) is not None]
        return max(scales, default=None)

    def _layout(self, name: str, operands: tuple[int, ...]) -> str:
        if name.startswith(CHANNELS_FIRST):
            return "first"
        if name in CHANNELS_LAST:
            return "last"
        if name in {"permute", "transpose", "movedim", "reshape", "view", "flatten", "rearrange", "einsum"}:
            return ""
        return next((layout for index in operands if (layout := self.values[index].layout)), "")


def observe(model: nn.Module, inputs: list[torch.Tensor]) -> tuple[Observer, Any]:
    """Returns the record of one run without gradients, and its result."""
    observer = Observer(model)
    observer.start(inputs)
    with torch.no_grad(), observer.running():
        result = model(*inputs)
    return observer, result


def _pointer(tensor: torch.Tensor) -> int:
    try:
        return tensor.untyped_storage().data_ptr()
    except (NotImplementedError, RuntimeError):  # no storage: a fake or sparse tensor
        return -id(tensor)


def _ratio(name: str, before: tuple[int, ...], after: tuple[int, ...]) -> float:
    """Returns the factor by which the number of positions changes."""
    if len(before) < 4 and not name.startswith(SPATIAL):
        return 1.0
    positions = prod(before[2:]) or 1
    if any(word in name for word in SPATIAL) and len(before) == len(after) >= 3:
        return prod(after[2:]) / positions
    if name in REDUCING:
        if len(after) == len(before) and before[:2] == after[:2]:
            return prod(after[2:]) / positions
        return 1.0 / positions if len(after) == 2 else 1.0
    if name == "getitem" and len(before) == len(after) and before[:2] == after[:2]:
        return prod(after[2:]) / positions
    return 1.0
