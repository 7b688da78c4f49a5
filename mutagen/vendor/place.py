"""Where copies of library modules go, by what name they are imported, and what is said of their origin."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from mutagen.errors import Place, TargetError
from mutagen.records.vendor import Copied
from mutagen.vendor.needed import SITES

_LONGEST_NAME_OF_A_LICENCE = 40


def places(files: Sequence[str], modules: Mapping[str, str], *, target: str, module: str) -> dict[str, Copied]:
    """A place for each copy, beside the target; TargetError T220 where every name is taken.

    ``modules`` gives the dotted names of the library's files, ``module`` is that of the target.
    """
    folder, package = Path(target).parent, module.rpartition(".")[0]
    if Path(target).name == "__init__.py":
        package = module
    found: dict[str, Copied] = {}
    for file in sorted(files):
        taken = {it.path for it in found.values()}
        stem, standing = _stem(file, modules[file], folder, taken=taken, alone=not package)
        is_package = Path(file).name == "__init__.py"
        imported_as = f".{stem}" if package else stem
        found[file] = Copied(file, modules[file], is_package, str(folder / f"{stem}.py"), imported_as, standing)
    return found


def _stem(file: str, module: str, folder: Path, *, taken: set[str], alone: bool) -> tuple[str, bool]:
    parts = module.split(".")
    for count in range(1, len(parts) + 1):
        stem = "_".join(parts[-count:])
        place = folder / f"{stem}.py"
        if place.is_file() and origin_of(file) in place.read_bytes()[:2000].decode(errors="replace"):
            return stem, True
        hides = alone and (stem in sys.stdlib_module_names or _is_module(stem))
        if not (place.exists() or (folder / stem).exists() or str(place) in taken or hides):
            return stem, False
    hint = "rename the file that has this name"
    raise TargetError(
        "T220", f"no name is free for a copy of {module}", place=Place(str(folder / f"{parts[-1]}.py")), hint=hint
    )


def _is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def origin_of(file: str) -> str:
    """A library's file as it is called in the head of its copy: ``package/module.py``."""
    parts = Path(file).parts
    at = max(index for index, part in enumerate(parts) if part in SITES)
    return "/".join(parts[at + 1 :])


def head_of(file: str) -> str:
    """The line that says where a copy comes from, in which version, and under which licence."""
    origin = origin_of(file)
    top = origin.partition("/")[0].removesuffix(".py")
    names = importlib.metadata.packages_distributions().get(top)
    if not names:
        return f"Copied from {origin}; its licence holds for this file."
    known = importlib.metadata.distribution(names[0])
    licence = _licence(known)
    return f"Copied from {names[0]} {known.version}, {origin}" + (
        f" (licence: {licence})." if licence else "; its licence holds for this file."
    )


def _licence(known: importlib.metadata.Distribution) -> str:
    data = known.metadata
    for field in ("License-Expression", "License"):
        named = next(iter(data.get_all(field) or ()), "")
        if named and len(named) <= _LONGEST_NAME_OF_A_LICENCE and "\n" not in named:
            return str(named)
    kinds = [it.rpartition(" :: ")[2] for it in data.get_all("Classifier") or () if it.startswith("License ::")]
    return kinds[0] if kinds else ""
