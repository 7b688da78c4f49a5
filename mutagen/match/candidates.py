"""What a matcher hands to the tests of a query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mutagen.match.subjects import Subject


@dataclass(frozen=True, slots=True)
class Candidates:
    """Subjects of one kind; ``noun`` names them, ``misses`` counts what came close to the kind.

    ``seen`` is how many were looked at, where that is not the number of subjects.
    """

    subjects: tuple[Subject, ...]
    noun: str
    misses: Mapping[str, int] = field(default_factory=dict)
    note: str = ""
    seen: int | None = None

    @property
    def count(self) -> int:
        """How many were looked at."""
        return len(self.subjects) if self.seen is None else self.seen
