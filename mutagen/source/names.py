"""What the names of a file stand for: imports, and dotted names through them."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import lru_cache

from mutagen.source.file import SourceFile

# The public home of what torch defines elsewhere or under several names.
_CANONICAL = {
    "torch.nn.modules": "torch.nn",
    "torch.functional": "torch",
}


def imported_names(file: SourceFile) -> Mapping[str, str]:
    """Local name to dotted origin, for every import statement of the file outside of functions."""
    names: dict[str, str] = {}
    for node in _module_level(file.tree.body):
        names.update(all_imports(node))
    return names


def all_imports(statement: ast.stmt) -> Mapping[str, str]:
    """Local name to dotted origin, for one import statement; empty for another one."""
    names: dict[str, str] = {}
    if isinstance(statement, ast.Import):
        for alias in statement.names:
            top = alias.name.partition(".")[0]
            names[alias.asname or top] = alias.name if alias.asname else top
    elif isinstance(statement, ast.ImportFrom):
        prefix = "." * statement.level + (statement.module or "")
        for alias in statement.names:
            if alias.name != "*":
                joined = f"{prefix}.{alias.name}" if prefix.strip(".") else prefix + alias.name
                names[alias.asname or alias.name] = joined
    return names


def starred(file: SourceFile) -> frozenset[str]:
    """The modules of which a file imports all names."""
    found = [it for it in _module_level(file.tree.body) if isinstance(it, ast.ImportFrom)]
    return frozenset(it.module or "" for it in found if not it.level and any(alias.name == "*" for alias in it.names))


def _module_level(body: list[ast.stmt]) -> list[ast.stmt]:
    found: list[ast.stmt] = []
    for statement in body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            found.append(statement)
        elif isinstance(statement, ast.If | ast.Try):
            for inner in ast.iter_child_nodes(statement):
                blocks = [inner] if isinstance(inner, ast.stmt) else list(ast.iter_child_nodes(inner))
                found.extend(_module_level([it for it in blocks if isinstance(it, ast.stmt)]))
    return found


def dotted(node: ast.AST) -> str | None:
    """``a.b.c`` for a chain of attributes that ends in a name, else None."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        value = dotted(node.value)
        return f"{value}.{node.attr}" if value else None
    return None


def resolve(node: ast.AST, names: Mapping[str, str]) -> str | None:
    """The dotted origin of a name as written (``nn.Conv2d`` is ``torch.nn.Conv2d``); None where it is not imported."""
    name = dotted(node)
    if name is None:
        return None
    first, dot, rest = name.partition(".")
    origin = names.get(first)
    return canonical(origin + dot + rest) if origin else None


def canonical(name: str) -> str:
    """One name for each thing in torch: ``torch.nn.modules.conv.Conv2d`` and ``torch.nn.Conv2d`` are the same."""
    if name.startswith("torch.nn.modules."):
        return "torch.nn." + name.rpartition(".")[2]
    for long, short in _CANONICAL.items():
        if name.startswith(long + "."):
            return short + name[len(long) :]
    return name


def name_for(origin: str, names: Mapping[str, str]) -> str | None:
    """How the file may write ``origin`` with the imports it has, shortest first; None where it cannot."""
    written: list[str] = []
    for local, imported in names.items():
        imported = canonical(imported)
        if imported == origin:
            written.append(local)
        elif origin.startswith(imported + "."):
            written.append(local + origin[len(imported) :])
    return min(written, key=lambda text: (text.count("."), len(text))) if written else None


@lru_cache(maxsize=1024)
def names_in(function: ast.FunctionDef | ast.AsyncFunctionDef) -> frozenset[str]:
    """Names that a function reads, binds or takes."""
    used = {it.id for it in ast.walk(function) if isinstance(it, ast.Name)}
    return frozenset(used | {it.arg for it in ast.walk(function) if isinstance(it, ast.arg)})


@lru_cache(maxsize=256)
def top_level_names(file: SourceFile) -> frozenset[str]:
    """Every name that the module binds at its top level."""
    names = set(imported_names(file))
    for statement in file.tree.body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                names.add(node.id)
        if isinstance(statement, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            names.add(statement.name)
    return frozenset(names)
