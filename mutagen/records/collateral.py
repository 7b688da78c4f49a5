"""What else the edited files build, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mutagen.records.target import Call


@dataclass(frozen=True, slots=True)
class Other:
    """A model beside the target's that a file can build: its call, as it is shown, and as data."""

    name: str
    file: str
    call: Call


@dataclass(frozen=True, slots=True)
class Built:
    """A model that was built: number of parameters (elements), and the class of the module at each path."""

    params: int
    modules: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Swap:
    """How many modules of a class are of another class now; None stands for no module."""

    before: str | None
    after: str | None
    count: int


@dataclass(frozen=True, slots=True)
class Changed:
    """What differs in a model: parameters (elements) before and after, and classes."""

    params: tuple[int, int]
    classes: tuple[Swap, ...]


@dataclass(frozen=True, slots=True)
class Collateral:
    """One other model. ``built_*`` is None where it was not tried, or did not come to an end within the limits.

    ``changed`` is None where both were built and are alike, or where they cannot be compared; ``note`` says why a
    model was not built.
    """

    name: str
    file: str
    built_before: bool | None
    built_after: bool | None
    changed: Changed | None = None
    note: str = ""
