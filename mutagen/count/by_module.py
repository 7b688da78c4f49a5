"""Count what each module of a model costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from torch import nn

from mutagen.count.model import Counting, counted_run, samples_in


class _ByModule(Counting):  # type: ignore[no-untyped-call]
    """Adds what is spent to every module that is running."""

    def __init__(self) -> None:
        super().__init__()
        self.running: list[int] = []
        self.spent: Counter[int] = Counter()

    def spend(self, flops: int) -> None:
        super().spend(flops)
        for key in set(self.running):
            self.spent[key] += flops


def count_modules(
    model: nn.Module, args: Sequence[Any], *, kwargs: Mapping[str, Any] | None = None
) -> dict[int, int] | None:
    """Multiply-adds of one sample by the identity of the module, all its calls and all that it holds included.

    None where the model cannot be run for counting. Convention as for ``count_model``.
    """
    counting = _ByModule()
    with _followed(counting):
        done = counted_run(counting, model, args, kwargs or {})
    samples = samples_in([*args, *(kwargs or {}).values()])
    return {key: flops // 2 // samples for key, flops in counting.spent.items()} if done else None


@contextmanager
def _followed(counting: _ByModule) -> Iterator[None]:
    original = nn.Module.__call__

    def call(self: nn.Module, *args: Any, **kwargs: Any) -> Any:
        counting.running.append(id(self))
        try:
            return original(self, *args, **kwargs)
        finally:
            counting.running.pop()

    nn.Module.__call__ = call  # type: ignore[method-assign]
    try:
        yield
    finally:
        nn.Module.__call__ = original  # type: ignore[method-assign]
