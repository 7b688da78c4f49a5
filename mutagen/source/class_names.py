"""Where a class is named on its way to the call that constructs it.

``unit = units[i]``, ``unit(in_channels)`` constructs what the display ``units = [ResUnit, DenseUnit]`` names.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mutagen.records.target import Call
from mutagen.records.trace import CallSite, Instance
from mutagen.source.file import SourceFile
from mutagen.source.following import Follower
from mutagen.source.names import dotted, imported_names
from mutagen.source.reaching import Function
from mutagen.source.way import End


@dataclass(frozen=True)
class Naming:
    """An expression that names the class."""

    file: SourceFile
    node: ast.expr


def last_naming(
    instance: Instance, follower: Follower, may_edit: Callable[[str], bool], *, model: Call
) -> Naming | None:
    """The expression in a file that may be edited from which the class of an instance goes to where it is constructed.

    Of several on the way it is the last. None where there is none, or where what goes on from there is no plain name.
    """
    end = _end(instance, follower, model)
    if end is None:
        return None
    steps = [*((it.act.file, it.node) for it in end.way), (end.act.file, end.node)]
    for file, node in reversed(steps):
        if may_edit(file.path) and node in file.parents and not isinstance(node, ast.ClassDef):
            plain = isinstance(node, ast.Name | ast.Attribute) and _names(node, instance, file)
            return Naming(file, node) if plain and isinstance(node, ast.expr) else None
    return None


def _end(instance: Instance, follower: Follower, model: Call) -> End | None:
    """The one end of the callee that is the class; None where it may have come in another way."""
    chain: Sequence[CallSite] = instance.chain
    if not chain:
        return None
    call = follower.open_file(chain[0].span.file).node_at(chain[0].span)
    act = follower.innermost(chain, model)
    if act is None or not isinstance(call, ast.Call):
        return None
    possible = [it for it in follower.ends(act, call.func) if not _is_other(it, instance)]
    return possible[0] if len(possible) == 1 and _is_class(possible[0], instance) else None


def _is_class(end: End, instance: Instance) -> bool:
    known = instance.definition
    if isinstance(end.node, ast.ClassDef):
        return known is not None and (end.act.file.path, end.node.name) == (known.file, known.qualname)
    return end.origin is not None and end.origin.rpartition(".")[2] == instance.name


def _is_other(end: End, instance: Instance) -> bool:
    """Whether an end surely is not the class."""
    if isinstance(end.node, ast.ClassDef):
        return not _is_class(end, instance)
    if end.origin is not None:
        return end.origin.startswith("torch.")
    return isinstance(end.node, ast.Constant | ast.Lambda | Function)


def _names(node: ast.expr, instance: Instance, file: SourceFile) -> bool:
    """Whether a name, or the import behind it, is that of the class."""
    written = dotted(node) or ""
    origin = imported_names(file).get(written, written)
    return origin.rpartition(".")[2] == instance.name
