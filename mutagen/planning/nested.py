"""Edits within edits: in ``x + f(x + g(x))`` one rule may wrap both a call and an argument of it."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace

from mutagen.records.plan import Edit
from mutagen.records.span import Span
from mutagen.source.file import SourceFile
from mutagen.source.project import Project


def merge_nested(edits: Sequence[Edit], project: Project) -> tuple[Edit, ...]:
    """The edits of one rule, in their order; those that lie within another are done in the text of that one."""
    whole: list[Edit] = []
    order = {it.span: index for index, it in reversed(list(enumerate(edits)))}
    for edit in sorted(edits, key=lambda it: len(it.old)):
        kept: list[Edit] = []
        for inner in whole:
            merged = _merged(inner, edit, project)
            edit = merged or edit
            kept += [] if merged else [inner]
        whole = [*kept, edit]
    return tuple(sorted(whole, key=lambda it: order[it.span]))


def _merged(inner: Edit, outer: Edit, project: Project) -> Edit | None:
    """The outer edit with the inner one done in what it keeps; None where that is not one inside the other."""
    if inner.span.file != outer.span.file or inner.span == outer.span:
        return None
    (start, end), (first, last) = (_offsets(it.span, project) for it in (outer, inner))
    if not start <= first <= last <= end:
        return None
    if not inner.old:
        return _added(inner, outer, project) if start < first < end else None
    kept = project.file(outer.span.file).utf8[start:end]
    text = (kept[: first - start] + inner.new.encode() + kept[last - start :]).decode()
    paths = tuple(dict.fromkeys((*outer.instances, *inner.instances)))
    if outer.new.count(outer.old) == 1:
        return replace(outer, new=outer.new.replace(outer.old, text), instances=paths)
    if outer.new.count(inner.old) == outer.old.count(inner.old) == 1:
        return replace(outer, new=outer.new.replace(inner.old, inner.new), instances=paths)
    return None


def _added(inner: Edit, outer: Edit, project: Project) -> Edit | None:
    """The outer edit with an argument added to a call that it keeps as it is, wherever it stands afterwards."""
    file = project.file(inner.span.file)
    at, paths = _offsets(inner.span, project)[0], tuple(dict.fromkeys((*outer.instances, *inner.instances)))
    calls = [it for it in ast.walk(file.tree) if isinstance(it, ast.Call)]
    around = sorted((file.offset(it.lineno, it.col_offset), _end(file, it)) for it in calls)
    for first, last in reversed([it for it in around if it[0] < at < it[1]]):
        old = file.utf8[first:last].decode()
        if old in outer.new and outer.old.count(old) == 1:
            new = (file.utf8[first:at] + inner.new.encode() + file.utf8[at:last]).decode()
            return replace(outer, new=outer.new.replace(old, new), instances=paths)
    return None


def _end(file: SourceFile, call: ast.Call) -> int:
    return file.offset(call.end_lineno or call.lineno, call.end_col_offset or 0)


def _offsets(span: Span, project: Project) -> tuple[int, int]:
    file = project.file(span.file)
    return file.offset(span.line, span.column), file.offset(span.end_line, span.end_column)
