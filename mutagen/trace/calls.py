"""How a call that torch reports is written as a node of a graph."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from types import BuiltinFunctionType, MethodDescriptorType
from typing import Any

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
    name = getattr(function, "__name__", "")
    if name == "__get__":
        return CallForm("call_function", getattr, (args[0], _attribute(function)), {})
    if name in ("__set__", "__setitem__"):
        target = operator.setitem if name == "__setitem__" else setattr
        rest = args[1:] if name == "__setitem__" else (_attribute(function), args[1])
        return CallForm("call_function", target, (args[0], *rest), {}, effect=True)
    if name in _IGNORED:
        return None
    if not kwargs and name in _MAGIC and _is_method(function):
        return CallForm("call_function", _MAGIC[name], args, {})
    if not kwargs and name in _SWAPPED and _is_method(function):
        return CallForm("call_function", _SWAPPED[name], (args[1], args[0]), {})
    if _is_method(function):
        return CallForm("call_method", name, args, kwargs, _changes(name))
    return CallForm("call_function", function, args, kwargs, _changes(name))


def _attribute(function: Any) -> str:
    return str(
        function.__self__.__name__ if hasattr(function.__self__, "__name__") else function.__self__.fget.__name__
    )


def _changes(name: str) -> bool:
    return name.endswith("_") and not name.endswith("__")


def _is_method(function: Any) -> bool:
    """Whether a function is found under its own name on tensors."""
    if isinstance(function, BuiltinFunctionType):
        return False
    if isinstance(function, MethodDescriptorType):
        return True
    return getattr(Tensor, getattr(function, "__name__", ""), None) is function
