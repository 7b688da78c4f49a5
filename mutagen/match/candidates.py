"""What a matcher hands to the tests of a query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mutagen.match.subjects import Subject


@dataclass(frozen=True, slots=True)
class Candidates:
    """Subjects of one kind; ``noun`` names them, ``misses`` counts what came close to the kind."""

    subjects: tuple[Subject, ...]
    noun: str
    misses: Mapping[str, int] = field(default_factory=dict)
    note: str = ""
