"""Missing imports, added once, through LibCST's own visitor."""

from __future__ import annotations

import ast
from collections.abc import Sequence

import libcst
from libcst.codemod import CodemodContext
from libcst.codemod.visitors import AddImportsVisitor

from mutagen.records.plan import Import
from mutagen.source.file import SourceFile, read_source


def with_imports(file: SourceFile, text: bytes, imports: Sequence[Import]) -> bytes:
    """The text with the imports added to its head; the rest is not parsed, since the visitor needs only the head."""
    wanted = list(dict.fromkeys(imports))
    if not wanted:
        return text
    split = _head_end(read_source(file.path, text))
    context = CodemodContext()
    for it in wanted:
        level = len(it.module) - len(it.module.lstrip("."))
        module = it.module.lstrip(".")
        AddImportsVisitor.add_needed_import(context, module, it.name, it.alias, level)
    head = libcst.parse_module(text[:split])
    return AddImportsVisitor(context).transform_module(head).bytes + text[split:]


def _head_end(file: SourceFile) -> int:
    """Offset behind the last top-level import; behind the docstring where there is none."""
    end = 0
    for index, statement in enumerate(file.tree.body):
        is_docstring = index == 0 and isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        if isinstance(statement, ast.Import | ast.ImportFrom) or is_docstring:
            end = statement.end_lineno or statement.lineno
    starts = (*file.line_starts, len(file.utf8))
    return starts[end] if end < len(starts) else len(file.utf8)
