"""Sources with their imports led to copies of library modules, and the text of such a copy."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from mutagen.errors import Place, TargetError
from mutagen.records.plan import Import
from mutagen.records.vendor import Copied, Reference
from mutagen.rewrite.imports import behind, origin_of, statement_of, with_imports
from mutagen.source.file import SourceFile, position
from mutagen.source.imports_of import absolute
from mutagen.source.names import dotted

_Patch = tuple[int, int, str]


@dataclass
class _Changes:
    """What becomes of one source: patches of its bytes, and imports to add at its head."""

    file: SourceFile
    patches: list[_Patch] = field(default_factory=list)
    imports: list[Import] = field(default_factory=list)

    def text(self) -> bytes:
        text = self.file.utf8
        for start, end, new in sorted(set(self.patches), reverse=True):
            text = text[:start] + new.encode() + text[end:]
        return with_imports(self.file, text, self.imports)


def led_to_copies(file: SourceFile, references: Sequence[Reference], copies: Mapping[str, Copied]) -> bytes:
    """One of the project's sources that takes from the copies what it took from the library."""
    changes = _Changes(file)
    _lead(changes, references, copies)
    _leave_out_unused(changes, references)
    return changes.text()


def _leave_out_unused(changes: _Changes, references: Sequence[Reference]) -> None:
    """Drop ``import package`` where all that reached through it is led to copies."""
    file = changes.file
    led = {(it.at.line, it.at.column): it.at for it in references}
    names = [it for it in ast.walk(file.tree) if isinstance(it, ast.Name)]
    gone = {it.id for it in names if (it.lineno, it.col_offset) in led}
    gone -= {it.id for it in names if (it.lineno, it.col_offset) not in led}
    for node in file.tree.body:
        if isinstance(node, ast.Import) and len(node.names) == 1:
            alias = node.names[0]
            if (alias.asname or alias.name.partition(".")[0]) in gone:
                changes.patches.append((file.offset(node.lineno, 0), behind(file, node), ""))


def copy_text(
    file: SourceFile, references: Sequence[Reference], copies: Mapping[str, Copied], *, head: str
) -> tuple[bytes, tuple[str, ...]]:
    """The text of a copy, and the decorators left out of it.

    Its relative imports are written in full, ``head`` says where it comes from; what would enter it in a registry of
    the library a second time is left out.
    """
    own = copies[file.path]
    changes = _Changes(file)
    dropped = list(_registrations(file))
    for decorator in dropped:
        start = file.line_starts[decorator.lineno - 1]
        changes.patches.append((start, file.line_starts[decorator.end_lineno or decorator.lineno], ""))
    _lead(changes, references, copies, own=own, unused=_only_in(file, dropped))
    text = changes.text()
    at = _behind_shebang(text)
    comment = text[at:].startswith(b"#")
    newline = file.newline
    text = text[:at] + f"# {head}{newline}{'#' + newline if comment else newline}".encode() + text[at:]
    return text, tuple(dict.fromkeys(file.text(it) for it in dropped))


def _lead(
    changes: _Changes,
    references: Sequence[Reference],
    copies: Mapping[str, Copied],
    *,
    own: Copied | None = None,
    unused: frozenset[str] = frozenset(),
) -> None:
    file = changes.file
    here = {(it.at.line, it.at.column, it.at.end_line, it.at.end_column): it for it in references}
    for node in ast.walk(file.tree):
        if isinstance(node, ast.ImportFrom):
            led = {id(alias): here[key] for alias in node.names if (key := position(alias)) in here}
            gone = {id(alias) for alias in node.names if (alias.asname or alias.name) in unused}
            if led or gone or (own is not None and node.level):
                _statement(changes, node, led, gone, copies, own)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if (found := here.get(position(alias))) is not None:
                    _whole_module(changes, node, alias, copies[found.home])
        elif isinstance(node, ast.Attribute) and (found := here.get(position(node))) is not None:
            _expression(changes, node, copies[found.home])


def _statement(
    changes: _Changes,
    node: ast.ImportFrom,
    led: Mapping[int, Reference],
    gone: set[int],
    copies: Mapping[str, Copied],
    own: Copied | None,
) -> None:
    """A ``from`` statement: what is led elsewhere leaves it and gets a statement of its own."""
    file = changes.file
    homes = {it.home for it in led.values() if it.name is not None}
    if (
        len(homes) == 1
        and all(id(it) in led and led[id(it)].name for it in node.names)
        and node.lineno != node.end_lineno
    ):
        changes.patches.append((*_origin(file, node), copies[homes.pop()].imported_as))
        return
    added = [statement_of(_import(file, it, led[id(it)], copies)) for it in node.names if id(it) in led]
    statements = f"{file.newline}{' ' * node.col_offset}".join(_joined(added))
    rest = [it for it in node.names if id(it) not in led and id(it) not in gone]
    start, end = file.offset(node.lineno, node.col_offset), _end(file, node)
    if not rest:
        whole = statements or node.col_offset
        changes.patches.append((start, end if whole else behind(file, node), statements or "pass" if whole else ""))
        return
    if own is not None and node.level:
        changes.patches.append((*_origin(file, node), absolute(origin_of(node), own.module, own.is_package)))
    changes.patches += _without(file, node, {*led, *gone})
    if statements:
        changes.patches.append((end, end, f"{file.newline}{' ' * node.col_offset}{statements}"))


