"""Chains of the calls that are going on, from the live frame outwards.

One frame is walked at a time and only as far as the walk before it: what stands further out has not moved since. So the
cost grows with the calls, not with their depth. Frames are held only until the next walk, lest they keep tensors.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType
from typing import ParamSpec, TypeVar

from torch import nn

from mutagen.records.rules import Value
from mutagen.records.span import Span
from mutagen.records.trace import CallSite
from mutagen.trace.naming import names_of
from mutagen.trace.places import file_kind, span_of

_P = ParamSpec("_P")
_R = TypeVar("_R")
_GENERATOR = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


@dataclass(slots=True, eq=False)
class Link:
    """One level of a chain whose ``self`` is still an object; ``outer`` is the level further out."""

    span: Span
    function: str
    frame: int
    names: dict[str, Value]
    owner: nn.Module | None
    outer: Link | None
    site: CallSite | None = None


@dataclass(slots=True)
class _Level:
    """One frame of the last walk: a user's frame has a number and the link that was made of it."""

    frame: FrameType
    number: int
    link: Link | None


@dataclass(slots=True)
class Walker:
    """Makes chains; one walker numbers the activations of one run. Without ``names`` it looks at no values."""

    names: bool = True
    _count: int = 0
    _last: dict[int, _Level] = field(default_factory=dict)
    _suspended: dict[int, _Level] = field(default_factory=dict)

    def chain(self, frame: FrameType | None) -> Link | None:
        """The innermost link of the chain that starts at ``frame``."""
        fresh, rest, outer = self._fresh(frame)
        levels = {id(level.frame): level for level in rest}
        for level in reversed(fresh):
            outer = level.link = self._link(level, outer)
            levels[id(level.frame)] = level
        self._last = levels
        return outer

    def forget(self) -> None:
        """Lets go of all frames."""
        self._last = {}
        self._suspended = {}

    def _fresh(self, frame: FrameType | None) -> tuple[list[_Level], list[_Level], Link | None]:
        """Levels to look at anew, innermost first; the levels that stand as before; the link to go on from."""
        fresh: list[_Level] = []
        while frame is not None and frame.f_code is not _BOUNDARY:
            kind = file_kind(frame.f_code.co_filename)
            if kind == "end":
                break
            known = self._last.get(id(frame))
            generator = bool(frame.f_code.co_flags & _GENERATOR)
            if known is not None and not generator and kind == "user":
                fresh.append(known)
                return fresh, *self._standing(frame.f_back)
            if kind == "user":
                fresh.append(self._level(frame, known if known is not None else self._suspended.get(id(frame))))
                if generator:
                    self._suspended[id(frame)] = fresh[-1]
            frame = frame.f_back
        return fresh, [], None

    def _standing(self, frame: FrameType | None) -> tuple[list[_Level], Link | None]:
        rest: list[_Level] = []
        while frame is not None and frame.f_code is not _BOUNDARY:
            level = self._last.get(id(frame))
            if level is not None:
                rest.append(level)
            frame = frame.f_back
        return rest, rest[0].link if rest else None

    def _level(self, frame: FrameType, known: _Level | None) -> _Level:
        if known is not None and known.frame is frame:
            return known
        self._count += 1
        return _Level(frame, self._count, None)

    def _link(self, level: _Level, outer: Link | None) -> Link | None:
        frame = level.frame
        span = span_of(frame)
        if span is None:
            return outer
        names = names_of(frame) if self.names else {}
        before = level.link
        if before is not None and before.names == names and _same_kinds(before.names, names):
            names = before.names
            if before.span == span and before.outer is outer:
                return before
        return Link(span, frame.f_code.co_qualname, level.number, names, _self_of(frame), outer)


def _same_kinds(one: dict[str, Value], other: dict[str, Value]) -> bool:
    """Whether equal values are of equal types too: 1 == True == 1.0 must not be mixed up."""
    return all(type(value) is type(other[name]) for name, value in one.items())


def _self_of(frame: FrameType) -> nn.Module | None:
    local = frame.f_locals
    owner = local.get("self")
    code = frame.f_code
    if owner is None and code.co_argcount and "<locals>" not in code.co_qualname and "." in code.co_qualname:
        owner = local.get(code.co_varnames[0])
    return owner if isinstance(owner, nn.Module) else None


def boundary(function: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
    """Calls a function; chains of what happens inside end here."""
    return function(*args, **kwargs)


_BOUNDARY = boundary.__code__


def links(innermost: Link | None) -> list[Link]:
    """A chain as a list, innermost first."""
    found = []
    while innermost is not None:
        found.append(innermost)
        innermost = innermost.outer
    return found


def resolve(innermost: Link | None, paths: dict[int, str]) -> tuple[CallSite, ...]:
    """The chain as records; ``paths`` maps the identity of the model's modules to their dotted paths."""
    sites = []
    for link in links(innermost):
        if link.site is None:
            owner = paths.get(id(link.owner)) if link.owner is not None else None
            link.site = CallSite(link.span, link.function, link.frame, owner, link.names)
        sites.append(link.site)
    return tuple(sites)
