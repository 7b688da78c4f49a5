"""Remembers by which calls every module of a model is made, while it is being made.

``nn.Module.__new__`` cannot be deleted once it is set: CPython then rejects the arguments of constructors. So this
is for a process that exists for one target, and a pass-through takes the recorder's place afterwards.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from torch import nn

from mutagen.trace.provenance import Link, Walker, links

Given = tuple[tuple[Any, ...], dict[str, Any]]
"""Positional and keyword arguments of a constructor."""

_COPIERS = {"__newobj__": ("_reconstruct", "x"), "default_deepcopy": (None, "self")}


class Births:
    """The modules that were made while recording, by identity: their chains, if wanted, and constructors' arguments."""

    def __init__(self, *, chains: bool = True) -> None:
        self.chains = chains
        self._known: dict[int, tuple[weakref.ref[nn.Module], Link | None, Given | None]] = {}
        self.walker = Walker()

    def chain(self, module: nn.Module) -> Link | None:
        """The innermost link of what made a module; None where that is not known."""
        known = self._known.get(id(module))
        return known[1] if known is not None and known[0]() is module else None

    def given(self, module: nn.Module) -> Given | None:
        """What the constructor of a module, or of its original, was given; None where that is not known."""
        known = self._known.get(id(module))
        return known[2] if known is not None and known[0]() is module else None

    def record(self, module: nn.Module, frame: FrameType | None, given: Given | None = None) -> None:
        """Remembers a module that ``frame`` makes; a copy also has the chain of its original."""
        original = _original(frame)
        here = self.walker.chain(frame) if self.chains else None
        if original is not None:
            here = _graft(self.chain(original), here)
            given = self.given(original)
        self._known[id(module)] = (weakref.ref(module), here, given)


def _original(frame: FrameType | None) -> nn.Module | None:
    """What is being copied, when ``frame`` belongs to the copying machinery of Python or torch."""
    if frame is None or frame.f_code.co_name not in _COPIERS:
        return None
    caller, name = _COPIERS[frame.f_code.co_name]
    source = frame if caller is None else frame.f_back
    if source is None or (caller is not None and source.f_code.co_name != caller):
        return None
    value = source.f_locals.get(name)
    return value if isinstance(value, nn.Module) else None


def _graft(original: Link | None, copying: Link | None) -> Link | None:
    """The original's chain, as far as it is not the copy's own, followed by the copying call and what is around it."""
    around = {(link.frame, link.span) for link in links(copying)}
    chain = copying
    for link in reversed(links(original)):
        if (link.frame, link.span) not in around:
            chain = Link(link.span, link.function, link.frame, link.names, link.owner, chain)
    return chain


def _make(cls: type[nn.Module]) -> nn.Module:
    return super(nn.Module, cls).__new__(cls)


@contextmanager
def recording(births: Births | None = None, *, chains: bool = True) -> Iterator[Births]:
    """Records the births of modules inside the block, beside those that are known already.

    Without ``chains`` only what their constructors are given is recorded.
    """
    births = births or Births(chains=chains)

    def record(cls: type[nn.Module], *args: Any, **kwargs: Any) -> nn.Module:
        module = _make(cls)
        if cls.__new__ is record:
            births.record(module, sys._getframe(1), (args, kwargs))
        return module

    nn.Module.__new__ = staticmethod(record)  # type: ignore[assignment]
    try:
        yield births
    finally:
        nn.Module.__new__ = staticmethod(_pass_through)  # type: ignore[assignment]
        births.walker.forget()


def _pass_through(cls: type[nn.Module], *_: Any, **__: Any) -> nn.Module:
    return _make(cls)
