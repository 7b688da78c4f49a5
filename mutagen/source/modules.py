"""The file of an imported module, and what a module-level name of it stands for."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mutagen.source.file import SourceFile
from mutagen.source.names import all_imports


@dataclass(frozen=True)
class Imported:
    """``name`` of the module in ``path``; without ``name`` the module itself."""

    path: str
    name: str | None


def imported_from(file: SourceFile, origin: str) -> Imported | None:
    """Where a dotted origin (``.layers.Norm``, ``package.layers``) leads on disk, or None."""
    level = len(origin) - len(origin.lstrip("."))
    parts = [it for it in origin.split(".") if it]
    for folder in _folders(file.path, level):
        whole = _module(folder, parts)
        if whole is not None:
            return Imported(whole, None)
        outer = _module(folder, parts[:-1])
        if outer is not None and outer != file.path:
            return Imported(outer, parts[-1])
    return None


def star_imports(file: SourceFile) -> tuple[str, ...]:
    """The modules of which a file imports everything, as dotted origins."""
    stars = (it for it in file.tree.body if isinstance(it, ast.ImportFrom) and it.names[0].name == "*")
    return tuple("." * it.level + (it.module or "") for it in stars)


def origin_of(statement: ast.Import | ast.ImportFrom, name: str) -> str | None:
    """The dotted origin of a name that an import statement binds."""
    return all_imports(statement).get(name)


def _folders(path: str, level: int) -> Iterator[Path]:
    folder = Path(path).parent
    if level:
        yield folder.joinpath(*[".."] * (level - 1)).resolve()
        return
    # An absolute import starts beside the file (a script) or above its package.
    yield folder
    while (folder / "__init__.py").is_file() and folder != folder.parent:
        folder = folder.parent
    yield folder


def _module(folder: Path, parts: list[str]) -> str | None:
    place = folder.joinpath(*parts)
    for found in (place.with_name(place.name + ".py") if parts else place, place / "__init__.py"):
        if found.is_file():
            return str(found)
    return None
