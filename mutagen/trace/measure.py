"""Runs a graph and notes what its values look like."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, fx

from mutagen.trace.build import seed_all
from mutagen.trace.graph_module import GraphRun
from mutagen.trace.inputs import Inputs
from mutagen.trace.running import copied


@dataclass(frozen=True, slots=True)
class Look:
    """A value of the graph: shape, dtype and storage if it is a tensor; whether it is or holds tensors."""

    shape: tuple[int, ...] | None = None
    dtype: str | None = None
    storage: int | None = None
    tensors: bool = False


_NOTHING = Look()


@dataclass(slots=True)
class _Storages:
    """Numbers for storages. They are held, lest a freed one's address be taken for a new one's."""

    numbers: dict[int, int] = field(default_factory=dict)
    held: list[torch.UntypedStorage] = field(default_factory=list)

    def number(self, tensor: Tensor) -> int | None:
        try:
            storage = tensor.untyped_storage()
        except (NotImplementedError, RuntimeError):
            return None
        key = storage._cdata
        if key not in self.numbers:
            self.numbers[key] = len(self.numbers)
            self.held.append(storage)
        return self.numbers[key]


class _Looking(GraphRun):
    """Looks at every value."""

    def __init__(self, module: fx.GraphModule) -> None:
        super().__init__(module, module.graph)
        self.looks: dict[str, Look] = {}
        self._storages = _Storages()

    def run_node(self, n: fx.Node) -> Any:
        """The value of a node, looked at."""
        value = super().run_node(n)
        self.looks[n.name] = self._look(value)
        return value

    def _look(self, value: Any) -> Look:
        if isinstance(value, Tensor):
            kind = str(value.dtype).removeprefix("torch.")
            return Look(tuple(int(size) for size in value.shape), kind, self._storages.number(value), True)
        return Look(tensors=True) if _holds_tensor(value) else _NOTHING


def _holds_tensor(value: Any) -> bool:
    if isinstance(value, (tuple, list)):
        return any(isinstance(item, Tensor) or _holds_tensor(item) for item in value)
    return isinstance(value, dict) and _holds_tensor(list(value.values()))


def look_at(module: fx.GraphModule, inputs: Inputs) -> tuple[Any, dict[str, Look]]:
    """The output of a graph for flat inputs, with the random streams at seed 0, and the look of every value."""
    looking = _Looking(module)
    seed_all(0)
    output = looking.run(*copied(inputs))
    return output, looking.looks
