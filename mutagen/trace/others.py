"""Builds the other models of edited files, without weights where that can be done."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import torch
from torch import nn

from mutagen.errors import TargetError
from mutagen.records.collateral import Built
from mutagen.records.target import Call, Target
from mutagen.trace.build import evaluate, seed_all
from mutagen.trace.load_target import import_target


def open_others(target: Target) -> None:
    """Import the target, with its overlay."""
    import_target(target)


def build_other(file: str, call: Call) -> Built:
    """What a call in a file of the target builds; raises TargetError where it fails.

    On the meta device first, where nothing is computed or held, then really, but without drawing the weights.
    """
    module = _module_of(file)
    try:
        with torch.device("meta"):
            return _built(call, module)
    except Exception:  # code that reads values fails there in any way: `.item()`, numpy
        with _no_drawing():
            return _built(call, module)


def _built(call: Call, module: ModuleType) -> Built:
    seed_all(0)
    model = evaluate(call, module)
    if not isinstance(model, nn.Module):
        raise TargetError("T106", f"{call.callee} gave no torch.nn.Module")
    modules = {path: type(it).__name__ for path, it in model.named_modules()}
    return Built(sum(_size(it) for it in model.parameters()), modules)


def _size(parameter: nn.Parameter) -> int:
    return 0 if isinstance(parameter, nn.parameter.UninitializedParameter) else parameter.numel()


def _module_of(file: str) -> ModuleType:
    wanted = os.path.realpath(file)
    for module in list(sys.modules.values()):
        found = getattr(module, "__file__", None)
        if isinstance(found, str) and found.endswith(wanted[-8:]) and os.path.realpath(found) == wanted:
            return module
    raise TargetError("T103", f"{file} is not imported by the target")


@contextmanager
def _no_drawing() -> Iterator[None]:
    """Leave new weights as the memory holds them: filling them takes nearly all of the time."""
    names = [name for name in vars(nn.init) if name.endswith("_") and not name.startswith("_")]
    kept = {name: getattr(nn.init, name) for name in names}
    try:
        for name in names:
            setattr(nn.init, name, _as_it_is)
        yield
    finally:
        for name, function in kept.items():
            setattr(nn.init, name, function)


def _as_it_is(tensor: Any, *_: Any, **__: Any) -> Any:
    return tensor
