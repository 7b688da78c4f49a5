"""What became of one target, for those who tell it."""

from __future__ import annotations

from dataclasses import dataclass

from mutagen.errors import MutagenError
from mutagen.records.result import Report


@dataclass(frozen=True)
class Told:
    """A target with its report, or with the error that there was in its place."""

    target: str
    report: Report | None = None
    error: MutagenError | None = None

    @property
    def status(self) -> str:
        """The status of the report; an error has failed."""
        return self.report.status if self.report else "failed"
