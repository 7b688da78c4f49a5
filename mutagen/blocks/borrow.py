"""The text of a borrowed class: what of its file it needs, with the comment at the top of that file."""

from __future__ import annotations

import ast
import builtins
import symtable
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from mutagen.errors import Place, RuleError
from mutagen.records.blocks import Borrowed
from mutagen.records.plan import Import
from mutagen.source.file import SourceFile, read_source
from mutagen.source.names import all_imports, canonical, imported_names, top_level_names

_Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
_LEGAL: Final = ("copyright", "licen", "(c)", "©")
_WIDTH: Final = 96

Read = Callable[[str], bytes]


@dataclass(frozen=True)
class Piece:
    """One statement of another file, with the comment above it: the names that it binds, its text, its tree."""

    names: tuple[str, ...]
    text: str
    tree: ast.stmt


@dataclass(frozen=True)
class Loan:
    """What a class needs of its file, itself last: ``head`` are comment lines, ``imports`` are for no file yet."""

    head: str
    pieces: tuple[Piece, ...]
    imports: tuple[Import, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that it binds, those of imports left out."""
        return tuple(name for piece in self.pieces for name in piece.names)


@dataclass
class _Taking:
    """What was found to be needed so far, by file and line."""

    borrowed: Borrowed
    read: Read
    pieces: dict[tuple[int, int], Piece] = field(default_factory=dict)
    imports: dict[Import, tuple[int, int]] = field(default_factory=dict)
    files: list[SourceFile] = field(default_factory=list)


def loan_of(borrowed: Borrowed, read: Read = lambda path: Path(path).read_bytes()) -> Loan:
    """What is copied for a class; raises RuleError R141 where it is not there, R142 where it cannot stand alone."""
    file = read_source(borrowed.file, read(borrowed.file))
    taking = _Taking(borrowed, read)
    wanted = _statements(file).get(borrowed.name)
    if not isinstance(wanted, ast.ClassDef):
        raise RuleError("R141", f"there is no class {borrowed.name} at the top level of {borrowed.shown}")
    _take(file, wanted, taking)
    ordered = [piece for _, piece in sorted(taking.pieces.items(), key=lambda it: (-it[0][0], it[0][1]))]
    last = next(it for it in ordered if borrowed.name in it.names and isinstance(it.tree, ast.ClassDef))
    return Loan(_head(borrowed, taking.files), (*(it for it in ordered if it is not last), last), _imports(taking))


def fitting(loan: Loan, file: SourceFile) -> frozenset[str] | None:
    """The names of a loan that a file has already, in the same words; None where it calls something else so."""
    have = imported_names(file)
    for it in loan.imports:
        name = it.alias or it.name or it.module.partition(".")[0]
        origin = f"{it.module}.{it.name}" if it.name else it.module if it.alias else name
        if name in top_level_names(file) and canonical(have.get(name, "")) != canonical(origin):
            return None
    there: set[str] = set()
    known = _statements(file)
    for piece in loan.pieces:
        for name in piece.names:
            if name in known and _meaning(known[name]) != _meaning(piece.tree):
                return None
            if name in known:
                there.add(name)
    return frozenset(there)


def _meaning(statement: ast.stmt) -> str:
    return ast.dump(ast.parse(ast.unparse(statement)))


def renamed(loan: Loan, old: str, new: str) -> Loan:
    """The loan with its class under another name."""
    return loan if old == new else replace(loan, pieces=tuple(_renamed(it, old, new) for it in loan.pieces))


def _renamed(piece: Piece, old: str, new: str) -> Piece:
    tree = ast.parse(piece.text)
    spots = [(it.lineno, it.col_offset) for it in ast.walk(tree) if isinstance(it, ast.Name) and it.id == old]
    spots += [(it.lineno, it.col_offset + 6) for it in tree.body if isinstance(it, ast.ClassDef) and it.name == old]
    lines = [line.encode() for line in piece.text.split("\n")]
    for line, column in sorted(spots, reverse=True):
        whole = lines[line - 1]
        at = whole.index(old.encode(), column)
        lines[line - 1] = whole[:at] + new.encode() + whole[at + len(old.encode()) :]
    text = b"\n".join(lines).decode()
    names = tuple(new if it == old else it for it in piece.names)
    return Piece(names, text, ast.parse(text).body[0])


def _take(file: SourceFile, statement: ast.stmt, taking: _Taking) -> None:
    """Note a statement and all that it reads of its file."""
    if file not in taking.files:
        taking.files.append(file)
    key = (taking.files.index(file), statement.lineno)
    if key in taking.pieces:
        return
    taking.pieces[key] = Piece(tuple(_bound(statement)), _text(file, statement), statement)
    known = _statements(file)
    for name in _read_names(statement):
        made = known.get(name)
        if isinstance(made, ast.Import | ast.ImportFrom):
            _take_import(file, made, name, taking)
        elif made is not None:
            _take(file, made, taking)
        elif not hasattr(builtins, name) and _stars(file):
            raise _alone(taking, file, statement, f"it reads {name}, which comes from `import *`")


def _imports(taking: _Taking) -> tuple[Import, ...]:
    """What is imported, in the order of the files."""
    return tuple(sorted(taking.imports, key=lambda it: taking.imports[it]))


def _take_import(file: SourceFile, statement: ast.Import | ast.ImportFrom, name: str, taking: _Taking) -> None:
    place = (taking.files.index(file) if file in taking.files else len(taking.files), statement.lineno)
    alias = next(it for it in statement.names if (it.asname or it.name.partition(".")[0]) == name)
    if isinstance(statement, ast.Import):
        if alias.asname is None and "." in alias.name:
            taking.imports.setdefault(Import("", alias.name), place)
        else:
            taking.imports.setdefault(Import("", alias.name, None, alias.asname), place)
        return
    local = _local_file(file, statement)
    if local is None and statement.level:
        raise _alone(taking, file, statement, f"it needs {name}, from another file that was not found")
    if local is None:
        taking.imports.setdefault(Import("", statement.module or "", alias.name, alias.asname), place)
        return
    other = read_source(str(local), taking.read(str(local)))
    made = _statements(other).get(alias.name)
    if made is None or alias.asname is not None:
        raise _alone(taking, file, statement, f"it needs {name}, which {local.name} does not define by that name")
    if isinstance(made, ast.Import | ast.ImportFrom):
        _take_import(other, made, alias.name, taking)
    else:
        _take(other, made, taking)


def _local_file(file: SourceFile, statement: ast.ImportFrom) -> Path | None:
    """The file beside another one, or further up in its package, from which a statement imports."""
    here = Path(file.path).parent
    parts = (statement.module or "").split(".") if statement.module else []
    tops = [here]
    if statement.level:
        tops = [here.parents[statement.level - 2] if statement.level > 1 else here]
    else:
        while (tops[-1] / "__init__.py").exists():
            tops.append(tops[-1].parent)
    for top in tops:
        for found in (top.joinpath(*parts).with_suffix(".py") if parts else None, top.joinpath(*parts, "__init__.py")):
            if found is not None and found.is_file():
                return found
    return None


def _alone(taking: _Taking, file: SourceFile, statement: ast.stmt, why: str) -> RuleError:
    place = Place(file.path, statement.lineno, statement.col_offset + 1)
    message = f"{taking.borrowed.name} cannot be copied: {why}"
    return RuleError("R142", message, place=place, hint="import it instead: how: import")


def _statements(file: SourceFile) -> Mapping[str, ast.stmt]:
    """The statement that gives each name at the top level its value; of several, the last."""
    return {name: statement for statement in file.tree.body for name in _bound(statement)}


def _bound(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, _Definition):
        yield statement.name
    elif isinstance(statement, ast.Import | ast.ImportFrom):
        yield from all_imports(statement)
    elif isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
        yield from (it.id for it in ast.walk(statement) if isinstance(it, ast.Name) and isinstance(it.ctx, ast.Store))
    elif isinstance(statement, ast.If | ast.Try):
        for inner in ast.walk(statement):
            if isinstance(inner, ast.Import | ast.ImportFrom):
                yield from all_imports(inner)
            elif isinstance(inner, _Definition):
                yield inner.name
            elif isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
                yield inner.id


def _read_names(statement: ast.stmt) -> list[str]:
    """Names that a statement reads and does not bind itself."""
    whole = symtable.symtable(ast.unparse(statement), "<borrowed>", "exec")
    return list(dict.fromkeys(_globals(whole)))


def _globals(table: symtable.SymbolTable) -> Iterator[str]:
    outermost = table.get_type() == "module"
    yield from (it.get_name() for it in table.get_symbols() if it.is_referenced() and (outermost or it.is_global()))
    for inner in table.get_children():
        yield from _globals(inner)


def _stars(file: SourceFile) -> bool:
    return any(isinstance(it, ast.ImportFrom) and it.names[0].name == "*" for it in file.tree.body)


def _text(file: SourceFile, statement: ast.stmt) -> str:
    """A statement with its decorators and the comment right above it, with plain line ends."""
    decorators = getattr(statement, "decorator_list", [])
    line: int = min([statement.lineno, *(it.lineno for it in decorators)])
    lines = file.utf8.decode().replace("\r\n", "\n").split("\n")
    first_code = min((it.lineno for it in file.tree.body), default=1)
    while line > first_code and lines[line - 2].startswith("#"):
        line -= 1
    return "\n".join(lines[line - 1 : statement.end_lineno or statement.lineno]).expandtabs(4)


def _head(borrowed: Borrowed, files: Sequence[SourceFile]) -> str:
    """Where the class comes from, and what the files say of rights at their top."""
    said = dict.fromkeys(line for file in files for line in _rights(file))
    origin = borrowed.shown.rpartition(":")[0]
    return "\n".join([f"# {borrowed.name} is from {origin}.", *(["#", *said] if said else [])])


def _rights(file: SourceFile) -> list[str]:
    lines = file.utf8.decode().replace("\r\n", "\n").split("\n")
    top: list[str] = []
    for number, line in enumerate(lines):
        if not line.startswith("#"):
            break
        if not (number < 2 and (line.startswith("#!") or "coding" in line)):
            top.append(line.rstrip())
    doc = ast.get_docstring(file.tree) or ""
    if not top and any(word in doc.lower() for word in _LEGAL):
        top = [f"# {line}".rstrip() for line in doc.split("\n")]
    return top
