"""Makes every call of the user's own ``autograd.Function`` one node, so that its own backward is kept."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from types import FrameType
from typing import Any, cast

from torch.autograd import Function

from mutagen.trace.naming import is_torch
from mutagen.trace.operation_names import snake

Apply = Callable[[Callable[..., Any], tuple[Any, ...], dict[str, Any], FrameType], Any]


_original = Function.__dict__["apply"]
_called: list[Apply] = []


def install() -> None:
    """Makes ``own_functions`` work in this process; before the import of what keeps ``MyFunction.apply`` somewhere."""
    cast(Any, Function).apply = classmethod(_apply)


def _apply(cls: type[Function], *args: Any, **kwargs: Any) -> Any:
    if not _called or is_torch(cls):
        return _original.__get__(None, cls)(*args, **kwargs)
    return _called[-1](_callable(cls), args, kwargs, sys._getframe(1))


@contextmanager
def own_functions(called: Apply) -> Iterator[None]:
    """Hands every ``apply`` inside the block to ``called``, save those of torch's own functions.

    Tracing by fx would otherwise walk through the forward of such a function and lose its backward.
    """
    _called.append(called)
    try:
        yield
    finally:
        _called.pop()


@cache
def _callable(kind: type[Function]) -> Callable[..., Any]:
    def apply(*args: Any, **kwargs: Any) -> Any:
        return _original.__get__(None, kind)(*args, **kwargs)

    apply.__name__ = apply.__qualname__ = snake(kind.__name__)
    apply.__module__ = kind.__module__
    return apply
