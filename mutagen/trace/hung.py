"""What a module carries or shares beyond what its constructor gives it."""

from __future__ import annotations

import dis
from collections.abc import Iterator, Mapping
from functools import cache
from types import CodeType

from torch import nn

_STORE = dis.opmap["STORE_ATTR"]
_HOOKS = ("_forward_pre_hooks", "_forward_hooks", "_backward_hooks", "_backward_pre_hooks")


def hung_on(module: nn.Module) -> tuple[str, ...]:
    """Attributes and hooks of a module of a torch class that others put there; a new one in its place lacks them."""
    known = _set_by_class(type(module).__mro__)
    found = [name for name in module.__dict__ if not name.startswith("_") and name not in known]
    hooked = any(getattr(module, name, None) for name in _HOOKS)
    return (*found, "hooks") if hooked else tuple(found)


@cache
def _set_by_class(kinds: tuple[type, ...]) -> frozenset[str]:
    """The attributes that the constructors of classes assign."""
    names = {"training"}
    for base in kinds:
        init = base.__dict__.get("__init__")
        code = getattr(init, "__code__", None)
        if code is not None:
            names |= set(_assigned(code))
    return frozenset(names)


def _assigned(code: CodeType) -> Iterator[str]:
    """The names of the attributes that code assigns; ``dis`` would take ten times as long to say so."""
    raised = 0
    for operation, low in zip(code.co_code[::2], code.co_code[1::2], strict=True):
        number = raised | low
        raised = number << 8 if operation == dis.EXTENDED_ARG else 0
        if operation == _STORE:
            yield code.co_names[number]


def ties(model: nn.Module) -> Mapping[int, tuple[str, ...]]:
    """For each module, by identity, that shares a parameter: the paths of the others that hold it."""
    holders: dict[int, list[tuple[str, nn.Module]]] = {}
    for path, module in model.named_modules():
        for parameter in module._parameters.values():
            if parameter is not None:
                holders.setdefault(id(parameter), []).append((path, module))
    shared = [it for it in holders.values() if len({id(module) for _, module in it}) > 1]
    return {
        id(module): tuple(dict.fromkeys(path for path, other in it if other is not module))
        for it in shared
        for _, module in it
    }
