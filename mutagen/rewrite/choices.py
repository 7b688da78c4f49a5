"""Statements that choose between two values, broken as black does: ``x = (`` with the value, or its parts, below."""

from __future__ import annotations

import ast
import itertools
import re

_STATEMENTS = ast.Assign | ast.AnnAssign | ast.AugAssign | ast.Return


def in_brackets(row: str) -> tuple[str, tuple[str, str, str], str] | None:
    """What stands before the value, the three parts of it, and what stands behind; None for other rows."""
    value = _value_of(row)
    if value is None:
        return None
    indent = len(row) - len(row.lstrip())
    text = row[indent:].encode()
    marks = [
        value.col_offset,
        _word(text, "if", value.body, value.test),
        _word(text, "else", value.test, value.orelse),
        value.end_col_offset or len(text),
    ]
    first, second, third = (text[start:end].decode().strip() for start, end in itertools.pairwise(marks))
    return row[:indent] + text[: marks[0]].decode(), (first, second, third), text[marks[-1] :].decode()


def _value_of(row: str) -> ast.IfExp | None:
    try:
        (statement,) = ast.parse(row.strip()).body
    except (SyntaxError, ValueError):
        return None
    value = statement.value if isinstance(statement, _STATEMENTS) else None
    return value if isinstance(value, ast.IfExp) else None


def _word(text: bytes, word: str, before: ast.expr, behind: ast.expr) -> int:
    """Where a word stands between two expressions, with nothing but brackets beside it."""
    start = before.end_col_offset or 0
    found = re.search(rf"\b{word}\b".encode(), text[start : behind.col_offset])
    assert found is not None
    return start + found.start()
