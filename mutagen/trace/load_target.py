"""Imports the module that the target names."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from functools import cache
from types import ModuleType

from mutagen.errors import TargetError
from mutagen.records.target import Target
from mutagen.trace.failures import place_of, trail, user_error
from mutagen.trace.overlay import Overlay
from mutagen.trace.places import file_kind, is_installed


def import_target(target: Target) -> ModuleType:
    """The target's module, freshly imported, with the overlay in the place of the files on disk."""
    sys.path[:0] = [path for path in target.paths if path not in sys.path[: len(target.paths)]]
    overlay = Overlay(target.overlay)
    if target.overlay:
        overlay.install()
    try:
        module = _import(target, overlay)
    except (Exception, SystemExit) as error:
        raise _import_error(target, error) from error
    found = getattr(module, "__file__", None)
    if found is None or not _same(found, target.file):
        hint = "another module has this name: rename the file, or run mutagen in an environment without the other one"
        raise TargetError("T102", f"importing {target.module} gave {found}, not {target.file}", hint=hint)
    return module


def _import_error(target: Target, error: BaseException) -> TargetError:
    what = f"{target.module} cannot be imported"
    if isinstance(error, SystemExit):
        place, hint = place_of(error), "put what runs as a program under `if __name__ == '__main__':`"
        message = f"{what}: it ends the program with sys.exit({error.code!r})"
        return TargetError("T101", message, place=place, hint=hint, detail=trail(error))
    return user_error("T101", what, error, hint=_cure(target, error))


def _cure(target: Target, error: BaseException) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name:
        top = error.name.partition(".")[0]
        if top == target.module.partition(".")[0] or top in sys.modules:
            return f"there is no module {error.name} beside the target: check the name and where the file stands"
        return f"install {top} in this environment ({sys.prefix}), or run mutagen in that of the project"
    if isinstance(error, FileNotFoundError):
        return "models are imported in an empty temporary folder: name files by their place beside `__file__`"
    return "the file must import without an error; what only a program needs goes under `if __name__ == '__main__':`"


def _import(target: Target, overlay: Overlay) -> ModuleType:
    taken = sys.modules.get(target.module)
    if taken is None or _same(getattr(taken, "__file__", None) or "", target.file):
        return importlib.import_module(target.module)
    # A file that is called like a module of Python (copy.py): as a script it would shadow that one, so it does here.
    spec = overlay.spec(target.module, target.file) or importlib.util.spec_from_file_location(
        target.module, target.file
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"{target.file} is not a Python source file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[target.module] = module
    spec.loader.exec_module(module)
    return module


def _same(one: str, other: str) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


def local_files(target: Target, before: frozenset[str]) -> tuple[str, ...]:
    """Source files imported since ``before`` that are under the target's root or of no package, in import order."""
    root = os.path.realpath(target.root) + os.sep
    is_inside = cache(lambda folder: os.path.join(_real(folder), "").startswith(root))  # few hold hundreds
    found: dict[str, None] = {}
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if not isinstance(file, str) or not file.endswith(".py"):
            continue
        inside = is_inside(os.path.dirname(file))
        if name in before and not inside:  # a file of torch that is a link is none of the user's
            continue
        path = os.path.abspath(file)
        if os.path.islink(path):
            inside = os.path.realpath(path).startswith(root)
        if inside or not (is_installed(path) or file_kind(path) != "user"):
            found[path] = None
    return tuple(found)


@cache
def _real(folder: str) -> str:
    """What ``realpath`` gives, with one look at each folder on the way, however many are below it."""
    above, name = os.path.split(folder)
    if not above or name in ("", os.curdir, os.pardir):
        return os.path.realpath(folder)
    path = os.path.join(_real(above), name)
    return os.path.realpath(path) if os.path.islink(path) else path
