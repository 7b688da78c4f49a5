"""Builds the model by interpreting the model call; nothing of it is ever evaluated as code."""

from __future__ import annotations

import builtins
import difflib
import importlib
import inspect
import random
import sys
from collections.abc import Iterable
from types import ModuleType
from typing import Any

import torch
from torch import nn

from mutagen.errors import InternalError, Place, TargetError
from mutagen.records.target import Call, CallValue, Collection, Name, Target
from mutagen.trace.cheap_draws import cheap_draws
from mutagen.trace.failures import user_error
from mutagen.trace.provenance import boundary

_BUILTINS = frozenset({"dict", "list", "tuple", "set", "int", "float", "bool", "str", "range", "slice"})
_MISSING = object()


def build_model(target: Target, module: ModuleType) -> nn.Module:
    """The model that ``target.call`` makes, with every random stream at seed 0."""
    if target.call is None:
        raise InternalError("B101", "a model was to be built without a call")
    seed_all(0)
    with cheap_draws():
        model = evaluate(target.call, module)
    if not isinstance(model, nn.Module):
        what = f"{target.call.callee} gave {_article(type(model).__name__)}, not a torch.nn.Module"
        raise TargetError("T106", what, place=_at(module), hint=_choices(module))
    return model


def seed_all(seed: int) -> None:
    """Sets the random streams of torch, Python and, if it is imported, numpy."""
    torch.manual_seed(seed)
    random.seed(seed)
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed(seed)


def evaluate(value: CallValue, module: ModuleType) -> Any:
    """What a value of a model call stands for; names are looked up in ``module``, its top package, then by import."""
    if isinstance(value, Call):
        return _call(value, module)
    if isinstance(value, Name):
        return look_up(value.dotted, module)
    if isinstance(value, Collection):
        items = [evaluate(item, module) for item in value.items]
        if value.kind == "dict":
            return {_pair(item)[0]: _pair(item)[1] for item in items}
        return list(items) if value.kind == "list" else set(items) if value.kind == "set" else tuple(items)
    if isinstance(value, tuple):
        return tuple(evaluate(item, module) for item in value)
    return value


def _pair(item: Any) -> tuple[Any, Any]:
    key, value = item
    return key, value


def _call(call: Call, module: ModuleType) -> Any:
    callee = look_up(call.callee, module)
    if isinstance(callee, nn.Module) and not call.args and not call.kwargs:
        return callee
    if not callable(callee):
        what = f"{call.callee} is {_article(type(callee).__name__)} and cannot be called"
        raise TargetError("T104", what, place=_at(module), hint=_choices(module))
    args = [evaluate(value, module) for value in call.args]
    kwargs = {name: evaluate(value, module) for name, value in call.kwargs.items()}
    try:
        return boundary(callee, *args, **kwargs)
    except (Exception, SystemExit) as error:
        if isinstance(error, TypeError):
            _check_arguments(call.callee, callee, args, kwargs, place=_defined(callee))
        raise user_error("T105", f"{call.callee}(...) cannot be built", error, hint=_signature(callee)) from error


def _check_arguments(name: str, callee: Any, args: list[Any], kwargs: dict[str, Any], *, place: Place | None) -> None:
    try:
        signature = inspect.signature(callee)
    except (TypeError, ValueError):
        return
    try:
        signature.bind(*args, **kwargs)
    except TypeError as error:
        hint = f"its signature is {name}{signature}"
        raise TargetError("T107", f"{name}: {error}", place=place, hint=hint) from error


def _defined(callee: Any) -> Place | None:
    """Where a class or function is defined."""
    try:
        file = inspect.getsourcefile(callee)
        return Place(file, inspect.getsourcelines(callee)[1], 1) if file else None
    except (OSError, TypeError):
        return None


def _at(module: ModuleType) -> Place | None:
    return Place(module.__file__) if module.__file__ else None


def _signature(callee: Any) -> str:
    try:
        return f"its signature is {callee.__name__}{inspect.signature(callee)}"
    except (AttributeError, TypeError, ValueError):
        return ""


def look_up(dotted: str, module: ModuleType) -> Any:
    """The object that a dotted name means."""
    for space in (module, sys.modules.get(module.__name__.partition(".")[0])):
        found = _walk(space, dotted.split("."))
        if found is not _MISSING:
            return found
    if dotted in _BUILTINS:
        return getattr(builtins, dotted)
    found = _imported(dotted.split("."))
    if found is _MISSING:
        close = difflib.get_close_matches(dotted, [name for name in vars(module) if name[:1] != "_"], n=3)
        hint = f"did you mean {' or '.join(close)}?" if close else _choices(module)
        raise TargetError("T103", f"{module.__name__} has no {dotted}", place=_at(module), hint=hint)
    return found


def _walk(space: object, names: Iterable[str]) -> Any:
    for name in names:
        space = getattr(space, name, _MISSING)
    return space


def _imported(names: list[str]) -> Any:
    for length in range(len(names), 0, -1):
        try:
            space = importlib.import_module(".".join(names[:length]))
        except ImportError:
            continue
        found = _walk(space, names[length:])
        if found is not _MISSING:
            return found
    return _MISSING


def _choices(module: ModuleType) -> str:
    own = [
        name
        for name, value in vars(module).items()
        if getattr(value, "__module__", None) == module.__name__
        and (inspect.isfunction(value) or (inspect.isclass(value) and issubclass(value, nn.Module)))
    ]
    return f"it offers {', '.join(own[:20])}" if own else "it defines no class or function"


def _article(word: str) -> str:
    return f"{'an' if word[:1].lower() in 'aeiou' else 'a'} {word}"
