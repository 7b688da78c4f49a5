"""How a container that is written out calls one of its modules: ``[0]``, ``["key"]``, ``.name``."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Final

from mutagen.actions.override_text import place
from mutagen.source.file import SourceFile
from mutagen.source.names import imported_names, resolve

_COUNTED: Final = ("torch.nn.Sequential", "torch.nn.ModuleList")
_NAMED: Final = ("torch.nn.Sequential", "torch.nn.ModuleDict")


def part_of(file: SourceFile, container: ast.Call, call: ast.Call) -> str | None:
    """What follows the container's name, perhaps one in another; None where nothing says it."""
    names = imported_names(file)
    origin = resolve(container.func, names) or ""
    if container.keywords or origin not in (*_COUNTED, *_NAMED):
        return None
    given = container.args[0] if len(container.args) == 1 else None
    if isinstance(given, ast.Call) and (resolve(given.func, names) or "").endswith("OrderedDict") and given.args:
        given = given.args[0]
    elements = _named(file, given, origin) if given is not None and origin in _NAMED else []
    if not elements and origin in _COUNTED:
        elements = _counted(given.elts if isinstance(given, ast.List | ast.Tuple) else container.args)
    for part, element in elements:
        if element is call:
            return part
        inner = part_of(file, element, call) if isinstance(element, ast.Call) else None
        if inner is not None:
            return part + inner
    return None


def _counted(listed: Sequence[ast.expr]) -> list[tuple[str, ast.expr]]:
    """The elements of a list with their numbers, as far as these are known."""
    ends = [at for at, it in enumerate(listed) if isinstance(it, ast.Starred)]
    return [(f"[{at}]", it) for at, it in enumerate(listed[: ends[0]] if ends else listed)]


def _named(file: SourceFile, given: ast.expr, origin: str) -> list[tuple[str, ast.expr]]:
    """The values of a table, or of a list of pairs, with what leads to each."""
    pairs: list[tuple[ast.expr | None, ast.expr]] = []
    if isinstance(given, ast.Dict):
        pairs = list(zip(given.keys, given.values, strict=True))
    elif isinstance(given, ast.List | ast.Tuple):
        listed = [it.elts for it in given.elts if isinstance(it, ast.Tuple | ast.List) and len(it.elts) == 2]
        pairs = [(key, value) for key, value in listed]
    known = [(key, it) for key, it in pairs if isinstance(key, ast.Constant) and isinstance(key.value, str)]
    if origin == "torch.nn.ModuleDict":
        return [(f"[{file.text(key)}]", it) for key, it in known]
    return [(place(str(key.value), ""), it) for key, it in known]
