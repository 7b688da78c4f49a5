"""Which places of imported sources reach into certain modules, by what their names hold in this process."""

from __future__ import annotations

import ast
import importlib.util
import os
import sys
from collections.abc import Iterator
from functools import reduce
from pathlib import Path
from types import ModuleType

from mutagen.records.span import Span
from mutagen.records.vendor import Reference
from mutagen.source.file import SourceFile, read_source


def references(files: tuple[str, ...], homes: tuple[str, ...]) -> tuple[tuple[Reference, ...], dict[str, str]]:
    """The references in ``files`` to modules in the files ``homes``, and the dotted names of all these modules by file.

    Names are looked up as the model's import left them; so is what a package takes over from its modules.
    """
    modules = _by_file(files + homes)
    found: list[Reference] = []
    for file in files:
        if file in modules:
            found += _of_file(file, modules[file], {modules[home].__name__: home for home in homes if home in modules})
    return tuple(found), {file: module.__name__ for file, module in modules.items()}


def _by_file(files: tuple[str, ...]) -> dict[str, ModuleType]:
    wanted = {os.path.realpath(file): file for file in files}
    found: dict[str, ModuleType] = {}
    for module in list(sys.modules.values()):
        place = getattr(module, "__file__", None)
        file = wanted.get(os.path.realpath(place)) if isinstance(place, str) else None
        if file is not None and isinstance(module, ModuleType):
            found.setdefault(file, module)
    return found


def _of_file(file: str, module: ModuleType, homes: dict[str, str]) -> Iterator[Reference]:
    source = read_source(file, Path(file).read_bytes())
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ImportFrom):
            yield from _imported(source, module, node, homes)
        elif isinstance(node, ast.Import):
            named = (it for it in node.names if it.asname and it.name in homes)
            yield from (Reference(source.span(it), homes[it.name], None) for it in named)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            yield from _reached(source, module, node, homes)


def _imported(
    source: SourceFile, module: ModuleType, node: ast.ImportFrom, homes: dict[str, str]
) -> Iterator[Reference]:
    try:
        origin = importlib.util.resolve_name("." * node.level + (node.module or ""), module.__package__)
    except ImportError:
        return
    for alias in node.names:
        if origin in homes:
            yield Reference(source.span(alias), homes[origin], alias.name)
            continue
        value = getattr(sys.modules.get(origin), alias.name, None) or sys.modules.get(f"{origin}.{alias.name}")
        yield from _home(source.span(alias), value, alias.name, homes)


def _reached(source: SourceFile, module: ModuleType, node: ast.Attribute, homes: dict[str, str]) -> Iterator[Reference]:
    """A member that an expression takes out of modules, unless it is the import that brings in the home alone."""
    names = [node.attr]
    inner = node.value
    while isinstance(inner, ast.Attribute):
        names.insert(0, inner.attr)
        inner = inner.value
    if not isinstance(inner, ast.Name):
        return
    owner = reduce(_member, names[:-1], vars(module).get(inner.id))
    value = _member(owner, names[-1])
    if value is None or isinstance(value, ModuleType) or (len(names) == 1 and vars(owner)["__name__"] in homes):
        return
    yield from _home(source.span(node), value, names[-1], homes)


def _member(owner: object, name: str) -> object:
    return vars(owner).get(name) if isinstance(owner, ModuleType) else None


def _home(at: Span, value: object, name: str, homes: dict[str, str]) -> Iterator[Reference]:
    if isinstance(value, ModuleType):
        if value.__name__ in homes:
            yield Reference(at, homes[value.__name__], None)
        return
    home = homes.get(str(getattr(value, "__module__", None)))
    if home is not None and getattr(value, "__name__", None) == name:
        yield Reference(at, home, name)
