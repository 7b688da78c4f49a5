"""What a rule file claims of its effect, and what was found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mutagen.errors import Place

if TYPE_CHECKING:
    from mutagen.records.span import Span

ClaimFact = Literal["instances", "sites", "params", "macs", "keys_lost", "keys_moved", "keys_new"]
Unit = Literal["count", "change", "share"]


@dataclass(frozen=True, slots=True)
class Claim:
    """A range that a number must lie in, both ends included, None where it is open.

    A ``count`` is the number itself, a ``change`` the difference that the rules make, a ``share`` that difference in
    percent of what was there before. ``rule`` is empty for the budget of a file; ``wanted`` is the text as written.
    """

    rule: str
    fact: ClaimFact
    wanted: str
    low: float | None
    high: float | None
    unit: Unit
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class SiteCost:
    """What one edited place adds, over all of its instances."""

    span: Span
    rule: str
    amount: int
    instances: int


@dataclass(frozen=True, slots=True)
class Finding:
    """A claim and what was found; ``found`` is None where that cannot be known, for the reason in ``note``.

    ``costliest`` are the places that cost most, for a budget that is exceeded.
    """

    claim: Claim
    met: bool
    found: str | None
    note: str = ""
    costliest: tuple[SiteCost, ...] = ()
