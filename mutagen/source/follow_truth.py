"""Whether a test held when a function ran, by recorded values and by what its names stand for."""

from __future__ import annotations

import ast
from collections.abc import Callable

from mutagen.source.activation import Activation
from mutagen.source.evaluate import Unknown, evaluate
from mutagen.source.names import dotted
from mutagen.source.reaching import Function
from mutagen.source.way import End, Following


def truth(f: Following, act: Activation) -> Callable[[ast.expr], bool | None]:
    """Whether a test held in an activation, by recorded values or by what its names stand for."""

    def holds(test: ast.expr) -> bool | None:
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            inner = holds(test.operand)
            return None if inner is None else not inner
        if isinstance(test, ast.BoolOp):
            return _together(isinstance(test.op, ast.And), [holds(it) for it in test.values])
        asked, wanted = _asks_none(test)
        if asked is not None:
            kinds = {_is_none(end) for end in f.ends(act, asked)}
            only = kinds.pop() if len(kinds) == 1 else None
            return None if only is None else only is wanted
        if not _fixed(act, test):
            return None
        try:
            return bool(evaluate(test, act.names))
        except Unknown:
            return _by_kind(f, act, test)

    return holds


def _by_kind(f: Following, act: Activation, test: ast.expr) -> bool | None:
    """``isinstance(norm, str)`` and the plain truth of a name."""
    if isinstance(test, ast.Name | ast.Attribute):
        kinds = {is_true(end) for end in f.ends(act, test)}
        return kinds.pop() if len(kinds) == 1 else None
    if not isinstance(test, ast.Call) or dotted(test.func) != "isinstance" or len(test.args) != 2:
        return None
    if dotted(test.args[1]) != "str":
        return None
    kinds = {_is_text(end) for end in f.ends(act, test.args[0])}
    return kinds.pop() if len(kinds) == 1 else None


def _together(every: bool, held: list[bool | None]) -> bool | None:
    """``and`` (or ``or``) of conditions of which some are not known."""
    if (not every) in held:
        return not every
    return None if None in held else every


def _asks_none(test: ast.expr) -> tuple[ast.expr | None, bool]:
    """The expression that ``x is None`` asks about, and whether the test holds for None."""
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Is | ast.IsNot):
        other = test.comparators[0]
        if isinstance(other, ast.Constant) and other.value is None:
            return test.left, isinstance(test.ops[0], ast.Is)
    return None, True


def _recorded(end: End) -> object:
    """The simple value of an end, by recorded names or as written; ``...`` where it has none."""
    if end.origin is None and isinstance(end.node, ast.expr):
        try:
            return evaluate(end.node, end.act.names)
        except Unknown:
            pass
    return ...


def _is_none(end: End) -> bool | None:
    value = _recorded(end)
    if value is not ...:
        return value is None
    return False if _is_object(end) else None


def is_true(end: End) -> bool | None:
    value = _recorded(end)
    if value is not ...:
        return bool(value)
    return True if _is_object(end) else None


def _is_text(end: End) -> bool | None:
    value = _recorded(end)
    if value is not ...:
        return isinstance(value, str)
    return False if _is_object(end) else None


def _is_object(end: End) -> bool:
    """Whether an end surely is a class, function or object that counts as true."""
    known = isinstance(end.node, ast.ClassDef | Function | ast.Lambda)
    return known or bool(end.bound) or (end.origin or "").startswith("torch.nn.")


def _fixed(act: Activation, test: ast.expr) -> bool:
    """Whether the names of a test still are what they were: none is assigned again, but by the loop of this turn."""
    if not isinstance(act.scope, Function):
        return True
    stored = {it.id for it in ast.walk(act.scope) if isinstance(it, ast.Name) and isinstance(it.ctx, ast.Store)}
    asked = {it.id for it in ast.walk(test) if isinstance(it, ast.Name)}
    return all(_of_this_turn(act, test, name) for name in stored & asked)


def _of_this_turn(act: Activation, test: ast.expr, name: str) -> bool:
    """Whether a name is bound by a loop around both the test and the call below it, and by nothing in that loop."""
    if act.at is None or test not in act.file.parents or act.at not in act.file.parents:
        return False
    if (test.lineno, test.col_offset) > (act.at.end_lineno or 0, act.at.end_col_offset or 0):
        return False
    around = list(act.file.ancestors(test))
    for loop in (it for it in act.file.ancestors(act.at) if isinstance(it, ast.For) and it in around):
        stores = [it for it in ast.walk(loop) if isinstance(it, ast.Name) and isinstance(it.ctx, ast.Store)]
        bound = [it for it in stores if it.id == name]
        if bound:
            return len(bound) == 1 and bound[0] in ast.walk(loop.target)
    return False
