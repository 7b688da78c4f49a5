"""Which files of a package serve only the target."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

_FROM = re.compile(rb"^[ \t]*from[ \t]+(\.*[\w.]*)[ \t]+import[ \t]+(\([^)]*\)|[^\n]*)", re.M)
_IMPORT = re.compile(rb"^[ \t]*import[ \t]+([^\n]*)", re.M)


def importers(file: str, root: str, read: Callable[[str], bytes]) -> tuple[str, ...]:
    """The files below ``root`` that import ``file``; an ``__init__.py`` that only re-exports does not count."""
    module = module_name(file, root)
    found: list[str] = []
    top = Path(root) / module.split(".")[0]
    others: Iterable[Path] = top.rglob("*.py") if top.is_dir() else Path(root).glob("*.py")
    stem = module.rpartition(".")[2].encode()
    for path in sorted(others):
        if str(path) == file or path.name == "__init__.py":
            continue
        source = read(str(path))
        if stem in source and module in imported_modules(
            source, module_name(str(path), root), path.name == "__init__.py"
        ):
            found.append(str(path))
    return tuple(found)


def module_name(file: str, root: str) -> str:
    """Dotted module name of a file below ``root``."""
    parts = list(Path(file).relative_to(root).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_modules(source: bytes, module: str, is_package: bool) -> frozenset[str]:
    """Dotted names that a file may import, both as module and as member of a module."""
    found: set[str] = set()
    for match in _FROM.finditer(source):
        origin = absolute(match.group(1).decode(errors="replace"), module, is_package)
        found.add(origin)
        for name in re.findall(r"[\w*]+", match.group(2).decode(errors="replace")):
            found.add(f"{origin}.{name}")
    for match in _IMPORT.finditer(source):
        for part in match.group(1).decode(errors="replace").split(","):
            found.add(part.split()[0] if part.split() else "")
    return frozenset(found)


def absolute(origin: str, module: str, is_package: bool) -> str:
    """A dotted name that an import writes, relative or not, without its dots; ``module`` is where it is written."""
    name = origin.lstrip(".")
    level = len(origin) - len(name)
    if not level:
        return name
    parts = module.split(".") if is_package else module.split(".")[:-1]
    parts = parts[: len(parts) - (level - 1)]
    return ".".join([*parts, name] if name else parts)
