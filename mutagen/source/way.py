"""The way from an expression to what it may stand for."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from mutagen.source.activation import Activation
from mutagen.source.file import SourceFile


@dataclass(frozen=True)
class Step:
    """An expression on the way. ``keys`` are the ends of what it looks something up by."""

    act: Activation
    node: ast.AST
    keys: tuple[End, ...] = ()


@dataclass(frozen=True)
class End:
    """``bound`` are the ``partial`` calls passed through, ``way`` every expression up to the end, the first first.

    ``origin`` is the dotted name that the end has by the imports of its file, if any.
    """

    act: Activation
    node: ast.AST
    way: tuple[Step, ...] = ()
    bound: tuple[ast.Call, ...] = ()
    origin: str | None = None


@dataclass(frozen=True)
class Point:
    """How far one has come: ``node`` is looked at for ``act``, and stands in the file of ``home``, if that differs."""

    act: Activation
    node: ast.AST
    way: tuple[Step, ...] = ()
    bound: tuple[ast.Call, ...] = ()
    keys: tuple[End, ...] = ()
    home: Activation | None = None

    def passed(self) -> tuple[Step, ...]:
        """The way with this point on it."""
        return (*self.way, Step(self.home or self.act, self.node, self.keys))

    def to(self, node: ast.AST) -> Point:
        """One step further."""
        return Point(self.act, node, self.passed(), self.bound)

    def inside(self, act: Activation) -> Point:
        """The same expression, whose value comes from another activation."""
        if act is self.act:
            return self
        return Point(act, self.node, self.way, self.bound, self.keys, self.home or self.act)

    def looking_up(self, keys: tuple[End, ...]) -> Point:
        """The same expression, which looks something up by ``keys``."""
        return replace(self, keys=keys)

    def end(self) -> End:
        """The expression as one that cannot be followed further."""
        return End(self.home or self.act, self.node, self.way, self.bound)


class Following(Protocol):
    """What each kind of expression needs to be followed: the ends of another one."""

    def open_file(self, path: str) -> SourceFile: ...

    def ends(self, act: Activation, node: ast.AST) -> tuple[End, ...]: ...

    def follow(self, point: Point) -> Iterator[End]: ...
