"""``Refined(Block(dim), dim) if i % 2 == 1 else Block(dim)``: a choice where no statement could follow."""

from __future__ import annotations

import ast
from typing import Final

from mutagen.actions.wrapping import Wrapping, in_lines
from mutagen.records.span import Span
from mutagen.source.file import SourceFile
from mutagen.source.placing import Change

_BRACKETED: Final = ast.keyword | ast.Call | ast.List | ast.Tuple
_COMPREHENSIONS: Final = ast.ListComp | ast.GeneratorExp
_WIDTH: Final = 110


def choice(file: SourceFile, call: ast.Call, wrapping: Wrapping, condition: str) -> tuple[Change, ...]:
    """The text in the place of a call, in brackets where that is needed, or in lines where it would be too long."""
    old, parent = file.text(call), file.parents[call]
    short = f"{wrapping.around(old)} if {condition} else {old}"
    start, end = file.line_starts[call.lineno - 1], file.line_end(call.end_lineno or call.lineno)
    width = len(file.utf8[start:end].decode().expandtabs(4)) + len(short) - len(old)
    bare = isinstance(parent, _BRACKETED | _COMPREHENSIONS | ast.stmt)
    if ("\n" not in old and width <= _WIDTH) or in_lines(call):
        return (Change(file.span(call), old, short if bare else f"({short})"),)
    if isinstance(parent, _COMPREHENSIONS) and parent.lineno == parent.end_lineno:
        return _in_lines(file, parent, call, wrapping, condition)
    indent, step = file.indent(call.lineno), file.step(call.lineno)
    own_line = not file.utf8[start : file.offset(call.lineno, call.col_offset)].strip()
    if own_line and isinstance(parent, _BRACKETED | _COMPREHENSIONS):
        rows = [wrapping.around_call(file, call), f"if {condition}", f"else {_behind(old, call, len('else '))}"]
        return (Change(file.span(call), old, f"{file.newline}{indent}".join(rows)),)
    line = f"{file.newline}{indent}{step}"
    text = line.join(["(", wrapping.around(old), f"if {condition}", f"else {old}"])
    return (Change(file.span(call), old, f"{text}{file.newline}{indent})"),)


def _behind(old: str, call: ast.Call, by: int) -> str:
    """The call behind a word; lines that are aligned with its bracket move along."""
    first, *rest = old.split("\n")
    aligned = rest and all(len(it) - len(it.lstrip(" ")) > call.col_offset + 4 for it in rest)
    return "\n".join([first, *(" " * by + it if aligned else it for it in rest)])


def _in_lines(
    file: SourceFile, whole: ast.ListComp | ast.GeneratorExp, call: ast.Call, wrapping: Wrapping, condition: str
) -> tuple[Change, ...]:
    """A comprehension of one line in several: what it makes, and for what."""
    old, indent = file.text(call), file.indent(call.lineno)
    inner, line = indent + file.step(call.lineno), file.newline
    short = f"{inner}{wrapping.around(old)} if {condition} else {old}"
    rows = [wrapping.around(old), f"if {condition}", f"else {old}"]
    text = short if len(short) <= _WIDTH else inner + f"{line}{inner}".join(rows)
    # The blank in front of `for` stays, as the last one of that line's indent.
    text = f"{line}{inner}{text.removeprefix(inner)}{line}{inner[:-1]}"
    row, column = whole.end_lineno or whole.lineno, (whole.end_col_offset or 0) - 1
    closing = Span(file.path, row, column, row, column)
    return Change(file.span(call), old, text), Change(closing, "", f"{line}{indent}")
