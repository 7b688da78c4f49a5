"""What Python code may name as a target: a file, a dotted module, a module that was imported, a class, a function."""

from __future__ import annotations

import inspect
import os
from pathlib import Path
from types import FunctionType, ModuleType

from mutagen.errors import TargetError

Given = str | os.PathLike[str] | ModuleType | type | FunctionType


def place_of(target: object) -> tuple[str, str | None]:
    """The file of a target, and the call that builds it, where the target itself is a class or a function.

    Raises TargetError T023 for what has no file, T024 for an object that was built.
    """
    if isinstance(target, str):
        return target, None
    if isinstance(target, os.PathLike):
        return os.fspath(target), None
    if isinstance(target, ModuleType):
        return _file(target, target.__name__), None
    if not isinstance(target, type | FunctionType):
        kind = type(target).__name__
        hint = f"give the class, and how it is built: mutagen.apply(RULES, {kind}, model='{kind}(...)')"
        raise TargetError(
            "T024", f"a target is a file, a module or a class, not an object of the class {kind}", hint=hint
        )
    name = target.__qualname__
    return _file(target, name), name if name.isidentifier() else None


def _file(target: ModuleType | type | FunctionType, name: str) -> str:
    try:
        file = inspect.getsourcefile(target)
        if not isinstance(target, ModuleType):
            inspect.getsourcelines(target)  # that it stands there
    except (TypeError, OSError):
        file = None
    if file is None or not Path(file).is_file():
        hint = "put it into a file of its own (in a notebook: %%writefile net.py), and import it from there"
        raise TargetError("T023", f"{name} has no file: it was defined in a notebook or at a prompt", hint=hint)
    return file
