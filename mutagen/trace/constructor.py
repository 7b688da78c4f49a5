"""What the constructor of a module takes, and what it was given."""

from __future__ import annotations

import inspect
from collections.abc import Mapping

from torch import nn

from mutagen.records.rules import Value
from mutagen.trace.naming import simple
from mutagen.trace.recorder import Given

_STARS = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)

_signatures: dict[type, inspect.Signature | None] = {}


def signature_of(kind: type[nn.Module]) -> inspect.Signature | None:
    """The signature of a class's ``__init__`` without ``self``; None where it cannot be told."""
    if kind not in _signatures:
        try:
            found = inspect.signature(kind.__init__)
            _signatures[kind] = found.replace(parameters=list(found.parameters.values())[1:])
        except (TypeError, ValueError):
            _signatures[kind] = None
    return _signatures[kind]


def named(kind: type[nn.Module]) -> tuple[str, ...]:
    """The names that a constructor takes, in order; stars are left out."""
    signature = signature_of(kind)
    return tuple(it.name for it in signature.parameters.values() if it.kind not in _STARS) if signature else ()


def bound(kind: type[nn.Module], given: Given | None) -> inspect.BoundArguments | None:
    """The arguments of a constructor by name, defaults included; None where they do not fit it."""
    signature = signature_of(kind)
    if signature is None or given is None:
        return None
    try:
        found = signature.bind(*given[0], **given[1])
    except TypeError:  # a class that became another one, such as a lazy module that has run
        return None
    found.apply_defaults()
    return found


def simple_arguments(kind: type[nn.Module], given: Given | None) -> Mapping[str, Value]:
    """The arguments of simple kinds by name."""
    found = bound(kind, given)
    values: dict[str, Value] = {}
    for name, value in found.arguments.items() if found is not None else ():
        fine, kept = simple(value)
        if fine:
            values[name] = kept
    return values
