"""Switches that an earlier run left in the source: arguments with which the model is the changed one."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import replace

from mutagen.records.target import Call, CallValue


def switched_on(call: Call, names: Iterable[str], source: bytes) -> Call:
    """The model call with each switch that some function of the file takes, unless the call gives it itself."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return call
    taken = {
        it.arg for node in ast.walk(tree) if isinstance(node, ast.arguments) for it in (*node.args, *node.kwonlyargs)
    }
    new: Mapping[str, CallValue] = {name: True for name in names if name in taken and name not in call.kwargs}
    return replace(call, kwargs={**call.kwargs, **new}) if new else call
