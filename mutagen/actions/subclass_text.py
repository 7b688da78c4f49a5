"""A method of a library class as it is written into a subclass, and what it needs there."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mutagen.actions.definition import module_of, written_module
from mutagen.actions.draft import Draft
from mutagen.actions.scene import Scene
from mutagen.records.plan import Import
from mutagen.records.trace import Instance
from mutagen.source.file import SourceFile
from mutagen.source.imports_of import absolute
from mutagen.source.names import canonical, imported_names, top_level_names
from mutagen.source.placing import Change

_BOUND_TO_ITS_CLASS: Final = frozenset(["super", "__class__"])


@dataclass(frozen=True)
class Method:
    """A method as the library writes it; ``module`` is the dotted module of its file."""

    file: SourceFile
    function: ast.FunctionDef
    module: str


def module_of_method(file: SourceFile, function: ast.AST, owner: Instance, scene: Scene) -> str | None:
    """The dotted module of the class that gives the object its method; None where another class stands between."""
    holder, known = file.class_of(function), owner.definition
    if holder is None or known is None or not isinstance(function, ast.FunctionDef):
        return None
    for name in owner.bases:
        module, _, bare = name.rpartition(".")
        own = scene.project.file(known.file) if module == known.module else file
        found = [it for it in own.tree.body if isinstance(it, ast.ClassDef) and it.name == bare]
        if len(found) != 1:
            return None
        if any(isinstance(it, ast.FunctionDef) and it.name == function.name for it in found[0].body):
            return module if found[0] is holder else None
    return None


def method_text(method: Method, changes: Sequence[Change]) -> str | None:
    """The method with the changes, for a class of one level; None where it means something else in another class."""
    file, function = method.file, method.function
    mangled = any(isinstance(it, ast.Attribute) and _is_mangled(it.attr) for it in ast.walk(function))
    if function.decorator_list or mangled or file.indent(function.lineno) != "    ":
        return None
    start = file.line_starts[function.lineno - 1]
    end = file.line_end(function.end_lineno or function.lineno)
    text = file.utf8[start:end]
    spans = [(file.offset(it.span.line, it.span.column), it) for it in changes]
    for at, change in sorted(spans, key=lambda it: it[0], reverse=True):
        text = text[: at - start] + change.new.encode() + text[at - start + len(change.old.encode()) :]
    return text.decode().replace(file.newline, "\n")


def names_needed(method: Method, target: SourceFile, scene: Scene) -> Draft | None:
    """Imports of what the method reads from its own file; None where the target means other things by these names."""
    found: list[Import] = []
    if target.path == method.file.path:
        return Draft() if not _BOUND_TO_ITS_CLASS.intersection(_outer_names(method.function)) else None
    here = _absolute_names(target, module_of(target, scene))
    there = _absolute_names(method.file, method.module)
    for name in _outer_names(method.function):
        origin = there.get(name)
        if origin is None and name in top_level_names(method.file):
            origin = f"{method.module}.{name}"
        plain = hasattr(builtins, name) and name not in top_level_names(target)
        if name in _BOUND_TO_ITS_CLASS or origin is None and not plain:
            return None
        if origin is None:
            continue
        if name in top_level_names(target):
            if canonical(here.get(name, "")) != canonical(origin):
                return None
            continue
        found.append(_import(target, origin, name, scene))
    return Draft(imports=tuple(found))


def _outer_names(function: ast.FunctionDef) -> list[str]:
    """Names that a function reads and does not bind itself, in order."""
    own = {it.arg for it in ast.walk(function) if isinstance(it, ast.arg)}
    own |= {it.id for it in ast.walk(function) if isinstance(it, ast.Name) and not isinstance(it.ctx, ast.Load)}
    own |= {it.name for it in ast.walk(function) if isinstance(it, ast.FunctionDef) and it is not function}
    read = [it.id for it in ast.walk(function) if isinstance(it, ast.Name) and isinstance(it.ctx, ast.Load)]
    return [name for name in dict.fromkeys(read) if name not in own]


def _absolute_names(file: SourceFile, module: str) -> dict[str, str]:
    is_package = Path(file.path).name == "__init__.py"
    return {name: absolute(origin, module, is_package) for name, origin in imported_names(file).items()}


def _import(target: SourceFile, origin: str, name: str, scene: Scene) -> Import:
    module, _, last = origin.rpartition(".")
    if not module:
        return Import(target.path, origin, alias=None if origin == name else name)
    if origin == "torch.nn.functional":
        return Import(target.path, origin, alias=name)
    return Import(target.path, written_module(module, target, scene), last, alias=None if last == name else name)


def _is_mangled(name: str) -> bool:
    return name.startswith("__") and not name.endswith("__")
