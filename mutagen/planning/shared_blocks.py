"""A block that several files need is written once, into a module of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mutagen.actions.draft import Draft
from mutagen.records.plan import Definition, Import
from mutagen.source.imports_of import imported_modules, module_name
from mutagen.source.project import Project


def share_definitions(draft: Draft, project: Project) -> Draft:
    """The draft with one definition a block and file; a module of its own if asked or if several files need it."""
    first: dict[tuple[str, str], Definition] = {}
    for it in draft.definitions:
        known = first.get((it.file, it.block))
        first[(it.file, it.block)] = it if known is None or it.before < known.before else known
    definitions: list[Definition] = []
    imports = list(draft.imports)
    for block in dict.fromkeys(it.block for it in first.values()):
        uses = [it for it in first.values() if it.block == block]
        if len(uses) == 1 and uses[0].style == "inline":
            definitions.extend(uses)
            continue
        home = _home(uses, project)
        module = _module_file(home, project)
        definitions.append(replace(home, file=str(module), style="module", before=1))
        imports.extend(_import(it, module, project) for it in uses)
    return replace(draft, definitions=tuple(definitions), imports=tuple(imports))


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


def _module_file(use: Definition, project: Project) -> Path:
    """``eca.py`` beside the file that uses it."""
    folder = Path(use.file).parent
    stem = module_stem(use.block)
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
