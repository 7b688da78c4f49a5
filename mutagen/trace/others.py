"""Builds the other models of edited files, without drawing their weights."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from torch import nn

from mutagen.errors import TargetError
from mutagen.records.collateral import Built
from mutagen.records.target import Call, Target
from mutagen.trace.build import evaluate, seed_all
from mutagen.trace.cheap_draws import cheap_draws
from mutagen.trace.load_target import import_target


def open_others(target: Target) -> None:
    """Import the target, with its overlay."""
    import_target(target)


def build_other(file: str, call: Call) -> Built:
    """What a call in a file of the target builds; raises TargetError where it fails.

    Its weights stay as the memory holds them: filling them takes nearly all of the time, and pages that nobody fills
    take no memory. The meta device would import 800 modules first (1.4 s).
    """
    with _no_drawing(), cheap_draws():
        return _built(call, _module_of(file))


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
    name, wanted = os.path.basename(file), os.path.realpath(file)
    for module in list(sys.modules.values()):
        found = getattr(module, "__file__", None)
        if isinstance(found, str) and os.path.basename(found) == name and os.path.realpath(found) == wanted:
            return module
    raise TargetError("T103", f"{file} is not imported by the target")


@contextmanager
def _no_drawing() -> Iterator[None]:
    """Let the functions of ``nn.init`` do nothing."""
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
