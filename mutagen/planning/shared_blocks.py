"""A block that several files need is written once, into a module of its own."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from mutagen.actions.draft import Draft
from mutagen.records.blocks import Block
from mutagen.records.plan import Definition, Import
from mutagen.source.imports_of import imported_modules, module_name
from mutagen.source.project import Project


def share_definitions(draft: Draft, project: Project, blocks: Mapping[str, Block]) -> Draft:
    """The draft with one definition a block and file; a module of its own if asked or if several files need it."""
    first: dict[tuple[str, str], Definition] = {}
    for it in draft.definitions:
        known = first.get((it.file, it.block))
        early = it if known is None or it.before < known.before else known
        alone = it.part_of if known is None or known.part_of == it.part_of else ""
        first[(it.file, it.block)] = replace(early, part_of=alone)
    definitions: list[Definition] = []
    imports = list(draft.imports)
    apart = _modules(first.values())
    for block in dict.fromkeys(it.block for it in first.values()):
        uses = [it for it in first.values() if it.block == block and it.part_of not in apart]
        if not uses:
            continue
        if block not in apart and len(uses) == 1:
            definitions.extend(uses)
            continue
        home = _home(uses, project)
        module = _module_file(home, project, blocks[block].written)
        definitions.append(replace(home, file=str(module), style="module", before=1))
        imports.extend(_import(it, module, project) for it in uses)
    return replace(draft, definitions=tuple(definitions), imports=tuple(imports))


def _modules(definitions: Collection[Definition]) -> frozenset[str]:
    """The blocks that get a module of their own, in which their parts stand too."""
    files: dict[str, set[str]] = {}
    for it in definitions:
        files.setdefault(it.block, set()).add(it.file)
    asked = {it.block for it in definitions if it.style == "module"}
    return frozenset(asked | {block for block, found in files.items() if len(found) > 1})


def _home(uses: Sequence[Definition], project: Project) -> Definition:
    """The use beside which the module goes: that of the file which the others import, lest imports run in a circle."""
    if len(uses) == 1:
        return uses[0]
    root = str(project.root)
    names = {it.file: module_name(it.file, root) for it in uses}
    imported = {
        it.file: imported_modules(project.read(it.file), names[it.file], Path(it.file).name == "__init__.py")
        for it in uses
    }

    def importers(use: Definition) -> int:
        name = names[use.file]
        ways = {name, name.rpartition(".")[0]} - {""}
        return sum(bool(ways & found) for file, found in imported.items() if file != use.file)

    return max(uses, key=importers)


def _module_file(use: Definition, project: Project, name: str) -> Path:
    """``eca.py`` beside the file that uses it."""
    folder = Path(use.file).parent
    stem = module_stem(name)
    names = [stem, f"{stem}_block", *(f"{stem}{n}" for n in range(2, 100))]
    return next(folder / f"{name}.py" for name in names if not (folder / f"{name}.py").exists())


def module_stem(block: str) -> str:
    """The module name for a block: its class name in snake case."""
    letters = [
        f"_{it.lower()}" if it.isupper() and index and not block[index - 1].isupper() else it.lower()
        for index, it in enumerate(block)
    ]
    return "".join(letters)


def _import(use: Definition, module: Path, project: Project) -> Import:
    here = Path(use.file)
    in_package = (here.parent / "__init__.py").exists()
    if here.parent == module.parent:
        name = f".{module.stem}" if in_package else module.stem
        return Import(use.file, name, use.name)
    dotted = ".".join(module.relative_to(project.root).with_suffix("").parts)
    return Import(use.file, dotted, use.name)