def _joined(statements: Sequence[str]) -> list[str]:
    """Statements that take several names from one module put together."""
    found: dict[str, list[str]] = {}
    for it in statements:
        origin, _, name = it.partition(" import ")
        found.setdefault(origin, []).append(name)
    return [f"{origin} import {', '.join(names)}" if names[0] else origin for origin, names in found.items()]


def _import(file: SourceFile, alias: ast.alias, reference: Reference, copies: Mapping[str, Copied]) -> Import:
    copied = copies[reference.home]
    if reference.name is not None:
        return Import(file.path, copied.imported_as, alias.name, alias.asname)
    return _module_import(file, copied, alias.asname or alias.name)


def _module_import(file: SourceFile, copied: Copied, bound: str) -> Import:
    """The import of a copy as a module that goes by the name ``bound``."""
    outer, _, last = copied.imported_as.rpartition(".")
    alias = bound if bound != last else None
    if outer or copied.imported_as.startswith("."):
        return Import(file.path, outer or ".", last, alias)
    return Import(file.path, last, None, alias)


def _whole_module(changes: _Changes, node: ast.Import, alias: ast.alias, copied: Copied) -> None:
    """``import package.module as name``: it names the copy then."""
    file = changes.file
    wanted = _module_import(file, copied, alias.asname or alias.name)
    if len(node.names) > 1:
        hint = "give each module an import statement of its own"
        place = Place(file.path, node.lineno, node.col_offset + 1)
        raise TargetError(
            "T221", "one statement imports several modules, one of which is to be copied", place=place, hint=hint
        )
    changes.patches.append((file.offset(node.lineno, node.col_offset), _end(file, node), statement_of(wanted)))


def _expression(changes: _Changes, node: ast.Attribute, copied: Copied) -> None:
    """``models.resnet18``: the name alone, which is imported from the copy."""
    file = changes.file
    start, end = file.offset(node.lineno, node.col_offset), _end(file, node)
    if node.attr not in _bound(file):
        changes.patches.append((start, end, node.attr))
        changes.imports.append(Import(file.path, copied.imported_as, node.attr))
        return
    last = copied.imported_as.rpartition(".")[2]
    if last in _bound(file):
        hint = f"give the name {last} or {node.attr} in this file to nothing else"
        place = Place(file.path, node.lineno, node.col_offset + 1)
        raise TargetError(
            "T221", f"there is no free name by which to import {node.attr} from a copy", place=place, hint=hint
        )
    changes.patches.append((start, end, f"{last}.{node.attr}"))
    changes.imports.append(_module_import(file, copied, last))


def _bound(file: SourceFile) -> frozenset[str]:
    """Every name that a file binds or reads on its own."""
    found: set[str] = set()
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.alias):
            found.add(node.asname or node.name.partition(".")[0])
    return frozenset(found)


def _registrations(file: SourceFile) -> Iterator[ast.expr]:
    """The decorators that enter a function or class in a registry."""
    for node in ast.walk(file.tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            for decorator in node.decorator_list:
                name = dotted(decorator.func if isinstance(decorator, ast.Call) else decorator) or ""
                if name.rpartition(".")[2].startswith("register"):
                    yield decorator


def _only_in(file: SourceFile, decorators: Sequence[ast.expr]) -> frozenset[str]:
    """The names that are read in these decorators alone."""
    inside = [it.id for decorator in decorators for it in ast.walk(decorator) if isinstance(it, ast.Name)]
    everywhere = [it.id for it in ast.walk(file.tree) if isinstance(it, ast.Name)]
    return frozenset(name for name in inside if inside.count(name) == everywhere.count(name))


def _without(file: SourceFile, node: ast.ImportFrom, leaving: set[int]) -> Iterator[_Patch]:
    """Patches that take names out of a statement in which others stay, each with the comma beside it."""
    names = node.names
    staying = [index for index, it in enumerate(names) if id(it) not in leaving]
    for index, alias in enumerate(names):
        if id(alias) not in leaving:
            continue
        if index < staying[-1]:
            yield _start(file, alias), _start(file, names[index + 1]), ""
        else:
            yield _end(file, names[index - 1]), _end(file, alias), ""


def _origin(file: SourceFile, node: ast.ImportFrom) -> tuple[int, int]:
    """Where the module of a ``from`` statement is written."""
    start = file.offset(node.lineno, node.col_offset)
    text = file.utf8[start : _start(file, node.names[0])]
    at = len(b"from") + len(text[len(b"from") :]) - len(text[len(b"from") :].lstrip(b" \t\\\r\n"))
    end = at
    while end < len(text) and text[end : end + 1] not in b" \t\\\r\n(":
        end += 1
    return start + at, start + end


def _start(file: SourceFile, node: ast.alias) -> int:
    return file.offset(node.lineno, node.col_offset)


def _end(file: SourceFile, node: ast.alias | ast.expr | ast.stmt) -> int:
    return file.offset(node.end_lineno or node.lineno, node.end_col_offset or 0)


def _behind_shebang(text: bytes) -> int:
    """Offset behind the lines that have to be the first of a file."""
    at = 0
    for _ in range(2):
        line = text[at : text.find(b"\n", at) + 1]
        if line.startswith(b"#!") or (line.startswith(b"#") and b"coding" in line):
            at += len(line)
    return at
