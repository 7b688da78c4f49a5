"""Runs models without leaving marks on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from typing import Any, Literal, cast

import torch
from torch import Tensor, nn
from torch.nn.modules.lazy import LazyModuleMixin

from mutagen.trace.build import seed_all
from mutagen.trace.inputs import Inputs, Layout
from mutagen.trace.mode import set_mode
from mutagen.trace.provenance import boundary

Mark = tuple[float, int]
Mode = Literal["train", "eval"]


def copied(inputs: Inputs) -> Inputs:
    """Inputs that may be changed in place."""
    return tuple(leaf.clone() if isinstance(leaf, Tensor) else leaf for leaf in inputs)


def run(model: nn.Module, layout: Layout, inputs: Inputs, *, copy: bool = True) -> Any:
    """The output of a model for flat inputs, random streams at seed 0; ``copy`` leaves the inputs as they are."""
    args, kwargs = layout.arguments(copied(inputs) if copy else inputs)
    seed_all(0)
    return boundary(model, *args, **kwargs)


class State:
    """A model's weights, buffers, attributes and modes at one moment, to go back to after every run.

    With ``late`` the weights and buffers are those at the first ``follow``.
    """

    def __init__(self, model: nn.Module, *, late: bool = False) -> None:
        self._model = model
        self._attributes = [(module, dict(module.__dict__)) for module in model.modules()]
        self._tables = [
            (table, dict(table))
            for module, _ in self._attributes
            for table in cast(list[dict[str, Any]], [module._buffers, module._parameters, module._modules])
        ]
        buffers = {id(buffer): buffer for buffer in model.buffers()}
        held = buffers | {id(parameter): parameter for parameter in model.parameters()}
        self._buffers = frozenset(buffers)
        self._held = tuple(held.values())
        self._values: list[tuple[Tensor, Tensor]] = []
        self._marks: list[Mark] = []
        self._silent: dict[str, bool] = {}
        if not late:
            self._take()

    def _take(self) -> None:
        self._values = [(tensor, tensor.detach().clone()) for tensor in self._held]
        self._marks = [_mark(tensor) for tensor in self._held]

    def follow(self) -> None:
        """Takes over weights and buffers that torch has seen changed since: they are what to go back to."""
        if len(self._values) < len(self._held):
            self._take()
            return
        with torch.no_grad():
            for index, (tensor, value) in enumerate(self._values):
                if (mark := _mark(tensor)) != self._marks[index] or id(tensor) in self._buffers:
                    value.copy_(tensor)
                    self._marks[index] = mark

    @contextmanager
    def preserved(self, mode: str, *, runs: bool = True) -> Iterator[None]:
        """Puts the model in a mode for the block, without gradients, and goes back to the state after it.

        ``runs`` says that the model is run in the block, not only traced by symbols.
        """
        fast = torch.backends.mha.get_fastpath_enabled()
        torch.backends.mha.set_fastpath_enabled(False)
        before = [_mark(tensor) for tensor, _ in self._values]
        try:
            set_mode(self._model, mode)
            with torch.no_grad():
                yield
        finally:
            torch.backends.mha.set_fastpath_enabled(fast)
            self._restore(mode if runs else "", before)

    def _restore(self, ran: str, before: Sequence[Mark]) -> None:
        for module, attributes in self._attributes:
            module.__dict__.clear()
            module.__dict__.update(attributes)
        for table, members in self._tables:
            table.clear()
            table.update(members)
        # Batch norm changes its buffers without a mark, and by way of `.data` anything does: the first run tells
        # in a mode whether this model does that to its parameters, which are large.
        thorough = bool(ran) and self._silent.get(ran, True)
        silent = False
        with torch.no_grad():
            for index, (tensor, value) in enumerate(self._values):
                mark, small = _mark(tensor), id(tensor) in self._buffers
                if (thorough or small or mark != self._marks[index]) and not same(tensor, value):
                    silent = silent or not small and mark == before[index]
                    tensor.copy_(value)
                self._marks[index] = _mark(tensor)
        if ran:
            self._silent[ran] = self._silent.get(ran, False) or silent


def _mark(tensor: Tensor) -> Mark:
    """What changes whenever torch sees a tensor changed in place; never the same where torch does not look."""
    return float("nan") if tensor.is_inference() else tensor._version, tensor.data_ptr()


def materialise(model: nn.Module, layout: Layout, inputs: Inputs) -> None:
    """Runs a model once if it has lazy modules: these get their sizes, and their final classes, by their first call.

    In eval mode, lest statistics move that depend on what stands above them.
    """
    if any(isinstance(module, LazyModuleMixin) for module in model.modules()):
        modes = [(module, module.training) for module in model.modules()]
        with torch.no_grad():
            run(model.eval(), layout, inputs)
        for module, mode in modes:
            module.training = mode


def tensors_of(output: Any) -> list[Tensor]:
    """All tensors of an output in order, whatever lists, dicts and dataclasses hold them."""
    if isinstance(output, Tensor):
        return [output]
    if isinstance(output, Mapping):
        return [tensor for value in output.values() for tensor in tensors_of(value)]
    if isinstance(output, (list, tuple)):
        return [tensor for value in output for tensor in tensors_of(value)]
    if is_dataclass(output) and not isinstance(output, type):
        return [tensor for item in fields(output) for tensor in tensors_of(getattr(output, item.name))]
    return []


def difference(one: Any, other: Any) -> str:
    """How two outputs differ, "" if they are equal up to the rounding of reordered sums."""
    left, right = tensors_of(one), tensors_of(other)
    if len(left) != len(right):
        return f"{len(left)} tensors against {len(right)}"
    for index, (a, b) in enumerate(zip(left, right, strict=True)):
        if a.shape != b.shape or a.dtype != b.dtype:
            return f"output {index} is {tuple(a.shape)} {a.dtype} against {tuple(b.shape)} {b.dtype}"
        if not same(a, b) and not _close(a, b):
            return f"output {index} differs by up to {(a.double() - b.double()).abs().max().item():.3g}"
    return ""


def same(one: Tensor, other: Tensor) -> bool:
    """Whether two tensors of one shape hold the same values; on the meta device there are none to differ."""
    return one.is_meta and other.is_meta or torch.equal(one, other)


def _close(one: Tensor, other: Tensor) -> bool:
    if one.dtype.is_floating_point or one.dtype.is_complex:
        return torch.allclose(one, other, rtol=1e-5, atol=1e-6, equal_nan=True)
    return False
