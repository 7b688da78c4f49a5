"""The call of a new module around one operand of a join, with its partner under a name of its own."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from mutagen.actions.cut import Cut
from mutagen.actions.scene import refuse
from mutagen.records.plan import Edit, Refusal
from mutagen.records.rules import Rule
from mutagen.records.span import Span
from mutagen.source.anchor import Function
from mutagen.source.file import SourceFile
from mutagen.source.names import names_in
from mutagen.source.placing import Change, put_call, stands_alone

_SIMPLE = ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Return | ast.Expr
_LATER = ast.Lambda | ast.IfExp | ast.BoolOp | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp | Function


def call_edits(
    rule: Rule, cut: Cut, callee: str, path: str, owners: Sequence[str], *, with_other: bool
) -> tuple[Edit, ...] | Refusal:
    """The edits that put ``callee(operand)``, or ``callee(operand, other)``, in the place of the operand."""
    call, named = f"{callee}({{}})", None
    if with_other:
        named = _named(cut)
        if named is None:
            message = "the other operand has no name by which the new module could read it"
            return refuse(rule, path, "operand-not-named", message, "give it a name", where=cut.span)
        call = f"{callee}({{}}, {named[0]})"
    change = put_call(cut.file, cut.function, cut.expression, cut.join, call, wrap=with_other)
    if change is None:
        message = "the operand is assigned to where it stands"
        return refuse(rule, path, "operand-not-written", message, "write the join as `x = x + y`", where=cut.span)
    reason = f"the edge of {len(owners)} block(s) passes here"
    texts = [*(named[1] if named else ()), _out_of_place(cut, change) if with_other else change]
    return tuple(Edit(it.span, it.old, it.new, rule.id, "forward", reason, tuple(owners)) for it in texts)


def _out_of_place(cut: Cut, change: Change) -> Change:
    """``x = x + ...`` for ``x += ...`` where the new module reads ``x``: its gradient needs what the sum overwrites."""
    statement, file = cut.file.statement(cut.expression), cut.file
    if not isinstance(statement, ast.AugAssign) or statement.target is not cut.other:
        return change
    if statement.value is not cut.expression or not isinstance(statement.op, ast.Add):
        return change
    name = file.text(statement.target)
    return Change(file.span(statement), file.text(statement), f"{name} = {name} + {change.new}")


def _named(cut: Cut) -> tuple[str, tuple[Change, ...]] | None:
    """The name of the other operand; where it has none, one is given to it in a line above, with the texts for that."""
    file, other = cut.file, cut.other
    if isinstance(other, ast.Name | ast.Attribute):
        return file.text(other), ()
    if not isinstance(other, ast.Call) or other in ast.walk(cut.expression):
        return None
    statement = file.statement(other)
    if not isinstance(statement, _SIMPLE) or not stands_alone(file, statement):
        return None
    name = _name_for(cut.function, statement, other)
    if name is None or any(isinstance(it, _LATER) for it in _up_to(file, other)):
        return None
    text, indent = file.text(other), file.indent(statement.lineno)
    above = Span(file.path, statement.lineno, statement.col_offset, statement.lineno, statement.col_offset)
    line = f"{name} = {text}{file.newline}{indent}"
    return name, (Change(above, "", line), Change(file.span(other), text, name))


def _up_to(file: SourceFile, node: ast.expr) -> list[ast.AST]:
    """What stands around an expression within its statement."""
    found: list[ast.AST] = []
    for it in file.ancestors(node):
        if isinstance(it, ast.stmt):
            break
        found.append(it)
    return found


def _name_for(function: Function, statement: ast.stmt, other: ast.Call) -> str | None:
    """What the statement assigns to, if it reads that in the operand alone; else the name of what is called."""
    target = statement.targets[0] if isinstance(statement, ast.Assign) and len(statement.targets) == 1 else None
    if isinstance(target, ast.Name) and _reads(statement, target.id) == _reads(other, target.id):
        return target.id
    called = other.func
    name = (
        called.attr if isinstance(called, ast.Attribute) else f"{called.id}_out" if isinstance(called, ast.Name) else ""
    )
    return name if name.isidentifier() and name not in names_in(function) else None


def _reads(scope: ast.AST, name: str) -> int:
    return sum(isinstance(it, ast.Name) and it.id == name and isinstance(it.ctx, ast.Load) for it in ast.walk(scope))
