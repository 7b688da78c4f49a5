"""Imports the module that the target names."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from types import ModuleType

from mutagen.errors import TargetError
from mutagen.records.target import Target
from mutagen.trace.failures import user_error
from mutagen.trace.overlay import Overlay
from mutagen.trace.places import file_kind, is_installed


def import_target(target: Target) -> ModuleType:
    """The target's module, freshly imported, with the overlay in the place of the files on disk."""
    sys.path[:0] = [path for path in target.paths if path not in sys.path[: len(target.paths)]]
    overlay = Overlay(target.overlay)
    if target.overlay:
        sys.meta_path.insert(0, overlay)
        importlib.invalidate_caches()
    try:
        module = _import(target, overlay)
    except (Exception, SystemExit) as error:
        hint = "the file must import without running a program; put what runs under if __name__ == '__main__'"
        raise user_error("T101", f"{target.module} cannot be imported", error, hint=hint) from error
    found = getattr(module, "__file__", None)
    if found is None or not _same(found, target.file):
        raise TargetError("T102", f"importing {target.module} gave {found}, not {target.file}")
    return module


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
    found: dict[str, None] = {}
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if not isinstance(file, str) or not file.endswith(".py"):
            continue
        path = os.path.abspath(file)
        inside = os.path.realpath(path).startswith(root)
        foreign = is_installed(path) or file_kind(path) != "user" or name in before
        if inside or not foreign:
            found[path] = None
    return tuple(found)
