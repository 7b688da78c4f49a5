"""Tells by the syntax tree which classes of a file are torch modules and what their constructors need."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

_NOT_MODULES = frozenset({"Parameter", "UninitializedParameter", "Buffer"})
_MODULE_NAME = re.compile(r"(Module|Model|Net|Network|Layer|Backbone|Encoder|Decoder)$")
_TYPING = frozenset({"Generic", "Protocol", "object"})


@dataclass(frozen=True, slots=True)
class ModuleClass:
    """A torch module class: parameters without default of its constructor, first line, whether it has a forward."""

    needs: tuple[str, ...]
    line: int
    runs: bool


def module_classes(tree: ast.Module) -> dict[str, ModuleClass]:
    """The top-level module classes by name, those derived from each other as well."""
    imports = _imports(tree)
    classes = {node.name: node for node in statements(tree) if isinstance(node, ast.ClassDef)}
    found: dict[str, ModuleClass] = {}
    for name in classes:
        line = _lineage(name, classes)
        outside = [dotted for each in line for dotted in _outside_bases(classes[each], classes, imports)]
        bodies = [classes[each] for each in line]
        forward = any(_method(body, "forward") is not None for body in bodies)
        library = any(_is_torch_class(dotted) and dotted != "torch.nn.Module" for dotted in outside)
        foreign = any(_looks_like_module(dotted, imports) for dotted in outside)
        if "torch.nn.Module" in outside or library or (outside and (forward or foreign)):
            found[name] = ModuleClass(_needs(bodies), classes[name].lineno, forward or library or foreign)
    return found


def statements(tree: ast.Module) -> Iterator[ast.stmt]:
    """The statements of a module, those under ``if``, ``try`` and ``with`` as well, in the order written."""
    todo: list[ast.AST] = list(reversed(tree.body))
    while todo:
        node = todo.pop()
        if isinstance(node, ast.stmt):
            yield node
        if isinstance(node, ast.If | ast.Try | ast.With | ast.ExceptHandler):
            blocks = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt | ast.ExceptHandler)]
            todo += reversed(blocks)


def required_parameters(arguments: ast.arguments) -> tuple[str, ...]:
    """Names of the parameters that have no default; ``*args`` and ``**kwargs`` need nothing."""
    positional = [*arguments.posonlyargs, *arguments.args]
    bare = positional[: len(positional) - len(arguments.defaults)]
    keywords = [
        each for each, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if default is None
    ]
    return tuple(each.arg for each in (*bare, *keywords))


def _imports(tree: ast.Module) -> dict[str, str]:
    """What imported names stand for: ``nn`` -> ``torch.nn``."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                names[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom):
            start = "." * node.level + (node.module or "")
            names |= {alias.asname or alias.name: f"{start}.{alias.name}" for alias in node.names}
    return names


def _lineage(name: str, classes: dict[str, ast.ClassDef]) -> list[str]:
    """A class and its bases in this file, nearest first."""
    line, todo = [], [name]
    while todo:
        current = todo.pop(0)
        if current not in line:
            line.append(current)
            todo += [base.id for base in classes[current].bases if isinstance(base, ast.Name) and base.id in classes]
    return line


def _outside_bases(node: ast.ClassDef, classes: dict[str, ast.ClassDef], imports: dict[str, str]) -> list[str]:
    found = []
    for base in node.bases:
        inner = base.value if isinstance(base, ast.Subscript) else base
        dotted = ast.unparse(inner)
        first, dot, rest = dotted.partition(".")
        if first not in classes and dotted not in _TYPING:
            found.append(imports.get(first, first) + dot + rest)
    return found


def _is_torch_class(dotted: str) -> bool:
    owner, _, name = dotted.rpartition(".")
    return (owner == "torch.nn" or owner.startswith("torch.nn.modules")) and name not in _NOT_MODULES


def _looks_like_module(dotted: str, imports: dict[str, str]) -> bool:
    return dotted in imports.values() and _MODULE_NAME.search(dotted) is not None and not dotted.startswith("torch.")


def _needs(bodies: list[ast.ClassDef]) -> tuple[str, ...]:
    for body in bodies:
        method = _method(body, "__init__")
        if method is not None:
            return required_parameters(method.args)[1:]
    return ()


def _method(node: ast.ClassDef, name: str) -> ast.FunctionDef | None:
    return next((each for each in node.body if isinstance(each, ast.FunctionDef) and each.name == name), None)
