"""Where source asks a child for an attribute, or a module for its class."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from functools import cache

from mutagen.source.names import dotted

_TELLING = ("find", "startswith", "endswith", "count", "index")


@dataclass(frozen=True)
class Read:
    """``self.layers[0].weight``: ``path`` of the child (``layers.0``), the attribute, and where it stands."""

    path: str
    attribute: str
    node: ast.Attribute


@dataclass(frozen=True)
class TypeTest:
    """``isinstance(m, classes)`` or ``type(m) is ...``, or a word that is looked for in the name of a class.

    ``body`` are the statements that run where it holds, None where it is part of an expression.
    """

    node: ast.expr
    subject: str
    classes: tuple[ast.expr, ...] = ()
    word: str = ""
    body: tuple[ast.stmt, ...] | None = None


@cache
def reads_of_children(owner: ast.ClassDef) -> tuple[Read, ...]:
    """The attributes of children that methods of a class ask for, save what runs while it is being made."""
    methods = [it for it in owner.body if isinstance(it, ast.FunctionDef | ast.AsyncFunctionDef)]
    early = {"__init__"}
    for _ in methods:
        inside = [node for it in methods if it.name in early for node in ast.walk(it)]
        early |= {it.attr for it in inside if isinstance(it, ast.Attribute) and dotted(it) == f"self.{it.attr}"}
    nodes = (node for it in methods if it.name not in early for node in ast.walk(it))
    return tuple(read for node in nodes if (read := _read(node)) is not None)


def _read(node: ast.AST) -> Read | None:
    if not isinstance(node, ast.Attribute) or not isinstance(node.ctx, ast.Load):
        return None
    parts: list[str] = []
    value = node.value
    while not isinstance(value, ast.Name):
        if isinstance(value, ast.Attribute):
            parts.append(value.attr)
        elif isinstance(value, ast.Subscript) and isinstance(value.slice, ast.Constant):
            parts.append(str(value.slice.value))
        else:
            return None
        value = value.value
    return Read(".".join(reversed(parts)), node.attr, node) if value.id == "self" and parts else None


@cache
def type_tests(tree: ast.AST) -> tuple[TypeTest, ...]:
    """The questions after the class of a module."""
    nodes = list(ast.walk(tree))
    choices = [it for it in nodes if isinstance(it, ast.If) and not _negates(it.test)]
    bodies = {id(node): tuple(it.body) for it in choices for node in ast.walk(it.test)}
    tests = (_type_test(node) for node in nodes if isinstance(node, ast.Call | ast.Compare))
    return tuple(replace(it, body=bodies.get(id(it.node))) for it in tests if it is not None)


def _negates(test: ast.expr) -> bool:
    return any(isinstance(it, ast.Not | ast.NotEq | ast.NotIn | ast.IsNot) for it in ast.walk(test)) and not any(
        isinstance(it, ast.Compare) and ast.unparse(it).endswith("!= -1") for it in ast.walk(test)
    )


def _type_test(node: ast.Call | ast.Compare) -> TypeTest | None:
    if isinstance(node, ast.Call):
        name = dotted(node.func) or ""
        if name in ("isinstance", "issubclass") and len(node.args) == 2:
            return TypeTest(node, ast.unparse(node.args[0]), _each(node.args[1]))
        told = node.args[0] if node.args and isinstance(node.func, ast.Attribute) else None
        if name.rpartition(".")[2] in _TELLING and isinstance(told, ast.Constant) and isinstance(told.value, str):
            return TypeTest(node, "", word=told.value)
        return None
    left, right = node.left, node.comparators[0]
    if isinstance(left, ast.Call) and dotted(left.func) == "type" and len(left.args) == 1:
        return TypeTest(node, ast.unparse(left.args[0]), _each(right))
    if isinstance(left, ast.Constant) and isinstance(left.value, str) and isinstance(node.ops[0], ast.In):
        return TypeTest(node, "", word=left.value)
    return None


def _each(node: ast.expr) -> tuple[ast.expr, ...]:
    return tuple(node.elts) if isinstance(node, ast.Tuple | ast.List | ast.Set) else (node,)


def starts_plainly(body: tuple[ast.stmt, ...], subject: str) -> bool:
    """Whether statements only set the weight of a module to one and its bias to zero, as norms begin anyway."""
    return all(_is_plain(it, subject) for it in body)


def _is_plain(statement: ast.stmt, subject: str) -> bool:
    if isinstance(statement, ast.If):
        return starts_plainly(tuple(statement.body), subject) and starts_plainly(tuple(statement.orelse), subject)
    call = statement.value if isinstance(statement, ast.Expr) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute | ast.Name):
        return isinstance(statement, ast.Pass)
    name = (dotted(call.func) or "").rpartition(".")[2]
    given = [ast.unparse(it) for it in call.args]
    tensor = ast.unparse(call.func.value) if isinstance(call.func, ast.Attribute) else ""
    if name in ("fill_", "zero_") and tensor.startswith(f"{subject}."):
        given = [tensor, *given]
    start = {f"{subject}.weight": 1.0, f"{subject}.bias": 0.0}.get(given[0].removesuffix(".data") if given else "")
    values = {"zero_": 0.0, "zeros_": 0.0, "ones_": 1.0}
    if name in ("constant_", "fill_"):
        return start is not None and _number(given[1:]) == start
    return start is not None and values.get(name) == start


def _number(texts: list[str]) -> float | None:
    try:
        return float(texts[0]) if texts else None
    except ValueError:
        return None
