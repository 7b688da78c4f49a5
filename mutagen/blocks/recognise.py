"""Finds catalogue blocks that stand in the user's source already, whatever they are called there.

A class is a block if both are the same syntax tree once what does not change the meaning is taken away: docstrings,
annotations, its own name, and the ways to write what it imports.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from mutagen.blocks.borrow import loan_of
from mutagen.blocks.catalogue import Names, load_blocks, render
from mutagen.blocks.text import Blocks, class_of, uses_of
from mutagen.errors import TargetError
from mutagen.records.blocks import Block
from mutagen.records.trace import ClassInfo, Trace
from mutagen.source.file import SourceFile, read_source
from mutagen.source.names import canonical, imported_names, resolve

_IMPORTS: Mapping[str, str] = {
    "torch": "torch",
    "nn": "torch.nn",
    "F": "torch.nn.functional",
    "math": "math",
    "partial": "functools.partial",
}
_BLOCK = "block of mutagen"


@dataclass(frozen=True, slots=True)
class _Known:
    """A block's normal form, the names any file that holds it must contain, and the blocks that its class names."""

    block: str
    form: str
    words: frozenset[bytes]
    uses: tuple[str, ...] = ()


def standing_products(
    trace: Trace, read: Callable[[str], bytes], blocks: Blocks = MappingProxyType({})
) -> Mapping[str, str]:
    """Instance path to block name, for each instance of a class that is structurally a block.

    Blocks of the catalogue are known, and ``blocks``.
    """
    by_file: dict[str, set[ClassInfo]] = {}
    for instance in trace.instances:
        if instance.definition is not None and not instance.library:
            by_file.setdefault(instance.definition.file, set()).add(instance.definition)
    found: dict[ClassInfo, str] = {}
    known = (*_known(), *_known_own(blocks))
    for rounds in _by_depth(known):  # what is composed of others is found when these are
        for file, classes in by_file.items():
            found.update(_blocks_in(file, classes - found.keys(), read, rounds, dict(found)))
    return {it.path: found[it.definition] for it in trace.instances if it.definition in found}


def _by_depth(known: Sequence[_Known]) -> Iterator[list[_Known]]:
    left, done = list(known), set[str]()
    while left:
        ready = [it for it in left if done.issuperset(it.uses)] or left
        yield ready
        done.update(it.block for it in ready)
        left = [it for it in left if it not in ready]


def warm_up() -> None:
    """Do what every look for products needs, while there is time."""
    _known()


def block_of(source: bytes, qualname: str, line: int = 0) -> str | None:
    """The block that a class of a file is, or None."""
    info = ClassInfo(qualname.rpartition(".")[2], qualname, "", "<source>", line, ())
    return _blocks_in("<source>", {info}, lambda _: source, _known(), {}).get(info)


def _blocks_in(
    file: str,
    classes: set[ClassInfo],
    read: Callable[[str], bytes],
    wanted: Sequence[_Known],
    found: Mapping[ClassInfo, str],
) -> dict[ClassInfo, str]:
    """The classes of a file that are wanted blocks; ``found`` are classes that are known to be blocks."""
    try:
        raw = read(file)
        possible = [known for known in wanted if all(word in raw for word in known.words)]
        if not possible or not classes:
            return {}
        source = read_source(file, raw)
        names, body = {**imported_names(source), **_block_names(source, found)}, source.tree.body
    except (OSError, TargetError):  # a class from an interactive session has no file to look at
        return {}
    made: dict[ClassInfo, str] = {}
    for info in classes:
        nodes = list(_definitions(body, [part for part in info.qualname.split(".") if part != "<locals>"]))
        node = min(nodes, key=lambda it: abs(_first_line(it) - info.line), default=None)
        form = _normal_form(node, names) if node else None
        made.update([(info, known.block) for known in possible if known.form == form])
    return made


def _block_names(file: SourceFile, found: Mapping[ClassInfo, str]) -> dict[str, str]:
    """The names by which a file knows blocks, its own and those it imports."""
    names = {info.qualname: f"{_BLOCK}.{block}" for info, block in found.items() if info.file == file.path}
    for name, origin in imported_names(file).items():
        module, _, last = origin.rpartition(".")
        for info, block in found.items():
            if info.name == last and info.module.rpartition(".")[2] == module.rpartition(".")[2]:
                names[name] = f"{_BLOCK}.{block}"
    for it in file.tree.body:
        if isinstance(it, ast.FunctionDef) and _normal_form(it, imported_names(file)) in _functions():
            names[it.name] = f"{_BLOCK}.{_functions()[_normal_form(it, imported_names(file))]}"
    return names


@cache
def _known() -> tuple[_Known, ...]:
    blocks = load_blocks()
    return tuple(_known_as(block, blocks) for block in blocks.values() if block.kind != "function")


@cache
def _functions() -> Mapping[str, str]:
    """Normal forms of the functions of the catalogue."""
    found: dict[str, str] = {}
    for block in load_blocks().values():
        if block.kind == "function":
            node = ast.parse(render(block, Names(), block.name)).body[0]
            assert isinstance(node, ast.FunctionDef)
            found[_normal_form(node, _IMPORTS)] = block.name
    return found


def _known_own(blocks: Blocks) -> Iterator[_Known]:
    shipped = load_blocks()
    return (_known_as(block, blocks) for name, block in blocks.items() if shipped.get(name) is not block)


def _known_as(block: Block, blocks: Blocks) -> _Known:
    names: dict[str, str] = dict(_IMPORTS)
    if block.borrowed is not None:
        file = read_source(block.borrowed.file, Path(block.borrowed.file).read_bytes())
        copied = loan_of(block.borrowed).names if block.borrowed.how == "copy" else ()
        names = {name: origin for name, origin in imported_names(file).items() if name not in copied}
        node = next(iter(_definitions(file.tree.body, [block.borrowed.name])))
    else:
        node = class_of(block, blocks=blocks)
        names |= {blocks[it].written: f"{_BLOCK}.{it}" for it in uses_of(block)}
    stored = (it for it in ast.walk(node) if isinstance(it, ast.Attribute) and isinstance(it.ctx, ast.Store))
    words = frozenset(it.attr.encode() for it in stored)
    uses = tuple(it for it in uses_of(block) if blocks[it].kind != "function")
    return _Known(block.name, _normal_form(node, names), words, uses)


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


def _normal_form(node: ast.ClassDef | ast.FunctionDef, names: Mapping[str, str]) -> str:
    own = node.name
    copy = ast.parse(ast.unparse(node)).body[0]
    assert isinstance(copy, ast.ClassDef | ast.FunctionDef)
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
