"""Whether forward looks at the mode of a module: what does not is the same graph in training and in evaluation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from torch import nn


@dataclass(slots=True)
class ModeReads:
    """Stands in the place of ``training`` of all modules and notes that it is read."""

    any: bool = False

    def __get__(self, module: nn.Module | None, _: type[nn.Module]) -> Any:
        """The mode of a module."""
        if module is None:
            return self
        self.any = True
        try:
            return module.__dict__["training"]
        except KeyError:
            raise AttributeError("training") from None

    def __set__(self, module: nn.Module, value: bool) -> None:
        """Puts a module in a mode, which depends on modes as well."""
        self.any = True
        module.__dict__["training"] = value


@contextmanager
def mode_reads() -> Iterator[ModeReads]:
    """Notes whether the mode of any module is read inside the block."""
    reads = ModeReads()
    nn.Module.training = reads  # type: ignore[assignment]
    try:
        yield reads
    finally:
        del nn.Module.training
