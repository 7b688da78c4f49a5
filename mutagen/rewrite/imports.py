"""Missing imports, each added once and where the owner would put it: beside its kind.

LibCST's visitor writes the statement (and joins an existing ``from x import y``); only its place is chosen here, since
the visitor itself puts everything behind the last import of the head.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import libcst
from libcst.codemod import CodemodContext
from libcst.codemod.visitors import AddImportsVisitor

from mutagen.records.plan import Import
from mutagen.source.file import SourceFile

_DOTS = re.compile(rb"^(from\s+)\.+")
_Statement = ast.Import | ast.ImportFrom


def with_imports(file: SourceFile, text: bytes, imports: Sequence[Import]) -> bytes:
    """The text with the imports added to its head."""
    for it in dict.fromkeys(imports):
        text = _with_import(SourceFile(file.path, text, "utf-8", text), it)
    return text


def _with_import(file: SourceFile, wanted: Import) -> bytes:
    statements = [it for it in file.tree.body if isinstance(it, _Statement)]
    twin = next((it for it in statements if _joins(it, wanted)), None)
    if twin is not None:
        start, end = file.offset(twin.lineno, twin.col_offset), file.line_end(twin.end_lineno or twin.lineno)
        return file.utf8[:start] + _written(file.utf8[start:end], wanted) + file.utf8[end:]
    at = _place(file, statements, wanted)
    line = _written(b"", wanted).strip() + file.newline.encode() * (
        2 if _opens_group(file, statements, wanted, at) else 1
    )
    if _closes_group(file, statements, wanted, at):
        line = file.newline.encode() + line
    if file.utf8 and at == len(file.utf8) and not file.utf8.endswith((b"\n", b"\r")):
        line = file.newline.encode() + line
    return file.utf8[:at] + line + file.utf8[at:]


def _written(statement: bytes, wanted: Import) -> bytes:
    """An import statement, empty or not, with one more import."""
    context = CodemodContext()
    module = wanted.module.lstrip(".")
    level = len(wanted.module) - len(module)
    if statement and level:
        # LibCST joins no relative imports: the dots give way to a letter for the while.
        plain = replace(wanted, module=f"_{module}")
        written = _written(_DOTS.sub(rb"\1_", statement, count=1), plain)
        return written.replace(b"_", b"." * level, 1)
    AddImportsVisitor.add_needed_import(context, module, wanted.name, wanted.alias, level)
    return AddImportsVisitor(context).transform_module(libcst.parse_module(statement)).bytes


def _joins(statement: _Statement, wanted: Import) -> bool:
    """Whether the wanted name can be added to an existing ``from`` statement."""
    if not isinstance(statement, ast.ImportFrom) or wanted.name is None:
        return False
    star = any(alias.name == "*" for alias in statement.names)
    return not star and "." * statement.level + (statement.module or "") == wanted.module


def _place(file: SourceFile, statements: Sequence[_Statement], wanted: Import) -> int:
    """Offset of the line where the statement goes."""
    kind = _kind(wanted.module)
    same = [it for it in statements if _kind(_origin(it)) == kind]
    if wanted == Import(wanted.file, "torch") and same:
        return file.line_starts[same[0].lineno - 1]
    if same and wanted.name is None and wanted.alias is None and kind == "standard":
        plain = [it for it in same if isinstance(it, ast.Import)]
        return _behind(file, plain[-1]) if plain else file.line_starts[same[0].lineno - 1]
    if same:
        return _behind(file, same[-1])
    ordinary = [it for it in statements if _origin(it) != "__future__"]
    if kind == "standard" and ordinary:
        return file.line_starts[ordinary[0].lineno - 1]
    if statements:
        return _behind(file, statements[-1])
    first = file.tree.body[0] if file.tree.body else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        return _behind(file, first)
    return file.line_starts[first.lineno - 1] if first is not None else len(file.utf8)


def _opens_group(file: SourceFile, statements: Sequence[_Statement], wanted: Import, at: int) -> bool:
    """Whether the import is the first of the standard library and stands right above imports of another kind."""
    if _kind(wanted.module) != "standard" or any(_kind(_origin(it)) == "standard" for it in statements):
        return False
    return any(file.line_starts[it.lineno - 1] == at for it in statements)


def _closes_group(file: SourceFile, statements: Sequence[_Statement], wanted: Import, at: int) -> bool:
    """Whether the import is the first of the project's own, right below others, in a file that parts its groups."""
    kind = _kind(wanted.module)
    if kind in ("standard", "torch", "future") or any(_kind(_origin(it)) == kind for it in statements):
        return False
    above = [it for it in statements if _behind(file, it) <= at]
    mixed = any(
        _kind(_origin(one)) != _kind(_origin(two)) and two.lineno == (one.end_lineno or one.lineno) + 1
        for one, two in pairwise(above)
    )
    return bool(above) and _behind(file, above[-1]) == at and not mixed


def _kind(module: str) -> str:
    """What an import is put beside: other imports of torch, of the standard library, of the own package."""
    top = module.partition(".")[0]
    if module == "__future__":
        return "future"
    if module.startswith("."):
        return "own"
    return "standard" if top in sys.stdlib_module_names else top


def _origin(statement: _Statement) -> str:
    if isinstance(statement, ast.ImportFrom):
        return "." * statement.level + (statement.module or "")
    return statement.names[0].name


def _behind(file: SourceFile, statement: ast.stmt) -> int:
    line = statement.end_lineno or statement.lineno
    return file.line_starts[line] if line < len(file.line_starts) else len(file.utf8)
