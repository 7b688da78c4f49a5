"""A condition at a shared site, taken from the rule's own tests.

One helper often makes every convolution of a network: ``self.conv = nn.Conv2d(c, o, kernel_size)``. A rule that selects
those with ``kernel_size > 1`` then says itself what tells them apart, in terms of the very arguments of that call.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from mutagen.actions.new_call import NewCall, literal
from mutagen.blocks.replacement import find_replacement
from mutagen.records.plan import Edit, Rung
from mutagen.records.rules import Rule, Test
from mutagen.records.span import Span
from mutagen.records.trace import Instance
from mutagen.source.call import arguments
from mutagen.source.expressions import holds
from mutagen.source.file import SourceFile

_PLAIN = ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Return | ast.Expr
_OWN_NAMES = ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
_OPERATORS = {"eq": "==", "ne": "!=", "gt": ">", "ge": ">=", "lt": "<", "le": "<="}


def guarded(
    rule: Rule,
    file: SourceFile,
    call: ast.Call,
    selected: Sequence[Instance],
    others: Sequence[Instance],
    new: NewCall,
) -> tuple[Edit, ...]:
    """Edits that choose the class by a condition which holds for the selected alone; empty where there is none."""
    condition = separating(rule, file, call, selected, others)
    if condition is None or new.callee is None or any(it.type != selected[0].type for it in others):
        return ()
    reason = f"{len(selected)} of {len(selected) + len(others)} instances made here are selected; they have {condition}"
    return chosen_by(condition, file, call, new, rule.id, "site", reason, selected)


def chosen_by(
    condition: str,
    file: SourceFile,
    call: ast.Call,
    new: NewCall,
    rule: str,
    rung: Rung,
    reason: str,
    selected: Sequence[Instance],
) -> tuple[Edit, ...]:
    """Edits by which the new call is made where the condition holds, else the old one."""
    paths = tuple(it.path for it in selected)
    old = file.text(call)
    if new.callee is None:
        text = f"{new.text} if {condition} else {old}"
        if not isinstance(file.parents[call], ast.stmt | ast.keyword | ast.Call | ast.List | ast.Tuple):
            text = f"({text})"
        return (Edit(file.span(call), old, text, rule, rung, reason, paths),)
    statement = file.statement(call)
    choice = f"{new.callee} if {condition} else {file.text(call.func)}"
    wanted = "conv_layer" if "Conv" in selected[0].name else "layer"
    name = _free_local(file, call, f"{wanted}{_number(file, call, statement)}")
    if name is None or not isinstance(statement, _PLAIN):
        edit = Edit(file.span(call.func), file.text(call.func), f"({choice})", rule, rung, reason, paths)
        return (edit,)
    head = Span(file.path, statement.lineno, statement.col_offset, statement.lineno, statement.col_offset)
    line = f"{name} = {choice}{file.newline}{file.indent(statement.lineno)}"
    return (
        Edit(head, "", line, rule, rung, reason, paths),
        Edit(file.span(call.func), file.text(call.func), name, rule, rung, reason, paths),
    )


def separating(
    rule: Rule, file: SourceFile, call: ast.Call, selected: Sequence[Instance], others: Sequence[Instance]
) -> str | None:
    """The fewest of the rule's tests, as a Python condition on the call's arguments, that separate the instances."""
    way = find_replacement(selected[0], rule.action.block)
    given = arguments(call, way.signature if way is not None else selected[0].parameters)
    if given is None:
        return None
    tests = [(test, given.by_name.get(test.fact)) for test in rule.query.where]
    texts = [_as_source(file, test, node) for test, node in tests if node is not None]
    known = [text for text in texts if text is not None]
    chosen: list[str] = []
    left = list(others)
    for text in known:
        still = [it for it in left if _holds(text, it) is not False]
        if len(still) < len(left):
            chosen.append(text)
            left = still
    condition = " and ".join(chosen)
    if left or not chosen or not all(_holds(condition, it) for it in selected):
        return None
    return condition


def _as_source(file: SourceFile, test: Test, node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant) or test.test not in _OPERATORS:
        return None
    text = file.text(node)
    if "\n" in text:
        return None
    operand = text if isinstance(node, ast.Name | ast.Attribute | ast.BinOp) else f"({text})"
    return f"{operand} {_OPERATORS[test.test]} {literal(test.value)}"


def _holds(condition: str, instance: Instance) -> bool | None:
    return holds(ast.parse(condition, mode="eval").body, instance.chain[0].names)


def _free_local(file: SourceFile, call: ast.Call, wanted: str) -> str | None:
    function = file.function(call)
    if function is None or any(isinstance(it, _OWN_NAMES) for it in _up_to(file, call, function)):
        return None
    used = {it.id for it in ast.walk(function) if isinstance(it, ast.Name)}
    return next((name for name in (wanted, f"{wanted}_class") if name not in used), None)


def _number(file: SourceFile, call: ast.Call, statement: ast.stmt) -> str:
    """What tells a choice from those for earlier calls of the same class in one statement; nothing for the first."""
    calls = [
        it for it in ast.walk(statement) if isinstance(it, ast.Call) and file.text(it.func) == file.text(call.func)
    ]
    calls.sort(key=lambda it: (it.lineno, it.col_offset))
    return str(calls.index(call) + 1) if calls.index(call) else ""


def _up_to(file: SourceFile, node: ast.AST, end: ast.AST) -> list[ast.AST]:
    found: list[ast.AST] = []
    for around in file.ancestors(node):
        if around is end:
            break
        found.append(around)
    return found
