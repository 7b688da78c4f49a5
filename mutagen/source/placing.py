"""A call put around an expression, in the form its owner would choose."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from mutagen.records.span import Span
from mutagen.source.file import SourceFile

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Change:
    """New text for a span."""

    span: Span
    old: str
    new: str


def put_call(
    file: SourceFile, function: Function, expression: ast.expr, join: ast.AST | None, call: str, *, wrap: bool = False
) -> Change | None:
    """``call`` holds ``{}`` for the expression: a statement of its own below ``out = ...``, else around the expression.

    ``wrap`` asks for the second form. None where the expression is assigned to, so that nothing can be put around it.
    """
    if isinstance(expression, ast.Name) and not wrap:
        statement = _own_statement(file, function, expression, join)
        if statement is not None:
            below, anchor = statement
            return _new_statement(file, anchor, expression.id, call, below=below)
    if _updates(file.statement(expression), expression):
        return None
    text = file.text(expression)
    return Change(file.span(expression), text, call.replace("{}", text))


def put_behind(file: SourceFile, expression: ast.expr, call: str) -> Change | None:
    """``call`` around a call: a statement of its own below ``out = self.conv(out)``, else around the expression.

    None where nobody takes the result.
    """
    statement = file.statement(expression)
    if isinstance(statement, ast.Expr) and statement.value is expression:
        return None
    if isinstance(statement, ast.Assign) and statement.value is expression and len(statement.targets) == 1:
        target = statement.targets[0]
        if isinstance(target, ast.Name) and stands_alone(file, statement):
            return _new_statement(file, statement, target.id, call, below=True)
    text = file.text(expression)
    return Change(file.span(expression), text, call.replace("{}", text))


def put_first(file: SourceFile, function: Function, call: str) -> Change | None:
    """``call`` of the first argument of a method, as the first statement of its body; None where it has none."""
    given = [*function.args.posonlyargs, *function.args.args][1:]
    body = function.body[1:] if ast.get_docstring(function) is not None and len(function.body) > 1 else function.body
    if not given or body[0].lineno == function.lineno or not stands_alone(file, body[0]) and len(body) == 1:
        return None
    return _new_statement(file, body[0], given[0].arg, call, below=False)


def _own_statement(
    file: SourceFile, function: Function, name: ast.Name, join: ast.AST | None
) -> tuple[bool, ast.stmt] | None:
    """(below, statement) if the name can be rebound there without anyone else reading the new value."""
    user = file.statement(name)
    block = _block(file, user)
    is_target = _updates(user, name)
    rebinds = join is not None and (is_target or _rebinds(user, name.id))
    if _loads(user, name.id) != (0 if isinstance(name.ctx, ast.Store) else 1) or not stands_alone(file, user):
        return None
    if not rebinds and _read_later(file, function, user, name.id):
        return None
    maker = _maker(block, user, name.id)
    if maker is not None and stands_alone(file, maker):
        return True, maker
    return (False, user) if is_target else None


def _updates(statement: ast.stmt, node: ast.expr) -> bool:
    """Whether a statement changes in place what the expression holds: ``out += x``, ``out.add_(x)``."""
    if isinstance(statement, ast.AugAssign):
        return statement.target is node
    call = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.value is node


def stands_alone(file: SourceFile, statement: ast.stmt) -> bool:
    """Whether nothing but a comment shares the lines of a statement."""
    end_line = statement.end_lineno or statement.lineno
    before = file.utf8[file.line_starts[statement.lineno - 1] : file.offset(statement.lineno, statement.col_offset)]
    after = file.utf8[file.offset(end_line, statement.end_col_offset or 0) : file.line_end(end_line)].strip()
    return not before.strip() and (not after or after.startswith(b"#"))


def _maker(block: list[ast.stmt], user: ast.stmt, name: str) -> ast.stmt | None:
    """The plain assignment to the name above its user in the same block, with no other use in between."""
    for statement in reversed(block[: block.index(user)]):
        plain = isinstance(statement, ast.Assign) and len(statement.targets) == 1
        if plain and isinstance(statement.targets[0], ast.Name) and statement.targets[0].id == name:  # type: ignore[attr-defined]
            return statement
        if any(isinstance(it, ast.Name) and it.id == name for it in ast.walk(statement)):
            return None
    return None


def _block(file: SourceFile, statement: ast.stmt) -> list[ast.stmt]:
    """The list of statements that holds one."""
    around = file.parents[statement]
    for _, value in ast.iter_fields(around):
        if isinstance(value, list) and statement in value:
            return value
    return [statement]


def _rebinds(statement: ast.stmt, name: str) -> bool:
    targets: list[ast.expr] = []
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AugAssign):
        targets = [statement.target]
    return any(isinstance(it, ast.Name) and it.id == name for it in targets)


def _loads(scope: ast.AST, name: str) -> int:
    return sum(isinstance(it, ast.Name) and it.id == name and isinstance(it.ctx, ast.Load) for it in ast.walk(scope))


def _read_later(file: SourceFile, function: Function, user: ast.stmt, name: str) -> bool:
    """Whether the name may be read after its user: below it, or anywhere in a loop around both."""
    loop = next((it for it in file.ancestors(user) if isinstance(it, ast.For | ast.While)), None)
    scope: ast.AST = loop if loop is not None else function
    after = (user.end_lineno or user.lineno, user.end_col_offset or 0)
    for it in ast.walk(scope):
        if isinstance(it, ast.Name) and it.id == name and isinstance(it.ctx, ast.Load):
            if (it.lineno, it.col_offset) >= after:
                return True
    return False


def _new_statement(file: SourceFile, anchor: ast.stmt, name: str, call: str, *, below: bool) -> Change:
    text = f"{name} = {call.replace('{}', name)}"
    indent = file.indent(anchor.lineno)
    if below:
        return Change(file.behind(anchor), "", f"{file.newline}{indent}{text}")
    line, column = anchor.lineno, anchor.col_offset
    return Change(Span(file.path, line, column, line, column), "", f"{text}{file.newline}{indent}")
