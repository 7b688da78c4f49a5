"""Missing imports, each added once and where the owner would put it: beside its kind, or in its ``from``."""

from __future__ import annotations

import ast
import sys
from collections.abc import Sequence
from itertools import pairwise

from mutagen.records.plan import Import
from mutagen.source.file import SourceFile

_Statement = ast.Import | ast.ImportFrom


def with_imports(file: SourceFile, text: bytes, imports: Sequence[Import]) -> bytes:
    """The text with the imports added to its head."""
    for it in dict.fromkeys(imports):
        text = _with_import(SourceFile(file.path, text, "utf-8", text), it)
    return text


def _with_import(file: SourceFile, wanted: Import) -> bytes:
    statements = [it for it in file.tree.body if isinstance(it, _Statement)]
    twin = next((it for it in statements if isinstance(it, ast.ImportFrom) and _joins(it, wanted)), None)
    if twin is not None:
        return _joined(file, twin, wanted)
    at = _place(file, statements, wanted)
    line = statement_of(wanted).encode() + file.newline.encode() * (
        2 if _opens_group(file, statements, wanted, at) else 1
    )
    if _closes_group(file, statements, wanted, at):
        line = file.newline.encode() + line
    if file.utf8 and at == len(file.utf8) and not file.utf8.endswith((b"\n", b"\r")):
        line = file.newline.encode() + line
    return file.utf8[:at] + line + file.utf8[at:]


def _joined(file: SourceFile, statement: ast.ImportFrom, wanted: Import) -> bytes:
    """The text with a name more in a ``from`` statement, unless it stands there."""
    if any((it.name, it.asname) == (wanted.name, wanted.alias) for it in statement.names):
        return file.utf8
    ranks = [_rank(it.name) for it in statement.names]
    own = _rank(wanted.name or "")
    ordered = ranks == sorted(ranks)
    later = next((it for it, rank in zip(statement.names, ranks, strict=True) if rank > own or not ordered), None)
    rows = {it.lineno for it in statement.names}
    apart = f"{file.newline}{file.indent(max(rows))}" if len(rows) == len(statement.names) > 1 else " "
    if later is not None:
        at = file.offset(later.lineno, later.col_offset)
        return file.utf8[:at] + f"{_imported(wanted)},{apart}".encode() + file.utf8[at:]
    last = statement.names[-1]
    at = file.offset(last.end_lineno or last.lineno, last.end_col_offset or 0)
    return file.utf8[:at] + f",{apart}{_imported(wanted)}".encode() + file.utf8[at:]


def _rank(name: str) -> tuple[int, str]:
    """The place of a name among others as isort has it: constants, then classes, then the rest."""
    return (0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2), name


def statement_of(wanted: Import) -> str:
    """The statement that makes an import."""
    return f"from {wanted.module} import {_imported(wanted)}" if wanted.name else f"import {_imported(wanted)}"


def _imported(wanted: Import) -> str:
    return (wanted.name or wanted.module) + (f" as {wanted.alias}" if wanted.alias else "")


def _joins(statement: ast.ImportFrom, wanted: Import) -> bool:
    """Whether the wanted name can be added to an existing ``from`` statement."""
    if wanted.name is None:
        return False
    star = any(alias.name == "*" for alias in statement.names)
    return not star and "." * statement.level + (statement.module or "") == wanted.module


def _place(file: SourceFile, statements: Sequence[_Statement], wanted: Import) -> int:
    """Offset of the line where the statement goes."""
    kind = _kind(wanted.module)
    same = [it for it in statements if _kind(origin_of(it)) == kind]
    if wanted == Import(wanted.file, "torch") and same:
        return file.line_starts[same[0].lineno - 1]
    if same and wanted.name is None and wanted.alias is None and kind == "standard":
        plain = [it for it in same if isinstance(it, ast.Import)]
        return _among(file, plain, wanted.module) if plain else file.line_starts[same[0].lineno - 1]
    parts = [it for it in same if isinstance(it, ast.ImportFrom)]
    least = 1 if kind == "standard" else 2  # one alone says nothing of an order
    if wanted.name is not None and kind != "torch" and len(parts) >= least:
        return _among(file, parts, wanted.module)
    if same:
        return behind(file, same[-1])
    ordinary = [it for it in statements if origin_of(it) != "__future__"]
    if kind == "standard" and ordinary:
        return file.line_starts[ordinary[0].lineno - 1]
    if statements:
        return behind(file, statements[-1])
    first = file.tree.body[0] if file.tree.body else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        return behind(file, first)
    return file.line_starts[first.lineno - 1] if first is not None else len(file.utf8)


def _among(file: SourceFile, alike: Sequence[_Statement], module: str) -> int:
    """Where a module goes among the imports of its kind: in the order of the alphabet where they have it, else last."""
    names = [origin_of(it) for it in alike]
    later = [it for it, name in zip(alike, names, strict=True) if name > module and names == sorted(names)]
    return file.line_starts[later[0].lineno - 1] if later else behind(file, alike[-1])


def _opens_group(file: SourceFile, statements: Sequence[_Statement], wanted: Import, at: int) -> bool:
    """Whether the import is the first of the standard library and stands right above imports of another kind."""
    if _kind(wanted.module) != "standard" or any(_kind(origin_of(it)) == "standard" for it in statements):
        return False
    return any(file.line_starts[it.lineno - 1] == at for it in statements)


def _closes_group(file: SourceFile, statements: Sequence[_Statement], wanted: Import, at: int) -> bool:
    """Whether the import is the first of the project's own, right below others, in a file that parts its groups."""
    kind = _kind(wanted.module)
    if kind in ("standard", "torch", "future") or any(_kind(origin_of(it)) == kind for it in statements):
        return False
    above = [it for it in statements if behind(file, it) <= at]
    mixed = any(
        _kind(origin_of(one)) != _kind(origin_of(two)) and two.lineno == (one.end_lineno or one.lineno) + 1
        for one, two in pairwise(above)
    )
    return bool(above) and behind(file, above[-1]) == at and not mixed


def _kind(module: str) -> str:
    """What an import is put beside: other imports of torch, of the standard library, of the own package."""
    top = module.partition(".")[0]
    if module == "__future__":
        return "future"
    if module.startswith("."):
        return "own"
    return "standard" if top in sys.stdlib_module_names else top


def origin_of(statement: _Statement) -> str:
    """The module that a statement imports or imports from, as written."""
    if isinstance(statement, ast.ImportFrom):
        return "." * statement.level + (statement.module or "")
    return statement.names[0].name


def behind(file: SourceFile, statement: ast.stmt) -> int:
    """Offset of the line behind a statement."""
    line = statement.end_lineno or statement.lineno
    return file.line_starts[line] if line < len(file.line_starts) else len(file.utf8)
