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

_COPIERS = {"__newobj__": ("_reconstruct", "x"), "default_deepcopy": (None, "self")}


class Births:
    """The chains of the modules that were made while recording, by identity."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[weakref.ref[nn.Module], Link | None]] = {}
        self.walker = Walker()

    def chain(self, module: nn.Module) -> Link | None:
        """The innermost link of what made a module; None where that is not known."""
        known = self._known.get(id(module))
        return known[1] if known is not None and known[0]() is module else None

    def record(self, module: nn.Module, frame: FrameType | None) -> None:
        """Remembers a module that ``frame`` makes; a copy also has the chain of its original."""
        original = _original(frame)
        here = self.walker.chain(frame)
        if original is not None:
            here = _graft(self.chain(original), here)
        self._known[id(module)] = (weakref.ref(module), here)


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
def recording() -> Iterator[Births]:
    """Records the births of modules inside the block."""
    births = Births()

    def record(cls: type[nn.Module], *_: Any, **__: Any) -> nn.Module:
        module = _make(cls)
        if cls.__new__ is record:
            births.record(module, sys._getframe(1))
        return module

    nn.Module.__new__ = staticmethod(record)  # type: ignore[assignment]
    try:
        yield births
    finally:
        nn.Module.__new__ = staticmethod(_pass_through)  # type: ignore[assignment]
        births.walker.forget()


def _pass_through(cls: type[nn.Module], *_: Any, **__: Any) -> nn.Module:
    return _make(cls)
