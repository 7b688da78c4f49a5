"""What travels between the stages of a run."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from mutagen.blocks.catalogue import load_blocks
from mutagen.records.blocks import Block
from mutagen.records.collateral import Collateral
from mutagen.records.match import RuleMatches
from mutagen.records.plan import Edit, Plan
from mutagen.records.result import FileChange, Verdict
from mutagen.records.target import Call, Target
from mutagen.records.trace import Trace
from mutagen.records.vendor import Vendored
from mutagen.sandbox.runner import Session
from mutagen.source.project import Project
from mutagen.verify.shrunk import Smaller

NOTHING_COPIED = Vendored()
_STAGES = logging.getLogger("mutagen.stages")


@dataclass
class Clock:
    """Seconds spent in each stage."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        _STAGES.debug(name)
        start = time.perf_counter()
        yield
        self.seconds[name] = round(self.seconds.get(name, 0.0) + time.perf_counter() - start, 4)


@dataclass(frozen=True)
class Traced:
    """A run up to its plan, with the session that prepares the proof, if there is to be one, and one for the edited.

    With a ``smaller`` configuration this is the one that is prepared, and ``full`` is the session of the model itself.
    ``refused`` are edits that a review did not want, of plans before this one.
    """

    original: Session | None
    edited: Session | None
    target: Target
    trace: Trace
    project: Project
    plan: Plan
    found: tuple[RuleMatches, ...] = ()
    named: Mapping[str, Call] = field(default_factory=dict)
    smaller: Smaller | None = None
    full: Session | None = None
    late: bool = False
    reviewed: bool = False
    refused: frozenset[Edit] = frozenset()
    vendored: Vendored = NOTHING_COPIED
    tracked: Mapping[str, str] | None = None
    made_of: Mapping[str, str] = field(default_factory=dict)
    blocks: Mapping[str, Block] = field(default_factory=load_blocks)


@dataclass(frozen=True)
class Proved:
    """A change with what was found about it."""

    traced: Traced
    changes: tuple[FileChange, ...]
    verdict: Verdict
    collateral: tuple[Collateral, ...]
