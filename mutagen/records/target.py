"""What to change and how to build it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from mutagen.records.rules import Value


Device = Literal["cpu", "meta"]


@dataclass(frozen=True, slots=True)
class Name:
    """A dotted name in a model call."""

    dotted: str


@dataclass(frozen=True, slots=True)
class Call:
    """A model call: literals, nested calls and names; ``callee`` is dotted."""

    callee: str
    args: tuple[CallValue, ...] = ()
    kwargs: Mapping[str, CallValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Collection:
    """A list, tuple or dict display in a model call; a dict holds (key, value) pairs as two-element tuples."""

    kind: str
    items: tuple[CallValue, ...]


CallValue: TypeAlias = "Value | Name | Call | Collection"


@dataclass(frozen=True, slots=True)
class InputSpec:
    """One example input: ``1x3x224x224`` or ``ids=1x128:int64``. Whole numbers are drawn below ``high``."""

    shape: tuple[int, ...]
    dtype: str = "float32"
    name: str | None = None
    high: int = 2


@dataclass(frozen=True, slots=True)
class Target:
    """A model to build in a child process.

    ``file`` is absolute, ``module`` the dotted name it is imported by, ``paths`` what goes in front of ``sys.path``.
    ``overlay`` maps absolute paths of source files to the bytes to use instead of what is on disk. ``devices`` are
    tried in this order; on the CPU the weights may take ``memory`` bytes where that is given. ``counted`` asks for the
    multiply-adds of each module.
    """

    file: str
    module: str
    paths: tuple[str, ...]
    root: str
    call: Call | None = None
    inputs: tuple[InputSpec, ...] = ()
    inputs_from: str | None = None
    overlay: Mapping[str, bytes] = field(default_factory=dict)
    devices: tuple[Device, ...] = ("cpu",)
    memory: int | None = None
    counted: bool = False
