"""The name by which a file can use a block, and what must be written for that."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from pathlib import Path

from mutagen.actions.draft import Draft, join
from mutagen.actions.scene import Scene
from mutagen.blocks.borrow import fitting, loan_of
from mutagen.blocks.text import uses_of
from mutagen.records.blocks import Borrowed
from mutagen.records.plan import Definition, Import
from mutagen.records.rules import Rule
from mutagen.records.trace import ClassInfo
from mutagen.source.file import SourceFile
from mutagen.source.imports_of import absolute, module_name
from mutagen.source.names import imported_names, name_for, starred, top_level_names


@dataclass(frozen=True)
class Usable:
    """``name`` can stand in the file once ``draft`` is done."""

    name: str
    draft: Draft


def use_block(scene: Scene, rule: Rule, block: str, file: SourceFile, node: ast.AST) -> Usable:
    """The class of a block for use at ``node``: the one that stands there, else a new definition or import."""
    known = scene.blocks[block]
    standing = _standing(scene, block, file)
    if standing:
        return Usable(standing, Draft())
    if known.borrowed is not None and (known.borrowed.how == "import" or known.borrowed.file == file.path):
        return _imported(scene, known.borrowed, file)
    style = rule.action.style
    if known.borrowed is not None:
        there = fitting(loan_of(known.borrowed), file)
        if there is not None and known.written in there:
            return Usable(known.written, Draft())
        style = "module" if there is None else style
    used = {it: use_block(scene, rule, it, file, node) for it in uses_of(known)}
    parts = tuple((it, usable.name) for it, usable in used.items())
    name = _free(known.written, file)
    definition = Definition(file.path, block, name, style, line_before(file, node), rule.id, parts)
    needed = [_for_part(usable.draft, block) for usable in used.values()]
    return Usable(name, join([*needed, Draft(definitions=(definition,))]))


def _for_part(draft: Draft, block: str) -> Draft:
    """What a part of a composition needs, marked as needed for that."""
    return replace(draft, definitions=tuple(replace(it, part_of=it.part_of or block) for it in draft.definitions))


def _imported(scene: Scene, borrowed: Borrowed, file: SourceFile) -> Usable:
    """A borrowed class by its own name, or by another where the file calls something else so."""
    if borrowed.file == file.path:
        return Usable(borrowed.name, Draft())
    module = borrowed.module or module_name(borrowed.file, scene.project.root)
    here, is_package = module_of(file, scene), Path(file.path).name == "__init__.py"
    found = {name: absolute(origin, here, is_package) for name, origin in imported_names(file).items()}
    written = name_for(f"{module}.{borrowed.name}", found)
    if written:
        return Usable(written, Draft())
    name = _free(borrowed.name, file)
    alias = name if name != borrowed.name else None
    written_as = module if borrowed.module else written_module(module, file, scene)
    return Usable(name, Draft(imports=(Import(file.path, written_as, borrowed.name, alias),)))


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


def use_class(known: ClassInfo, file: SourceFile, scene: Scene) -> Usable | None:
    """A class that is defined elsewhere as the file would write it, with an import where it has none that fits.

    None for a class that no import reaches.
    """
    if "<locals>" in known.qualname or known.module == "__main__":
        return None
    if known.file == file.path:
        return Usable(known.qualname, Draft())
    here = module_of(file, scene)
    is_package = Path(file.path).name == "__init__.py"
    found = {name: absolute(origin, here, is_package) for name, origin in imported_names(file).items()}
    first, _, rest = known.qualname.partition(".")
    for name, origin in found.items():
        module, _, last = origin.rpartition(".")
        if last == first and module and f"{known.module}.".startswith(f"{module}."):
            return Usable(f"{name}.{rest}" if rest else name, Draft())
    if known.module in _starred(file, here, is_package) and not first.startswith("_"):
        return Usable(known.qualname, Draft())
    written = name_for(f"{known.module}.{known.qualname}", found)
    if written:
        return Usable(written, Draft())
    wanted = Import(file.path, written_module(known.module, file, scene), first)
    return Usable(known.qualname, Draft(imports=(wanted,))) if first not in top_level_names(file) else None


def _starred(file: SourceFile, here: str, is_package: bool) -> set[str]:
    """Modules all of whose public names the file imports."""
    stars = [it for it in file.tree.body if isinstance(it, ast.ImportFrom) and it.names[0].name == "*"]
    return {absolute("." * it.level + (it.module or ""), here, is_package) for it in stars}


def module_of(file: SourceFile, scene: Scene) -> str:
    """The dotted name of a file's module; empty for one outside of the project."""
    root = scene.project.root
    return module_name(file.path, root) if Path(file.path).is_relative_to(root) else ""


def written_module(module: str, file: SourceFile, scene: Scene) -> str:
    """A module as the file imports those beside it: relative, with as many dots as it uses, where others are."""
    here = module_of(file, scene)
    package = here if Path(file.path).name == "__init__.py" else here.rpartition(".")[0]
    most = max((it.level for it in file.tree.body if isinstance(it, ast.ImportFrom)), default=0)
    for level in range(1, most + 1):
        if package and module.startswith(f"{package}."):
            return "." * level + module[len(package) + 1 :]
        package = package.rpartition(".")[0]
    return module


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


def line_before(file: SourceFile, node: ast.AST) -> int:
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
