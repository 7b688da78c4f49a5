"""A stable code of an error or refusal, explained."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Explained:
    """What a code means: in a few words, why it comes up, an example, and what to do."""

    code: str
    what: str
    cause: str
    example: str
    cure: str
