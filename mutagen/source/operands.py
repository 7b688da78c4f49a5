"""The operands of a call as written: ``a + b``, ``a *= b``, ``torch.add(a, b)``, ``torch.cat([a, b], 1)``, ``f(a)``."""

from __future__ import annotations

import ast


def operand(node: ast.AST, index: int, count: int) -> ast.expr | None:
    """The expression of tensor operand ``index`` of ``count``; None where it is not written out."""
    found = _operands(node)
    return found[index] if found is not None and len(found) == count else None


def only_operand(call: ast.AST, *, of_method: bool) -> ast.expr | None:
    """The tensor that a call of one tensor works on: its first argument, or what has the method."""
    if not isinstance(call, ast.Call):
        return None
    if of_method:
        return call.func.value if isinstance(call.func, ast.Attribute) else None
    if call.args:
        return None if isinstance(call.args[0], ast.Starred | ast.Constant) else call.args[0]
    return next((it.value for it in call.keywords if it.arg in ("input", "x")), None)


def _operands(node: ast.AST) -> list[ast.expr] | None:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mult):
        return [node.left, node.right]
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add | ast.Mult):
        return [node.target, node.value]
    if isinstance(node, ast.Call):
        return _of_call(node)
    return None


def _of_call(call: ast.Call) -> list[ast.expr] | None:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name in ("cat", "concat", "concatenate"):
        tensors = call.args[0] if call.args else next((it.value for it in call.keywords if it.arg == "tensors"), None)
        return _listed(tensors)
    if name in ("add", "add_", "mul", "mul_", "multiply") and isinstance(call.func, ast.Attribute):
        if len(call.args) == 1:
            return [call.func.value, call.args[0]]
        return list(call.args[:2])
    return None


def _listed(node: ast.expr | None) -> list[ast.expr] | None:
    if isinstance(node, ast.List | ast.Tuple) and not any(isinstance(it, ast.Starred) for it in node.elts):
        return list(node.elts)
    return None
