"""Whether a class goes through its children as a container does, so that a new one would join them."""

from __future__ import annotations

import ast

_ALL = frozenset(
    {"_modules", "children", "named_children", "values", "items", "keys", "append", "extend", "insert", "pop"}
)
_OWN = frozenset(
    {"__init__", "__setattr__", "__getattr__", "add_module", "register_module", "register_parameter", "register_buffer"}
    | {"train", "eval", "apply", "extra_repr", "__repr__", "state_dict", "load_state_dict", "_load_from_state_dict"}
)
_ASKS = frozenset({"isinstance", "type", "hasattr", "getattr", "setattr", "super", "id"})


def has_method(owner: ast.ClassDef, name: str) -> bool:
    """Whether a class defines a method itself."""
    return any(isinstance(it, ast.FunctionDef | ast.AsyncFunctionDef) and it.name == name for it in owner.body)


def goes_through_children(owner: ast.ClassDef) -> bool:
    """Whether a method iterates or indexes ``self``, hands it on, or calls the container's own methods."""
    around = {child: node for node in ast.walk(owner) for child in ast.iter_child_nodes(node)}
    return any(_reaches_all(node, around) for node in ast.walk(owner))


def _reaches_all(node: ast.AST, around: dict[ast.AST, ast.AST]) -> bool:
    if isinstance(node, ast.Attribute) and _is_super(node.value):
        return node.attr not in _OWN
    if not isinstance(node, ast.Name) or node.id != "self" or not isinstance(node.ctx, ast.Load):
        return False
    user = around[node]
    if isinstance(user, ast.Attribute):
        return user.attr in _ALL
    if not isinstance(user, ast.Call):
        return True
    if isinstance(user.func, ast.Name):
        return user.func.id not in _ASKS
    return not (isinstance(user.func, ast.Attribute) and user.func.attr in _OWN)


def _is_super(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super"
