"""What the two sessions of a proof tell their parent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from mutagen.records.result import Case

Mode = Literal["eval", "train"]


@dataclass(frozen=True, slots=True)
class Tally:
    """Elements of parameters and buffers (shared ones once), multiply-adds of one sample in eval mode.

    ``macs`` is -1 where the model could not be run for counting. ``uncounted`` maps the operations that have no
    formula (elementwise ones, norms, pooling, unknown ones) to how often they were called.
    """

    params: int
    buffers: int
    macs: int
    uncounted: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TensorFacts:
    """Name, shape and type of one output tensor."""

    name: str
    shape: tuple[int, ...]
    dtype: str


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """One run of the original: mode, input shapes, file of the reference, outputs and how they are nested.

    ``unreached`` are the parameters of the original that no output depends on in this mode.
    """

    mode: Mode
    shapes: tuple[tuple[int, ...], ...]
    file: str
    structure: str
    outputs: tuple[TensorFacts, ...]
    unreached: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReferenceInfo:
    """What the reference session hands over: cases, names and shapes of the original, its counts."""

    cases: tuple[CaseFacts, ...]
    gain: float
    keys: Mapping[str, tuple[int, ...]]
    names: frozenset[str]
    counts: Tally
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EditedRun:
    """What is known of one run of the edited model; ``error`` is the message of a run that raised."""

    mode: Mode
    shapes: tuple[tuple[int, ...], ...]
    structure: str = ""
    outputs: tuple[TensorFacts, ...] = ()
    unreached: tuple[str, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True)
class Findings:
    """What the session of the edited model found; ``bit_equal`` speaks of all cases together."""

    cases: tuple[Case, ...]
    bit_equal: bool
    runs: tuple[EditedRun, ...]
    keys: Mapping[str, tuple[int, ...]]
    counts: Tally
    notes: tuple[str, ...] = field(default=())
