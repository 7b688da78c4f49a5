"""How a call that torch reports is written as a node of a graph."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from types import BuiltinFunctionType, FunctionType, MethodDescriptorType, WrapperDescriptorType
from typing import Any

import torch
from torch import Tensor

_ARITHMETIC = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor")
_OTHERS = ("lshift", "rshift", "eq", "ne", "lt", "le", "gt", "ge", "getitem", "neg", "invert", "pos", "abs")
_WORDS = {"and": operator.and_, "or": operator.or_}
_IGNORED = frozenset({"__get__", "__set__", "__delete__", "__len__", "__bool__", "__repr__", "__format__", "__hash__"})


@dataclass(frozen=True, slots=True)
class CallForm:
    """A call as fx writes it; ``effect`` says that it matters even without a tensor as its result."""

    op: str
    target: Any
    args: Any
    kwargs: Any
    effect: bool = False


def _magic() -> dict[str, Callable[..., Any]]:
    table = {f"__{name}__": _WORDS.get(name) or getattr(operator, name) for name in _ARITHMETIC + _OTHERS}
    table |= {f"__i{name}__": getattr(operator, f"i{name}") for name in _ARITHMETIC}
    return table | {"__div__": operator.truediv, "__idiv__": operator.itruediv}


_MAGIC = _magic()
_SWAPPED = {f"__r{name}__": _MAGIC[f"__{name}__"] for name in _ARITHMETIC} | {"__rdiv__": operator.truediv}


def call_form(function: Callable[..., Any], args: Any, kwargs: Any) -> CallForm | None:
    """The form of a call; None for what only asks about a tensor."""
    method = _method_name(function)
    name = method or str(getattr(function, "__name__", ""))
    if name == "__get__":
        return CallForm("call_function", getattr, (args[0], _attribute(function)), {})
    if name in ("__set__", "__setitem__"):
        target = operator.setitem if name == "__setitem__" else setattr
        rest = args[1:] if name == "__setitem__" else (_attribute(function), args[1])
        return CallForm("call_function", target, (args[0], *rest), {}, effect=True)
    if name in _IGNORED:
        return None
    if method is None:
        return CallForm("call_function", _writable(function), args, kwargs, _changes(name))
    if not kwargs and name in _MAGIC:
        return CallForm("call_function", _MAGIC[name], args, {})
    if not kwargs and name in _SWAPPED:
        return CallForm("call_function", _SWAPPED[name], (args[1], args[0]), {})
    return CallForm("call_method", name, args, kwargs, _changes(name))


def _attribute(function: Any) -> str:
    owner = function.__self__
    return str(owner.__name__ if hasattr(owner, "__name__") else owner.fget.__name__)


def _changes(name: str) -> bool:
    return name.endswith("_") and not name.endswith("__")


def _method_name(function: Any) -> str | None:
    """The name under which tensors have a function: that of ``x ** 2`` calls itself pow but is ``__pow__``."""
    if isinstance(function, MethodDescriptorType):
        return str(function.__name__)
    try:
        return _methods().get(function)
    except TypeError:
        return None


@cache
def _methods() -> dict[Any, str]:
    found: dict[Any, str] = {}
    for name in dir(Tensor):
        value = getattr(Tensor, name)
        if isinstance(value, (FunctionType, WrapperDescriptorType)):
            found.setdefault(value, name)
    return found


@cache
def _writable(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, or one that calls it where generated code would not find it under the name it gives itself."""
    name = f"{getattr(function, '__module__', '')}.{getattr(function, '__name__', '')}"
    if not name.startswith("torch.") or isinstance(function, BuiltinFunctionType):
        return function
    found: object = torch
    for part in name.split(".")[1:]:
        found = getattr(found, part, None)
    if found is function:
        return function

    def call(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    call.__name__ = call.__qualname__ = getattr(function, "__name__", "call")
    return call
