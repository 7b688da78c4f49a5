"""Tables in which a class is looked up by name: which key the new class has there, or could have."""

from __future__ import annotations

import ast
from typing import Final

from mutagen.blocks.replacement import Replacement
from mutagen.records.span import Span
from mutagen.source.file import SourceFile
from mutagen.source.names import imported_names, name_for, resolve
from mutagen.source.origin import Origin

_AKIN: Final = {
    "GroupNorm": (("batch", "group"), ("Batch", "Group"), ("BATCH", "GROUP"), ("bn", "gn"), ("BN", "GN")),
    "gelu": (("relu", "gelu"), ("ReLU", "GELU"), ("RELU", "GELU"), ("Relu", "Gelu")),
}


def key_of(origin: Origin, wanted: str) -> str | None:
    """The key under which the table, or the module that ``getattr`` looks in, has the class ``wanted``."""
    file = origin.file
    names = imported_names(file)
    if isinstance(origin.node, ast.Call):
        by_eval = isinstance(origin.node.func, ast.Name) and origin.node.func.id == "eval"
        return name_for(wanted, names) if by_eval else wanted.rpartition(".")[2]
    table = keyed(file, origin.node)
    return next((key for key, value in table.items() if resolve(value, names) == wanted), None)


def keyed(file: SourceFile, value: ast.expr) -> dict[str, ast.expr]:
    """The table of which an expression is a value, by its keys that are strings; empty where it is none."""
    around = file.parents[value]
    table = file.parents[around] if isinstance(around, ast.keyword) else around
    pairs: list[tuple[object, ast.expr]] = []
    if isinstance(table, ast.Dict):
        pairs = [(getattr(key, "value", None), it) for key, it in zip(table.keys, table.values, strict=True)]
    elif isinstance(around, ast.keyword) and isinstance(table, ast.Call):
        pairs = [(it.arg, it.value) for it in table.keywords]
    return {key: it for key, it in pairs if isinstance(key, str)}


def akin(key: str, way: Replacement) -> str | None:
    """What the new class would be called in a table where the old one is called ``key``."""
    pairs = _AKIN.get(way.target, ())
    return next((key.replace(old, new) for old, new in pairs if key.count(old) == 1), None)


def learned(file: SourceFile, value: ast.expr, key: str, text: str) -> tuple[Span, str]:
    """The table with ``text`` under ``key`` behind an entry of it, written as that entry is: its span and new text."""
    around = file.parents[value]
    if isinstance(around, ast.keyword):
        table: ast.AST = file.parents[around]
        at: ast.expr | ast.keyword = around
        entry = f"{key}={text}"
    else:
        assert isinstance(around, ast.Dict)
        table = around
        at = next(it for it, other in zip(around.keys, around.values, strict=True) if other is value and it is not None)
        entry = f"{file.text(at)[0]}{key}{file.text(at)[0]}: {text}"
    assert isinstance(table, ast.Dict | ast.Call)
    start = file.offset(table.lineno, table.col_offset)
    end = file.offset(value.end_lineno or 0, value.end_col_offset or 0)
    line_end = file.line_end(value.end_lineno or 0)
    rest = file.utf8[end:line_end].strip()
    comma = rest.startswith(b",")
    alone = file.utf8[file.line_starts[at.lineno - 1] : file.offset(at.lineno, at.col_offset)].isspace()
    parts = [file.utf8[start:end]]
    if alone and rest.lstrip(b", ")[:1] in (b"", b"#"):
        line = f"{file.newline}{file.indent(at.lineno)}{entry}{',' if comma else ''}"
        parts = [file.utf8[start:end], b"" if comma else b",", file.utf8[end:line_end], line.encode()]
        end = line_end
    else:
        parts.append(f", {entry}".encode())
    last = file.offset(table.end_lineno or 0, table.end_col_offset or 0)
    return file.span(table), b"".join([*parts, file.utf8[end:last]]).decode()
