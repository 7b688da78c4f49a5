"""Finds catalogue blocks that stand in the user's source already, whatever they are called there.

A class is a block if both are the same syntax tree once what does not change the meaning is taken away: docstrings,
annotations, its own name, and the ways to write what it imports.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from mutagen.blocks.catalogue import Names, load_blocks, render
from mutagen.errors import TargetError
from mutagen.records.trace import ClassInfo, Trace
from mutagen.source.file import read_source
from mutagen.source.names import canonical, imported_names, resolve

_IMPORTS: Mapping[str, str] = {
    "torch": "torch",
    "nn": "torch.nn",
    "F": "torch.nn.functional",
    "math": "math",
    "partial": "functools.partial",
}


@dataclass(frozen=True, slots=True)
class _Known:
    """A block's normal form, and the names any file that holds it must contain."""

    block: str
    form: str
    words: frozenset[bytes]


def standing_products(trace: Trace, read: Callable[[str], bytes]) -> Mapping[str, str]:
    """Instance path to block name, for each instance of a class that is structurally a catalogue block."""
    by_file: dict[str, set[ClassInfo]] = {}
    for instance in trace.instances:
        if instance.definition is not None and not instance.library:
            by_file.setdefault(instance.definition.file, set()).add(instance.definition)
    blocks: dict[ClassInfo, str] = {}
    for file, classes in by_file.items():
        blocks.update(_blocks_in(file, classes, read))
    return {it.path: blocks[it.definition] for it in trace.instances if it.definition in blocks}


def warm_up() -> None:
    """Do what every look for products needs, while there is time."""
    _known()


def block_of(source: bytes, qualname: str, line: int = 0) -> str | None:
    """The block that a class of a file is, or None."""
    info = ClassInfo(qualname.rpartition(".")[2], qualname, "", "<source>", line, ())
    return _blocks_in("<source>", {info}, lambda _: source).get(info)


def _blocks_in(file: str, classes: set[ClassInfo], read: Callable[[str], bytes]) -> dict[ClassInfo, str]:
    try:
        raw = read(file)
        possible = [known for known in _known() if all(word in raw for word in known.words)]
        if not possible:
            return {}
        source = read_source(file, raw)
        names, body = imported_names(source), source.tree.body
    except (OSError, TargetError):  # a class from an interactive session has no file to look at
        return {}
    found: dict[ClassInfo, str] = {}
    for info in classes:
        nodes = list(_definitions(body, [part for part in info.qualname.split(".") if part != "<locals>"]))
        node = min(nodes, key=lambda it: abs(_first_line(it) - info.line), default=None)
        form = _normal_form(node, names) if node else None
        found.update([(info, known.block) for known in possible if known.form == form])
    return found


@cache
def _known() -> tuple[_Known, ...]:
    known: list[_Known] = []
    for block in load_blocks().values():
        if block.kind == "function":
            continue
        node = ast.parse(render(block, Names(), block.name)).body[0]
        assert isinstance(node, ast.ClassDef)
        stored = (it for it in ast.walk(node) if isinstance(it, ast.Attribute) and isinstance(it.ctx, ast.Store))
        words = frozenset(it.attr.encode() for it in stored)
        known.append(_Known(block.name, _normal_form(node, _IMPORTS), words))
    return tuple(known)


def _definitions(body: list[ast.stmt], parts: list[str]) -> Iterator[ast.ClassDef]:
    for statement in body:
        if isinstance(statement, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            if statement.name == parts[0]:
                if len(parts) > 1:
                    yield from _definitions(statement.body, parts[1:])
                elif isinstance(statement, ast.ClassDef):
                    yield statement
        else:
            for field in ("body", "orelse", "finalbody", "handlers"):
                yield from _definitions(getattr(statement, field, []), parts)


def _first_line(node: ast.ClassDef) -> int:
    return min([node.lineno, *(it.lineno for it in node.decorator_list)])


def _normal_form(node: ast.ClassDef, names: Mapping[str, str]) -> str:
    own = node.name
    copy = ast.parse(ast.unparse(node)).body[0]
    assert isinstance(copy, ast.ClassDef)
    copy.name = "_"
    bound = {it.arg for it in ast.walk(node) if isinstance(it, ast.arg)}
    bound |= {it.id for it in ast.walk(node) if isinstance(it, ast.Name) and isinstance(it.ctx, ast.Store)}
    free = {name: origin for name, origin in names.items() if name not in bound}  # a parameter hides an import
    return ast.dump(_Normalise(own, free).visit(copy))


class _Normalise(ast.NodeTransformer):
    """Takes away what does not change the meaning of a class."""

    def __init__(self, own: str, names: Mapping[str, str]) -> None:
        self.own = own
        self.names = names

    def visit(self, node: ast.AST) -> ast.AST:
        """Rewrite one node and what is below it."""
        if isinstance(node, ast.Name | ast.Attribute):
            return self._name(node)
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = _without_docstring(node.body)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.returns = None
        if isinstance(node, ast.arg):
            node.annotation = None
        if isinstance(node, ast.AnnAssign) and node.value is not None:
            node = ast.Assign([node.target], node.value)
        return self.generic_visit(node)

    def _name(self, node: ast.Name | ast.Attribute) -> ast.AST:
        origin = resolve(node, self.names)
        if origin is not None:
            return ast.Name(canonical(origin), ast.Load())
        if isinstance(node, ast.Name):
            return ast.Name("_" if node.id == self.own else node.id, node.ctx)
        return self.generic_visit(node)


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    first = body[0]
    is_docstring = (
        isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    )
    return (body[1:] or [ast.Pass()]) if is_docstring else body
