"""Sees every torch function and every module call of one run, with the modules that are being executed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

Place = tuple[str, int, int]
"""An instruction of the source: the file, the first line of the function and the place in its code."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One module in execution: its path ("?" when it is no part of the model), and how often it ran before."""

    module: nn.Module
    path: str
    run: int

    @property
    def library(self) -> bool:
        """Whether the class is torch's own."""
        return type(self.module).__module__.partition(".")[0] == "torch"


class Watch(TorchFunctionMode):
    """Calls ``seen`` for every torch function that the model or its modules call."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.stack: list[Frame] = []
        self.place: Place = ("", 0, 0)
        self._paths = {id(module): path for path, module in model.named_modules()}
        self._kinds = {
            kind for module in model.modules() for kind in type(module).__mro__ if issubclass(kind, nn.Module)
        }
        self._runs: dict[int, int] = {}

    @property
    def frame(self) -> Frame | None:
        """The innermost module in execution."""
        return self.stack[-1] if self.stack else None

    def seen(self, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Returns the result of the call; subclasses note or change it."""
        return func(*args, **kwargs)

    def left(self, frame: Frame, inputs: list[torch.Tensor], result: Any) -> None:
        """Called after each module call; subclasses note it."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        caller = sys._getframe(1)
        self.place = caller.f_code.co_filename, caller.f_code.co_firstlineno, caller.f_lasti
        return self.seen(func, args, kwargs or {})

    @contextmanager
    def running(self) -> Iterator[None]:
        """Within, modules called are noted and functions are seen."""
        # Some classes override __call__ instead of forward.
        kinds = {kind for kind in self._kinds if "__call__" in vars(kind)} | {nn.Module}
        originals = {kind: vars(kind)["__call__"] for kind in kinds}
        fast = torch.backends.mha.get_fastpath_enabled()
        torch.backends.mha.set_fastpath_enabled(False)
        for kind, original in originals.items():
            setattr(kind, "__call__", self._noting(original))  # noqa: B010
        try:
            with self:
                yield
        finally:
            for kind, original in originals.items():
                setattr(kind, "__call__", original)  # noqa: B010
            torch.backends.mha.set_fastpath_enabled(fast)

    def _noting(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def call(module: nn.Module, *args: Any, **kwargs: Any) -> Any:
            if self.stack and self.stack[-1].module is module:
                return original(module, *args, **kwargs)  # from an overridden __call__
            run = self._runs.get(id(module), 0)
            self._runs[id(module)] = run + 1
            frame = Frame(module, self._paths.get(id(module), "?"), run)
            self.stack.append(frame)
            try:
                result = original(module, *args, **kwargs)
            finally:
                self.stack.pop()
            self.left(frame, tensors([args, kwargs]), result)
            return result

        return call


def tensors(value: Any) -> list[torch.Tensor]:
    """Returns the tensors in nested arguments or results, in order."""
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, dict):
        return [found for item in value.values() for found in tensors(item)]
    if isinstance(value, (list, tuple)):
        return [found for item in value for found in tensors(item)]
    if hasattr(value, "__dataclass_fields__"):
        return [found for name in value.__dataclass_fields__ for found in tensors(getattr(value, name))]
    return []


def name_of(func: Any) -> str:
    """Returns the bare name of a torch function, without the underscore of in-place forms."""
    name = str(getattr(func, "__name__", func))
    plain = name.strip("_") if name.startswith("__") else name.removesuffix("_")
    return {"iadd": "add", "radd": "add", "concat": "cat", "concatenate": "cat"}.get(plain, plain)


def is_in_place(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether the call overwrites its first operand."""
    name = str(getattr(func, "__name__", ""))
    if name.startswith("__"):
        return (
            name.startswith("__i")
            and name not in {"__invert__", "__index__", "__int__", "__iter__"}
            or name == "__setitem__"
        )
    positional = name in {"relu", "relu6", "silu", "elu", "hardswish"} and len(args) > 1 and args[-1] is True
    return name.endswith("_") or kwargs.get("inplace") is True or positional
