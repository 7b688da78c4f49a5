"""The name by which a file can use a block, and what must be written for that."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from mutagen.actions.draft import Draft
from mutagen.actions.scene import Scene
from mutagen.records.plan import Definition, Import
from mutagen.records.rules import Rule
from mutagen.source.file import SourceFile
from mutagen.source.names import imported_names, name_for, starred, top_level_names


@dataclass(frozen=True)
class Usable:
    """``name`` can stand in the file once ``draft`` is done."""

    name: str
    draft: Draft


def use_block(scene: Scene, rule: Rule, block: str, file: SourceFile, node: ast.AST) -> Usable:
    """The class of a catalogue block for use at ``node``: the one that stands there, else a new definition."""
    standing = _standing(scene, block, file)
    if standing:
        return Usable(standing, Draft())
    name = _free(scene.blocks[block].name, file)
    definition = Definition(file.path, block, name, rule.action.style, _line_before(file, node), rule.id)
    return Usable(name, Draft(definitions=(definition,)))


def use_torch(origin: str, file: SourceFile) -> Usable:
    """``torch.nn.GELU`` and the like as the file would write it, with an import where it has none that fits."""
    names = imported_names(file)
    module, _, name = origin.rpartition(".")
    written = name_for(origin, names)
    if written is None and module in starred(file) and name not in top_level_names(file):
        written = name
    if written:
        return Usable(written, Draft())
    if module == "torch.nn.functional":
        wanted = Import(file.path, module, alias="F")
        return Usable(f"F.{name}", Draft(imports=(wanted,)))
    return Usable(name, Draft(imports=(Import(file.path, module, name),)))


def _standing(scene: Scene, block: str, file: SourceFile) -> str | None:
    for path, name in scene.products.items():
        instance = scene.by_path.get(path)
        if name == block and instance and instance.definition and instance.definition.file == file.path:
            return instance.definition.qualname
    return None


def _free(name: str, file: SourceFile) -> str:
    taken = top_level_names(file)
    names = (name, f"{name}Block", *(f"{name}{n}" for n in range(2, 100)))
    return next(it for it in names if it not in taken)


def _line_before(file: SourceFile, node: ast.AST) -> int:
    """The first line of the top-level statement around ``node``, its decorators and the comment above it included."""
    around = [node, *file.ancestors(node)]
    statement = next(it for it in around if isinstance(it, ast.stmt) and it in file.tree.body)
    decorators = getattr(statement, "decorator_list", [])
    line: int = min([statement.lineno, *(it.lineno for it in decorators)])
    lines = file.utf8.splitlines() if b"\x0c" not in file.utf8 else file.utf8.split(b"\n")
    while line > 1 and lines[line - 2].lstrip().startswith(b"#") and not _is_heading(lines, line - 2):
        line -= 1
    return line


def _is_heading(lines: list[bytes], index: int) -> bool:
    """Whether a comment line belongs to the top of the file (coding cookie, shebang)."""
    return index < 2 and (lines[index].startswith(b"#!") or b"coding" in lines[index])
