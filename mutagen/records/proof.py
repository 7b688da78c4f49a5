"""What the two sessions of a proof tell their parent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from mutagen.errors import Place

if TYPE_CHECKING:
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
    """One case: its number, mode, input shapes, file of the reference, outputs of the original and how they are nested.

    ``backward`` says that the original can be differentiated, ``graded`` that it runs at all where gradients are
    recorded. ``unreached`` are the parameters of the original that
    no output depends on in this mode.
    """

    number: int
    mode: Mode
    shapes: tuple[tuple[int, ...], ...]
    file: str
    structure: str
    outputs: tuple[TensorFacts, ...]
    backward: bool = True
    graded: bool = True
    unreached: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseStart:
    """What it takes to run a case: mode and file of the inputs; the original draws random numbers by ``chance``.

    ``graded`` says that it runs where gradients are recorded.
    """

    mode: Mode
    file: str
    chance: bool
    graded: bool


@dataclass(frozen=True, slots=True)
class ReferenceInfo:
    """What is known of the original once its cases are chosen: these, names and shapes, counts."""

    cases: tuple[CaseStart, ...]
    gain: float
    keys: Mapping[str, tuple[int, ...]]
    names: frozenset[str]
    counts: Tally
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EditedInfo:
    """What is known of the edited model before it runs."""

    keys: Mapping[str, tuple[int, ...]]
    counts: Tally
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EditedRun:
    """One run of the edited model and how it compares; ``error`` is the message of a run that raised.

    ``place`` is where it asked a module for what it does not have, None where that is not the reason.
    """

    case: Case
    bit_equal: bool = False
    structure: str = ""
    outputs: tuple[TensorFacts, ...] = ()
    unreached: tuple[str, ...] = ()
    error: str = ""
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Operations:
    """What a run computes, as marks: equal ones stand for the same operations on the same tensors.

    ``outputs`` are those of the result's tensors in order, ``after`` those of inputs and buffers when it is over.
    """

    structure: str
    outputs: tuple[str, ...]
    after: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Outline:
    """What is known of a model without values: its operations by mode, the shapes of its keys, counts, names."""

    modes: Mapping[Mode, Operations]
    keys: Mapping[str, tuple[int, ...]]
    counts: Tally
    names: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()
