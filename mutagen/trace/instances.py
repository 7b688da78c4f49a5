"""What is said of each module object of a model."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from torch import Tensor, nn
from torch.nn.modules.lazy import LazyModuleMixin

from mutagen.records.rules import Value
from mutagen.records.trace import ClassInfo, Instance
from mutagen.trace.constructor import named, simple_arguments
from mutagen.trace.hung import hung_on, ties
from mutagen.trace.naming import is_torch, simple
from mutagen.trace.own_functions import own_functions
from mutagen.trace.provenance import resolve
from mutagen.trace.recorder import Births


@dataclass(slots=True)
class Calls:
    """How often modules were called in one run, and the shape of their first output, by identity.

    ``hidden`` are the modules that ran inside the user's own autograd functions.
    """

    counts: dict[int, int] = field(default_factory=dict)
    shapes: dict[int, tuple[int, ...]] = field(default_factory=dict)
    hidden: set[int] = field(default_factory=set)
    inside: int = 0

    def note(self, module: nn.Module, output: Any) -> None:
        """Counts one call."""
        key = id(module)
        self.counts[key] = self.counts.get(key, 0) + 1
        if self.inside:
            self.hidden.add(key)
        while isinstance(output, (tuple, list)) and output:
            output = output[0]
        if isinstance(output, Tensor) and key not in self.shapes:
            self.shapes[key] = tuple(output.shape)

    def function(self, function: Callable[..., Any], args: Any, kwargs: Any, frame: FrameType) -> Any:
        """Runs an autograd function of the user's."""
        self.inside += 1
        try:
            return function(*args, **kwargs)
        finally:
            self.inside -= 1


@contextmanager
def counting() -> Iterator[Calls]:
    """Notes all calls of modules inside the block."""
    calls = Calls()
    original = nn.Module.__call__

    def call(self: nn.Module, *args: Any, **kwargs: Any) -> Any:
        output = original(self, *args, **kwargs)
        calls.note(self, output)
        return output

    nn.Module.__call__ = call  # type: ignore[method-assign]
    try:
        with own_functions(calls.function):
            yield calls
    finally:
        nn.Module.__call__ = original  # type: ignore[method-assign]


def describe_instances(model: nn.Module, births: Births, calls: Calls, paths: dict[int, str]) -> tuple[Instance, ...]:
    """All module objects of a model, in the order of ``named_modules``."""
    aliases: dict[int, list[str]] = {}
    for path, module in model.named_modules(remove_duplicate=False):
        aliases.setdefault(id(module), []).append(path)
    known: dict[type, tuple[tuple[str, ...], ClassInfo | None, tuple[str, ...]]] = {}
    found = []
    tied = ties(model)
    for path, module in model.named_modules():
        kind = type(module)
        if kind not in known:
            known[kind] = (_bases(kind), None if is_torch(kind) else class_info(kind), named(kind))
        bases, definition, parameters = known[kind]
        it = Instance(
            path=path,
            aliases=tuple(aliases[id(module)]),
            type=bases[0],
            bases=bases,
            facts=_facts(module, calls),
            chain=resolve(births.chain(module), paths),
            library=is_torch(kind),
            definition=definition,
            parameters=parameters,
            arguments=simple_arguments(kind, births.given(module)),
            hung=hung_on(module) if is_torch(kind) else (),
            tied=tied.get(id(module), ()),
            shape=calls.shapes.get(id(module)),
        )
        found.append(it)
    return tuple(found)


def _bases(kind: type) -> tuple[str, ...]:
    names = []
    for base in kind.__mro__:
        names.append(type_name(base))
        if base is nn.Module:
            break
    return tuple(names)


def type_name(kind: type) -> str:
    """The full name of a class, under ``torch.nn`` where that is where users find it."""
    name = kind.__qualname__
    if kind.__module__.startswith("torch.nn.modules.") and getattr(nn, name, None) is kind:
        return f"torch.nn.{name}"
    return f"{kind.__module__}.{name}"


def class_info(kind: type) -> ClassInfo | None:
    """Where a class is defined; None where it has no source."""
    try:
        file = inspect.getsourcefile(kind)
        line = inspect.findsource(kind)[1] + 1
    except (OSError, TypeError):
        return None
    if file is None:
        return None
    bases = tuple(type_name(base) for base in kind.__bases__)
    return ClassInfo(kind.__name__, kind.__qualname__, kind.__module__, file, line, bases)


def _facts(module: nn.Module, calls: Calls) -> Mapping[str, Value]:
    facts: dict[str, Value] = {}
    for name, value in module.__dict__.items():
        if not name.startswith("_") and name != "training":
            fine, kept = simple(value)
            if fine:
                facts[name] = kept
    for name in ("bias", "weight"):
        if name in module._parameters:
            facts[name] = module._parameters[name] is not None
    facts["params"] = _parameters(module)
    facts["calls"] = calls.counts.get(id(module), 0)
    shape = calls.shapes.get(id(module))
    if shape is not None and len(shape) == 4:
        facts["channels"], facts["height"], facts["width"] = shape[1:]
    return facts


def _parameters(module: nn.Module) -> int:
    if isinstance(module, LazyModuleMixin) and module.has_uninitialized_params():
        return 0
    return sum(parameter.numel() for parameter in module.parameters())
