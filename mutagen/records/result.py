"""What came out: changed files, proof, counts, report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from mutagen.records.claims import Finding
    from mutagen.records.collateral import Collateral
    from mutagen.records.plan import Plan
    from mutagen.records.target import Device


Status = Literal["applied", "would_change", "unchanged", "refused", "failed"]
CheckStatus = Literal["pass", "fail", "warn", "info", "n/a"]


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file before and after; ``before`` is None for a new file."""

    path: str
    before: bytes | None
    after: bytes


@dataclass(frozen=True, slots=True)
class Case:
    """One comparison: mode, shapes, and what was found."""

    mode: Literal["eval", "train"]
    shapes: tuple[tuple[int, ...], ...]
    equal: bool
    max_abs_diff: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    """Whether the edited source computes what the rules mean, and how it was found out.

    ``kind`` is ``model``, or ``shrunk`` where the numbers are those of a smaller configuration, the call ``on``.
    """

    equal: bool
    bit_equal: bool
    max_abs_diff: float
    cases: tuple[Case, ...]
    kind: Literal["model", "shrunk"] = "model"
    on: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at beside the proof."""

    name: str
    status: CheckStatus
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """Parameters, buffers (elements) and MACs (multiply-adds of one sample) before and after."""

    params: tuple[int, int]
    buffers: tuple[int, int]
    macs: tuple[int, int]
    uncounted: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Weights:
    """State-dict keys: kept as they are, moved (old to new), new, lost."""

    kept: tuple[str, ...]
    moved: Mapping[str, str]
    new: tuple[str, ...]
    lost: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Everything that verification found."""

    proof: Proof
    checks: tuple[Check, ...]
    counts: Counts
    weights: Weights


@dataclass(frozen=True, slots=True)
class Report:
    """The whole run, for people and machines.

    ``collateral`` are the other models of the edited files, ``importers`` the files that import each edited one,
    ``sources`` those that were imported for the run. ``tracked`` are the files that the rules speak of and may edit,
    None where nobody wanted to know, and ``made_of`` those that the rules were read from, both with their SHA-256.
    ``findings`` are what became of the claims of the rules.
    """

    status: Status
    plan: Plan
    trace_method: str
    nodes: int
    modules: int
    files: tuple[FileChange, ...] = ()
    verdict: Verdict | None = None
    timing: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    failure: str = ""
    collateral: tuple[Collateral, ...] = ()
    importers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    device: Device = "cpu"
    sources: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    tracked: Mapping[str, str] | None = None
    made_of: Mapping[str, str] = field(default_factory=dict)

    @property
    def stands(self) -> bool:
        """Whether nothing is left to do: the files are what the rules want, as far as they may go."""
        if self.status == "unchanged":
            return True
        allowed = all(it.partial == "allow" for it in self.plan.rules if it.refused)
        return self.status == "refused" and not self.plan.edits and allowed
