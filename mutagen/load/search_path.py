"""Works out from which folders a source file imports its neighbours."""

from __future__ import annotations

import ast
import importlib.machinery
import sys
from pathlib import Path

_PROJECT_MARKS = (".git", ".hg", "pyproject.toml", "setup.py", "setup.cfg", "requirements.txt")


def package_depth(file: Path, tree: ast.Module) -> int:
    """How many folders above a file belong to its package: those with an ``__init__.py``, one after the other.

    Relative imports in a file need as many, also where the ``__init__.py`` was left out.
    """
    depth, folder = 0, file.parent
    while (folder / "__init__.py").is_file() and folder != folder.parent:
        depth, folder = depth + 1, folder.parent
    levels = [node.level for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return min(max([depth, *levels]), len(file.parents) - 1)


def import_folders(root: Path, file: Path, tree: ast.Module) -> tuple[str, ...]:
    """``root`` and, behind it, the folders above and beside the file where its absolute imports are found.

    Only names that neither ``root`` nor this Python's own path has are looked for, up to the top of the project.
    An installed package is found as it is.
    """
    if "site-packages" in root.parts:
        return ()  # in front it would shadow modules of Python itself
    folders = [root]
    for name in _absolute_imports(tree):
        if name in sys.stdlib_module_names or any(_holds(folder, name) for folder in folders):
            continue
        if importlib.machinery.PathFinder.find_spec(name) is not None and not _from_working_folder(name):
            continue
        found = next((folder for folder in _upwards(file.parent) if _holds(folder, name)), None)
        if found is not None:
            folders.append(found)
    return tuple(str(folder) for folder in folders)


def _absolute_imports(tree: ast.Module) -> list[str]:
    names: dict[str, None] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0]: None for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names[node.module.partition(".")[0]] = None
    return list(names)


def _holds(folder: Path, name: str) -> bool:
    """Whether a folder has the module or package; a folder without ``__init__.py`` counts if Python files are in it."""
    if (folder / f"{name}.py").is_file() or (folder / name / "__init__.py").is_file():
        return True
    return (folder / name).is_dir() and any(True for _ in (folder / name).rglob("*.py"))


def _from_working_folder(name: str) -> bool:
    """Whether a name is found only because of the current folder, which a session process does not search."""
    spec = importlib.machinery.PathFinder.find_spec(name, [entry for entry in sys.path if entry not in ("", ".")])
    return spec is None


def _upwards(folder: Path) -> list[Path]:
    """The folder and those above it, up to the top of the project."""
    found = []
    for candidate in (folder, *folder.parents):
        if candidate == Path.home() or candidate == candidate.parent:
            break
        found.append(candidate)
        if any((candidate / mark).exists() for mark in _PROJECT_MARKS):
            break
    return found
