"""Finds the file that the user means by a target, and how it is imported, without importing anything."""

from __future__ import annotations

import ast
import difflib
import importlib.machinery
import importlib.util
import io
import os
import sys
import tokenize
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from mutagen.errors import Place, TargetError
from mutagen.load.candidates import model_candidates
from mutagen.load.search_path import import_folders, package_depth

_MOST_LISTED = 8
_MOST_LOOKED_AT = 200


@dataclass(frozen=True, slots=True)
class Located:
    """A target: file (absolute), module name, what goes in front of ``sys.path``, folder above its top package."""

    file: str
    module: str
    paths: tuple[str, ...]
    root: str


def find_target(target: str) -> Located:
    """Where a target (a Python file or ``package.module``) is and how to import it.

    Raises TargetError where there is no such file or it does not parse.
    """
    path = Path(target)
    if not path.is_file() and not path.is_dir() and _is_dotted(target):
        path = _module_file(target)
    if path.is_dir():
        _refuse_folder(path)
    if not path.is_file():
        _refuse_missing(path)
    if path.suffix != ".py":
        raise TargetError("T012", f"{path} is not a Python file", hint="a target is a .py file or a package.module")
    file = Path(os.path.abspath(path))  # noqa: PTH100  links stay links: modules beside the link are meant
    tree = _parse(file)
    return _located(file, tree)


def _located(file: Path, tree: ast.Module) -> Located:
    depth = package_depth(file, tree)
    names = [] if file.stem == "__init__" else [file.stem]
    folder = file.parent
    for _ in range(depth):
        names.insert(0, folder.name)
        folder = folder.parent
    wrong = next((name for name in names if "." in name), None)
    if wrong is not None:
        hint = f"rename it, for example to {wrong.replace('.', '_')}"
        raise TargetError("T013", f"{wrong!r} cannot be imported: its name holds a dot", place=_at(file), hint=hint)
    return Located(str(file), ".".join(names), import_folders(folder, file, tree), str(folder))


def _at(file: Path) -> Place:
    return Place(str(file))


def _parse(file: Path) -> ast.Module:
    try:
        source = file.read_bytes()
    except OSError as error:
        hint = "make the file readable for you, or give another"
        raise TargetError("T014", f"{file} cannot be read: {error.strerror}", place=_at(file), hint=hint) from error
    text = _decode(source, str(file))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text, str(file))
    except SyntaxError as error:
        end = error.end_offset if error.end_lineno == error.lineno else None
        length = max(1, (end or 0) - (error.offset or 1))
        place = Place(str(file), error.lineno or 1, max(1, error.offset or 1), length)
        raise TargetError("T016", f"syntax error: {error.msg}", place=place, hint=_syntax_hint(error)) from error
    except (ValueError, RecursionError, MemoryError) as error:
        message = f"the file does not parse: {error or 'too deeply nested'}"
        raise TargetError("T016", message, place=_at(file), hint="python must be able to compile it") from error


def _decode(source: bytes, file: str) -> str:
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
    except SyntaxError as error:
        if "unknown" in str(error.msg):
            hint = "name an encoding that Python knows in the first line, such as utf-8"
            raise TargetError("T015", str(error.msg), place=Place(file, 1, 1), hint=hint) from error
        encoding = "utf-8"
    try:
        return source.decode(encoding)
    except UnicodeDecodeError as error:
        place = Place(file, source.count(b"\n", 0, error.start) + 1, 1)
        message = f"the file is not {encoding}: byte {source[error.start]:#04x} cannot be read"
        hint = "save it as UTF-8, or name its encoding in the first line: # -*- coding: latin-1 -*-"
        raise TargetError("T015", message, place=place, hint=hint) from error


def _syntax_hint(error: SyntaxError) -> str:
    if "Missing parentheses in call to 'print'" in str(error.msg):
        return "this is Python 2: convert the file first"
    return f"the file must be valid for the Python that runs mutagen, {sys.version_info[0]}.{sys.version_info[1]}"


def _is_dotted(target: str) -> bool:
    return not target.endswith(".py") and all(part.isidentifier() for part in target.split("."))


def _module_file(dotted: str) -> Path:
    """The source file of a module; packages on the way are looked at, not imported."""
    where: list[str] | None = [os.getcwd(), *sys.path]  # noqa: PTH109
    parts = dotted.split(".")
    spec: importlib.machinery.ModuleSpec | None = None
    for index, part in enumerate(parts):
        name = ".".join(parts[: index + 1])
        # by its last part alone: for a dotted name the finder asks for the imported parent
        spec = importlib.machinery.PathFinder.find_spec(part, where)
        if spec is None and index == 0:
            spec = _top_level(name)
        if spec is None:
            _refuse_module(dotted, name, where if index else None)
        where = list(spec.submodule_search_locations) if spec.submodule_search_locations is not None else []
    origin = spec.origin if spec is not None else None
    if origin is None or not origin.endswith(".py"):
        hint = "name a module in it" if where else "only modules written in Python can be changed"
        raise TargetError("T017", f"{dotted} has no Python source of its own", hint=hint)
    return Path(origin)


def _top_level(name: str) -> importlib.machinery.ModuleSpec | None:
    """By the finders of editable installs; without dots nothing is imported."""
    try:
        return importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None


def _refuse_module(dotted: str, missing: str, where: list[str] | None) -> NoReturn:
    known: list[str] = []
    for folder in where or []:
        known += sorted({Path(entry).name.partition(".")[0] for entry in _python_entries(Path(folder))})
    near = difflib.get_close_matches(missing.rpartition(".")[2], known, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else "give a Python file or an importable module"
    raise TargetError("T018", f"{dotted}: there is no file and no module {missing}", hint=hint)


def _python_entries(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()]
    except OSError:
        return []


def _refuse_missing(path: Path) -> NoReturn:
    beside = path.with_name(path.name + ".py")
    if path.name and beside.is_file():
        hint = f"did you mean {beside}?"
    elif ":" in path.name and Path(str(path).rpartition(":")[0]).is_file():
        file, _, name = str(path).rpartition(":")
        hint = f"give file and model apart: {file} --model '{name}'"
    else:
        names = [found.name for found in _python_entries(path.parent)]
        # by their stems: the ending that all have in common would make any two short names alike
        stems = {Path(name).stem: name for name in names}
        close = difflib.get_close_matches(path.stem, stems, n=3)
        near = [str(path.with_name(stems[stem])) for stem in close]
        hint = f"did you mean {' or '.join(near)}?" if near else "a target is a .py file or a package.module"
    raise TargetError("T010", f"there is no file {path}", hint=hint)


def _refuse_folder(path: Path) -> NoReturn:
    found: list[str] = []
    for file in sorted(path.rglob("*.py"))[:_MOST_LOOKED_AT]:
        if any(part.startswith(".") or part in {"tests", "test"} for part in file.relative_to(path).parts):
            continue
        try:
            candidates = model_candidates(file.read_bytes(), str(file))
        except (OSError, TargetError):
            continue
        if candidates:
            found.append(f"{file}  ({', '.join(candidate.name for candidate in candidates[:3])})")
    hint = (
        "give one of its files, such as " + found[0].partition("  ")[0]
        if found
        else "no model was found in it; give the .py file"
    )
    more = [f"... and {len(found) - _MOST_LISTED} more"] if len(found) > _MOST_LISTED else []
    detail = "\n".join(found[:_MOST_LISTED] + more)
    raise TargetError("T011", f"{path} is a folder, a target is one file", hint=hint, detail=detail)
