"""Somebody else's class, imported from the file that the rule names: live, never from the copy that is written."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from types import ModuleType

from torch import nn

from mutagen.errors import MutagenError, Place, RuleError
from mutagen.load.target_file import find_target
from mutagen.records.blocks import Borrowed
from mutagen.trace.failures import reason

_classes: dict[Borrowed, type[nn.Module]] = {}


def lent_class(borrowed: Borrowed) -> type[nn.Module]:
    """The class itself; raises RuleError R141 where it cannot be had, or is no module of torch's."""
    if borrowed not in _classes:
        found = getattr(_module(borrowed), borrowed.name, None)
        if not (isinstance(found, type) and issubclass(found, nn.Module)):
            what = "not there" if found is None else "no nn.Module"
            raise RuleError("R141", f"{borrowed.name} of {borrowed.shown} is {what}", hint="name a class: file.py:Name")
        _classes[borrowed] = found
    return _classes[borrowed]


def _module(borrowed: Borrowed) -> ModuleType:
    try:
        if borrowed.module:
            return importlib.import_module(borrowed.module)
        return _from_file(borrowed.file)
    except MutagenError:
        raise
    except (Exception, SystemExit) as error:
        message = f"{borrowed.shown} cannot be imported: {reason(error)}"
        hint = "it must import without an error in the environment that mutagen runs in"
        raise RuleError("R141", message, place=Place(borrowed.file), hint=hint) from error


def _from_file(file: str) -> ModuleType:
    located = find_target(file)
    sys.path += [path for path in located.paths if path not in sys.path]
    taken = sys.modules.get(located.module)
    if taken is None or _is(taken, file):
        module = importlib.import_module(located.module)
        if _is(module, file):
            return module
    # Another module has this name: the model's own attention.py beside the one that is borrowed.
    name = f"{located.module.rpartition('.')[2]}_borrowed"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} is not a Python source file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _is(module: ModuleType, file: str) -> bool:
    return os.path.realpath(getattr(module, "__file__", None) or "") == os.path.realpath(file)
