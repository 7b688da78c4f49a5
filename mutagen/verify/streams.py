"""Randomness in forward, by streams that are keyed by seed, scope and order within the scope.

A new dropout consumes numbers, and all later masks of a run would differ. Here each random operation is seeded by the
path of the module whose forward calls it and by how many the module has called before, in the traced graph and in
the eager model alike.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from mutagen.verify.draw import seed_of

_T = TypeVar("_T")
_RANDOM = torch.Tag.nondeterministic_seeded


class Streams(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """While active, seeds every random operation; ``paths`` maps the identity of modules to their common paths."""

    def __init__(self, seed: int, paths: Mapping[int, str]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._seed = seed
        self._paths = paths
        self._stack: list[str] = [""]
        self._drawn: Counter[str] = Counter()

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # else the first operation imports torch._dynamo, which takes seconds

    @property
    def drew(self) -> bool:
        """Whether any random operation ran."""
        return bool(self._drawn)

    @contextmanager
    def within(self, scope: str) -> Iterator[None]:
        """Let ``scope`` be the caller of what runs inside the block."""
        self._stack.append(scope)
        try:
            yield
        finally:
            self._stack.pop()

    def enter(self, module: nn.Module, _: object) -> None:
        """Be told that a module is called; one that is not known counts as its caller."""
        self._stack.append(self._paths.get(id(module), self._stack[-1]))

    def leave(self, _: nn.Module, __: object, ___: object) -> None:
        """Be told that a module returns."""
        self._stack.pop()

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        if _RANDOM in func.tags:
            scope = self._stack[-1]
            number = seed_of(self._seed, f"{scope}#{self._drawn[scope]}")
            self._drawn[scope] += 1
            given = (kwargs or {}).get("generator")
            (torch.default_generator if given is None else given).manual_seed(number)
        return func(*args, **(kwargs or {}))


@contextmanager
def streams(seed: int, modules: Mapping[int, str]) -> Iterator[Streams]:
    """Activate streams for one run; the global generators of torch, Python and numpy are as before afterwards."""
    active = Streams(seed, modules)
    before = torch.nn.modules.module.register_module_forward_pre_hook(active.enter)
    after = torch.nn.modules.module.register_module_forward_hook(active.leave, always_call=True)
    try:
        with torch.random.fork_rng(devices=[]), _foreign(seed), active:
            yield active
    finally:
        before.remove()
        after.remove()


def with_chance(look: Callable[[Streams | None], _T], *, seed: int, modules: Mapping[int, str], chance: bool) -> _T:
    """What ``look`` finds in a run under streams, or without them where it draws no numbers: they cost time.

    ``chance`` says that numbers will be drawn. Without it the run is made again if it turns out to draw some.
    """
    if not chance:
        before = torch.get_rng_state(), foreign_state()
        found = look(None)
        after = torch.get_rng_state(), foreign_state()
        if torch.equal(before[0], after[0]) and before[1] == after[1]:
            return found
    with streams(seed, modules) as active:
        return look(active)


@contextmanager
def _foreign(seed: int) -> Iterator[None]:
    state, restore = random.getstate(), _numpy_restorer(seed)
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(state)
        restore()


def _numpy_restorer(seed: int) -> Callable[[], None]:
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return lambda: None
    state = numpy.random.get_state()
    numpy.random.seed(seed % 2**32)
    return lambda: numpy.random.set_state(state)


def foreign_state() -> object:
    """Return a value that changes when Python's or numpy's global generator is drawn from."""
    numpy = sys.modules.get("numpy")
    drawn = numpy.random.get_state() if numpy is not None else None
    return random.getstate(), None if drawn is None else (drawn[1].tobytes(), drawn[2:])


def module_paths(model: nn.Module, *, rename: Callable[[str], str] | None = None) -> dict[int, str]:
    """Map the identity of each module to the (common) name of its first path."""
    return {id(module): rename(path) if rename else path for path, module in model.named_modules()}
