"""The value of an expression in recorded names, without running user code."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Final

from mutagen.records.rules import Value
from mutagen.source.names import dotted

_BINARY: Final[dict[type[ast.operator], Callable[..., Value]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_COMPARE: Final[dict[type[ast.cmpop], Callable[..., bool]]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda value, container: value in container,
    ast.NotIn: lambda value, container: value not in container,
}
_CALLS: Final[dict[str, Callable[..., Value]]] = {"int": int, "max": max, "min": min, "round": round, "len": len}
_BOUND = 1 << 40
_LONGEST = 4096


class Unknown(Exception):
    """The expression cannot be evaluated from what was recorded."""


def evaluate(node: ast.AST, names: Mapping[str, Value]) -> Value:
    """The value of an expression of names, literals, arithmetic and comparisons; raises Unknown for all else."""
    try:
        return _value(node, names)
    except (ArithmeticError, TypeError, ValueError, IndexError, KeyError, OverflowError) as error:
        raise Unknown(str(error)) from error


def _value(node: ast.AST, names: Mapping[str, Value]) -> Value:
    if isinstance(node, ast.Constant) and isinstance(node.value, bool | int | float | str | None):
        return node.value
    if isinstance(node, ast.Name | ast.Attribute):
        return _lookup(node, names)
    if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        return _binary(node, names)
    if isinstance(node, ast.UnaryOp):
        return _unary(node, names)
    if isinstance(node, ast.Tuple | ast.List):
        return tuple(_value(item, names) for item in node.elts)
    if isinstance(node, ast.IfExp):
        return _value(node.body if _value(node.test, names) else node.orelse, names)
    if isinstance(node, ast.BoolOp):
        return _boolean(node, names)
    if isinstance(node, ast.Compare):
        return _comparison(node, names)
    if isinstance(node, ast.Subscript):
        return _subscript(node, names)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _CALLS and not node.keywords:
        return _CALLS[node.func.id](*(_value(argument, names) for argument in node.args))
    raise Unknown(ast.dump(node)[:60])


def _lookup(node: ast.Name | ast.Attribute, names: Mapping[str, Value]) -> Value:
    name = dotted(node)
    if name is None or name not in names:
        raise Unknown(name or "attribute of an expression")
    return names[name]


def _binary(node: ast.BinOp, names: Mapping[str, Value]) -> Value:
    left, right = _value(node.left, names), _value(node.right, names)
    if isinstance(node.op, ast.Pow) and not (isinstance(right, int | float) and abs(right) < 64):
        raise Unknown("large power")
    if isinstance(node.op, ast.Mult) and _repeats(left, right) > _LONGEST:
        raise Unknown("long sequence")
    result = _BINARY[type(node.op)](left, right)
    if isinstance(result, str | tuple) and len(result) > _LONGEST or isinstance(result, int) and abs(result) > _BOUND:
        raise Unknown("large value")
    return result


def _repeats(left: Value, right: Value) -> int:
    """The length of a repeated sequence, before it is made."""
    if isinstance(left, str | tuple) and isinstance(right, int):
        return len(left) * right
    if isinstance(right, str | tuple) and isinstance(left, int):
        return len(right) * left
    return 0


def _unary(node: ast.UnaryOp, names: Mapping[str, Value]) -> Value:
    value = _value(node.operand, names)
    if isinstance(node.op, ast.Not):
        return not value
    if isinstance(node.op, ast.USub) and isinstance(value, int | float):
        return -value
    raise Unknown("unary operator")


def _boolean(node: ast.BoolOp, names: Mapping[str, Value]) -> Value:
    stop_at = isinstance(node.op, ast.Or)
    value: Value = None
    for item in node.values:
        value = _value(item, names)
        if bool(value) is stop_at:
            return value
    return value


def _comparison(node: ast.Compare, names: Mapping[str, Value]) -> bool:
    left = _value(node.left, names)
    for test, item in zip(node.ops, node.comparators, strict=True):
        right = _value(item, names)
        if not _COMPARE[type(test)](left, right):
            return False
        left = right
    return True


def _subscript(node: ast.Subscript, names: Mapping[str, Value]) -> Value:
    container, index = _value(node.value, names), _value(node.slice, names)
    if isinstance(container, tuple | str) and isinstance(index, int):
        return container[index]
    raise Unknown("subscript")
