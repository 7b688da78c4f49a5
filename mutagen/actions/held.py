"""By what name a module can be changed right behind the statement that makes it.

``self.conv = nn.Conv2d(...)`` says it; ``return Block(...)`` and ``layers.append(Block(...))`` do once the block has a
variable; in ``self.body = nn.Sequential(nn.Conv2d(...), ...)`` it is ``self.body[0]``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from mutagen.actions.held_part import part_of
from mutagen.records.span import Span
from mutagen.records.trace import Instance
from mutagen.source.file import SourceFile
from mutagen.source.names import dotted, names_in
from mutagen.source.placing import Change, stands_alone

_LOCALS: Final = {"Conv": "conv", "Batc": "norm", "Grou": "norm", "Laye": "norm", "ReLU": "act", "Line": "linear"}
_WORDS: Final = ("block", "unit", "layer", "stage", "branch", "conv", "norm", "attention")
_HARMLESS: Final = frozenset(["format", "str", "len"])


@dataclass(frozen=True)
class Held:
    """``text`` is the module once the ``changes`` are made; lines at ``at``, before ``tail``, can change it.

    Where it may be none, ``asked`` says that it is there. ``hidden`` are names that may have another value there than
    where the module was made.
    """

    text: str
    at: Span
    tail: str = ""
    changes: tuple[Change, ...] = ()
    hidden: frozenset[str] = frozenset()
    asked: str = ""


def held_at(file: SourceFile, call: ast.Call, made: Instance) -> Held | None:
    """The name of what a call gives behind its statement; None where that gives it none and could not."""
    statement = file.statement(call)
    if not stands_alone(file, statement):
        return None
    if isinstance(statement, ast.Assign | ast.AnnAssign | ast.Return) and statement.value is call:
        return _of_value(file, statement, made, "")
    if isinstance(statement, ast.Assign) and _or_none(statement.value, call):
        held = _of_value(file, statement, made, "")
        return replace(held, asked=f"{held.text} is not None") if held is not None else None
    if isinstance(statement, ast.Assign | ast.Return) and isinstance(statement.value, ast.Call):
        part = part_of(file, statement.value, call)
        return _of_value(file, statement, None, part) if part is not None else None
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        return _handed_over(file, statement, statement.value, call, made) or _appended(file, statement.value, call)
    return None


def _of_value(
    file: SourceFile, statement: ast.Assign | ast.AnnAssign | ast.Return, made: Instance | None, part: str
) -> Held | None:
    """The name of the value of a statement, and behind it what leads to a part of that."""
    behind = file.behind(statement)
    if isinstance(statement, ast.Return):
        name = _free(file, statement, made)
        if name is None:
            return None
        tail = f"{file.newline}{file.indent(statement.lineno)}return {name}"
        return Held(name + part, behind, tail, (_bound(file, statement, name),))
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    if len(targets) != 1 or not isinstance(targets[0], ast.Name | ast.Attribute | ast.Subscript):
        return None
    target = targets[0]
    if "\n" in file.text(target) or any(isinstance(it, ast.Call) for it in ast.walk(target)):
        return None
    return Held(file.text(target) + part, behind, hidden=frozenset(filter(None, [dotted(target)])))


def _bound(file: SourceFile, statement: ast.Return, name: str) -> Change:
    """``return`` as an assignment; lines that are aligned with the bracket of what is returned move along."""
    old = file.text(statement)
    first, *rest = old.replace("return", f"{name} =", 1).split("\n")
    by, column = len(name) + len(" =") - len("return"), statement.col_offset + len("return ")
    if all(len(it) - len(it.lstrip(" ")) > column for it in rest):
        rest = [" " * by + it if by > 0 else it[-by:] for it in rest]
    return Change(file.span(statement), old, "\n".join([first, *rest]))


def _handed_over(file: SourceFile, statement: ast.Expr, taker: ast.Call, call: ast.Call, made: Instance) -> Held | None:
    """``layers.append(Block(...))``: a variable takes the block, and the list takes that."""
    given = [*taker.args, *(it.value for it in taker.keywords)]
    if call not in given or not all(it is call or _only_names(it) for it in (taker.func, *given)):
        return None
    name, old = _free(file, statement, made), file.text(statement)
    start, indent = file.offset(statement.lineno, statement.col_offset), file.indent(statement.lineno)
    first, last = file.offset(call.lineno, call.col_offset) - start, file.offset(*_end(call)) - start
    head, rest = old.encode()[:first].decode(), old.encode()[last:].decode()
    moved = _dedented(file.text(call), file.indent(call.lineno), indent)
    if name is None or "#" in head + rest or moved is None:
        return None
    tail = f"{file.newline}{indent}{_on_one_line(head)}{name}{_on_one_line(rest)}"
    return Held(name, file.behind(statement), tail, (Change(file.span(statement), old, f"{name} = {moved}"),))


def _appended(file: SourceFile, taker: ast.Call, call: ast.Call) -> Held | None:
    """``layers.append(nn.ModuleList([Attention(...), Block(...)]))``: the last one, and in it what is made."""
    if not isinstance(taker.func, ast.Attribute) or taker.func.attr != "append" or dotted(taker.func.value) is None:
        return None
    given = taker.args[0] if len(taker.args) == 1 else None
    part = part_of(file, given, call) if isinstance(given, ast.Call) else None
    if part is None:
        return None
    return Held(f"{file.text(taker.func.value)}[-1]{part}", file.behind(file.statement(call)))


def _only_names(node: ast.expr) -> bool:
    """Whether it does not matter when an expression is evaluated."""
    calls = [it for it in ast.walk(node) if isinstance(it, ast.Call | ast.Await | ast.Yield | ast.NamedExpr)]
    named = [it.func if isinstance(it, ast.Call) else None for it in calls]
    return all((it.attr if isinstance(it, ast.Attribute) else getattr(it, "id", "")) in _HARMLESS for it in named)


def _on_one_line(text: str) -> str:
    text = re.sub(r"([(\[])\s*\n\s*", r"\1", text)
    text = re.sub(r",?\s*\n\s*([)\]])", r"\1", text)
    return re.sub(r"\s*\n\s*", " ", text)


def _dedented(text: str, old: str, new: str) -> str | None:
    """A text whose first line was indented otherwise; None where its other lines do not go along."""
    first, *rest = text.split("\n")
    if not all(it.startswith(old) or not it.strip() for it in rest):
        return None
    return "\n".join([first, *(new + it[len(old) :] if it.strip() else it for it in rest)])


def _or_none(value: ast.expr, call: ast.Call) -> bool:
    """Whether a value is what the call gives, or none."""
    if not isinstance(value, ast.IfExp) or call not in (value.body, value.orelse):
        return False
    other = value.orelse if call is value.body else value.body
    return isinstance(other, ast.Constant) and other.value is None


def _free(file: SourceFile, statement: ast.stmt, made: Instance | None) -> str | None:
    """A variable for a module that the function around does not know."""
    function = file.function(statement)
    if function is None:
        return None
    taken = names_in(function)
    return next((it for it in _names(made) if it not in taken), None)


def _names(made: Instance | None) -> Iterator[str]:
    if made is None:
        yield from ("layers", "modules")
        return
    name = made.name
    word = next((it for it in _WORDS if name.lower().endswith(it)), None)
    own = _LOCALS.get(name[:4]) if made.library else word
    yield from dict.fromkeys([*([own] if own else []), "layer", "module", "child"])


def _end(node: ast.expr | ast.stmt) -> tuple[int, int]:
    return node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
