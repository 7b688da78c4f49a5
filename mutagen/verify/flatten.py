"""Tensors inside whatever a model returns, each with a readable name."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import torch

from mutagen.records.proof import TensorFacts


@dataclasses.dataclass(frozen=True, slots=True)
class Outputs:
    """The tensors by name, in order, and how they were nested."""

    tensors: dict[str, torch.Tensor]
    structure: str

    def renamed(self, names: tuple[str, ...]) -> Outputs:
        """The same tensors under other names, in order."""
        return Outputs(dict(zip(names, self.tensors.values(), strict=True)), self.structure)

    def facts(self) -> tuple[TensorFacts, ...]:
        """Name, shape and type of each tensor."""
        return tuple(
            TensorFacts(name, tuple(tensor.shape), str(tensor.dtype).removeprefix("torch."))
            for name, tensor in self.tensors.items()
        )


def flatten(value: object) -> Outputs:
    """Look into tensors, sequences, mappings and data classes; anything else is a plain value."""
    tensors: dict[str, torch.Tensor] = {}

    def visit(item: Any, name: str) -> str:
        if isinstance(item, torch.Tensor):
            tensors[name] = item
            return "tensor"
        for fits, look in _KINDS:
            if fits(item):
                parts = [f"{label}{visit(part, name + place)}" for place, label, part in look(item)]
                return f"{type(item).__name__}({', '.join(parts)})"
        if isinstance(item, bool | int | float | str | None):
            return repr(item)
        return type(item).__name__

    return Outputs(tensors, visit(value, "output"))


Parts = list[tuple[str, str, Any]]


def _items(item: Mapping[Any, Any]) -> Parts:
    return [(f".{key}", f"{key}=", part) for key, part in item.items()]


def _elements(item: Any) -> Parts:
    return [(f"[{index}]", "", part) for index, part in enumerate(item)]


def _fields(item: Any) -> Parts:
    return [(f".{field.name}", f"{field.name}=", getattr(item, field.name)) for field in dataclasses.fields(item)]


_KINDS: tuple[tuple[Callable[[Any], bool], Callable[[Any], Parts]], ...] = (
    (lambda item: isinstance(item, Mapping), _items),
    (lambda item: isinstance(item, list | tuple), _elements),
    (lambda item: dataclasses.is_dataclass(item) and not isinstance(item, type), _fields),
)
