"""What there is to see of a model before anything is changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from mutagen.records.span import Span
from mutagen.records.trace import Trace

JoinKind = Literal["residual", "skip", "concat"]


@dataclass(frozen=True, slots=True)
class Operand:
    """A tensor that is joined: the module or operation that made it, its shape, and what it is to the join.

    ``role`` is "branch", "shortcut", "skip" or "" where it is none of these.
    """

    source: str
    shape: tuple[int, ...] | None
    role: str = ""


@dataclass(frozen=True, slots=True)
class Join:
    """A residual addition, a skip, or another concatenation, in the module ``scope`` ("" is the model)."""

    kind: JoinKind
    scope: str
    where: Span | None
    operands: tuple[Operand, ...]
    shortcut: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """A traced model with what is recognised in it.

    ``macs`` are multiply-adds of one sample by path, None where they cannot be counted. ``blocks`` maps paths to what
    the module computes ("residual", "squeeze-excite"), ``products`` to the catalogue block that stands there. ``sites``
    are the innermost editable expressions that made the instances, by path.
    """

    trace: Trace
    macs: Mapping[str, int] | None
    blocks: Mapping[str, tuple[str, ...]]
    products: Mapping[str, str]
    joins: tuple[Join, ...]
    sites: Mapping[str, Span]


@dataclass(frozen=True, slots=True)
class Miss:
    """What one test of a rule turns away: how many candidates, and their paths with what they have for the fact."""

    test: str
    count: int
    examples: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Selected:
    """What one rule selects: paths with the editable expression that makes or calls each, and what it passes over."""

    rule: str
    why: str
    explanation: str
    matched: tuple[tuple[str, Span | None], ...]
    already: tuple[str, ...]
    misses: tuple[Miss, ...]
    spared: tuple[str, ...] = ()
