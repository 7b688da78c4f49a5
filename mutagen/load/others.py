"""The models that an edited file builds beside the target's, by the syntax tree alone."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Mapping

from mutagen.load.candidates import factories_of
from mutagen.load.module_classes import module_classes, required_parameters, statements
from mutagen.records.collateral import Other
from mutagen.records.target import Call


def other_models(
    sources: Mapping[str, bytes], target: Call | None, named: Mapping[str, Call] | None = None
) -> tuple[Other, ...]:
    """What can be built without arguments in these files, and the ``named`` calls, by their text, of what they define.

    Factories come first, then classes, each in the order of their file. The call of the target is left out, and so are
    private names and what a file defines twice.
    """
    found: dict[tuple[str, str], Other] = {}
    for file, source in sources.items():
        factories, classes, defined = _buildable(source)
        for name in (*factories, *classes):
            found[file, name] = Other(name, file, Call(name))
        for text, call in (named or {}).items():
            if call.callee in defined:
                found[file, text] = Other(text, file, call)
    return tuple(it for it in found.values() if it.call != target)


def _buildable(source: bytes) -> tuple[list[str], list[str], set[str]]:
    """Factories and classes without required arguments, and everything that is defined."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(source)
    named = [it.name for it in statements(tree) if isinstance(it, ast.FunctionDef | ast.ClassDef)]
    modules = module_classes(tree)
    factories = [it.name for it in factories_of(tree) if not required_parameters(it.args)]
    classes = [name for name, each in modules.items() if not each.needs and each.runs]

    def kept(names: list[str]) -> list[str]:
        return [name for name in names if not name.startswith("_") and named.count(name) == 1]

    return kept(factories), kept(classes), set(named)
