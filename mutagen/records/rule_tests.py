"""What a rule file says must happen on a model, for its own test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mutagen.errors import Place

if TYPE_CHECKING:
    from mutagen.records.claims import Claim


@dataclass(frozen=True, slots=True)
class RuleTest:
    """One test, at ``place``: a model as a file or as ``source``, and what the rules of ``file`` must do to it.

    ``rules`` are the ids that are applied, all of them where it is empty. ``claims`` are about all of these together;
    ``refused`` are the codes with which targets must be refused, and ``patch`` is the file that holds the change.
    """

    name: str
    file: str
    place: Place
    model: str | None = None
    source: str | None = None
    call: str | None = None
    inputs: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()
    refused: tuple[str, ...] = ()
    patch: str | None = None
