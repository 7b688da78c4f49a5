"""Tables and lists that are written out."""

from __future__ import annotations

import ast

from mutagen.source.names import dotted


def constant(node: ast.AST | None) -> object:
    return node.value if isinstance(node, ast.Constant) else None


def is_dict(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and dotted(node.func) == "dict" and not node.args


def items_of(node: ast.AST) -> list[tuple[object, ast.expr]]:
    """Keys and values of a display; the key None stands for one that is not written out."""
    if isinstance(node, ast.Dict):
        return [(constant(key), value) for key, value in zip(node.keys, node.values, strict=True)]
    if isinstance(node, ast.Call):
        return [(it.arg, it.value) for it in node.keywords]
    return list(enumerate(node.elts)) if isinstance(node, ast.Tuple | ast.List) else []
