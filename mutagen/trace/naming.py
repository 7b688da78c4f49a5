"""The simple values that a frame can name, as they stand at the moment."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from types import FrameType, FunctionType, ModuleType

import torch
from torch import nn

from mutagen.records.rules import Value

LIMIT = 60
_LONGEST_TEXT = 80
_LONGEST_TUPLE = 32
_SCALARS = (int, float, bool, str, type(None))
_OPAQUE = (torch.Tensor, ModuleType, FunctionType, torch.dtype, torch.device)

_class_names: dict[type, dict[str, Value]] = {}


def simple(value: object, depth: int = 2) -> tuple[bool, Value]:
    """Whether a value is a scalar, a short text or a short list of such, and the value with tuples for lists."""
    kind = type(value)
    if kind is str:
        return len(value) <= _LONGEST_TEXT, value  # type: ignore[arg-type,return-value]
    if kind in _SCALARS:
        return True, value  # type: ignore[return-value]
    if isinstance(value, (tuple, list)) and depth and len(value) <= _LONGEST_TUPLE:
        items = [simple(item, depth - 1) for item in value]
        if all(fine for fine, _ in items):
            return True, tuple(item for _, item in items)
    return False, None


def names_of(frame: FrameType) -> dict[str, Value]:
    """Simple locals of a frame, then attributes of ``self``, then those of other locals; at most ``LIMIT``."""
    found: dict[str, Value] = {}
    if frame.f_code.co_name == "<module>":
        return found
    local = frame.f_locals
    for name, value in _names(local, local):
        if len(found) >= LIMIT:
            break
        found[name] = value
    return found


def _names(local: Mapping[str, object], rest: Mapping[str, object]) -> Iterator[tuple[str, Value]]:
    deep: list[tuple[str, object]] = []
    for name, value in local.items():
        fine, kept = simple(value)
        if fine:
            if not name.startswith("."):
                yield name, kept
        elif _speaks(value):
            deep.append((name, value))
    deep.sort(key=lambda pair: pair[0] != "self")
    for name, value in deep:
        for attribute, kept in attributes_of(value):
            yield f"{name}.{attribute}", kept


def _speaks(value: object) -> bool:
    if isinstance(value, type):
        return class_names(value) != {}
    return hasattr(value, "__dict__") and not isinstance(value, _OPAQUE) and not callable_of_torch(value)


def callable_of_torch(value: object) -> bool:
    """Whether a value is a function-like object of torch itself, which has no attributes worth a name."""
    return type(value).__module__.startswith("torch.fx")


def attributes_of(value: object) -> Iterator[tuple[str, Value]]:
    """The public simple attributes of an object, its class's after its own; of a class, the class's."""
    if isinstance(value, type):
        yield from class_names(value).items()
        return
    own = value.__dict__
    for name, item in own.items():
        if name[:1] != "_" and name != "training":
            fine, kept = simple(item)
            if fine:
                yield name, kept
    for name, kept in class_names(type(value)).items():
        if name not in own:
            yield name, kept


def class_names(kind: type) -> dict[str, Value]:
    """The public simple class attributes, up the bases as far as the first class of torch or of Python."""
    known = _class_names.get(kind)
    if known is None:
        known = {}
        for base in kind.__mro__:
            if base is nn.Module or base is object or is_torch(base):
                break
            for name, item in base.__dict__.items():
                if name[:1] != "_" and name not in known and not inspect.isroutine(item):
                    fine, kept = simple(item)
                    if fine:
                        known[name] = kept
        _class_names[kind] = known
    return known


def is_torch(kind: type) -> bool:
    """Whether a class is defined in torch."""
    module = kind.__module__
    return module == "torch" or module.startswith("torch.")
