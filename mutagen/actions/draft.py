"""What an action comes to: edits, surgery, refusals."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

from mutagen.records.plan import Definition, Edit, Import, Product, Refusal, Surgery


@dataclass(frozen=True)
class Draft:
    """The outcome for some matches of one rule. ``planned`` are paths that will change, ``notes`` are for the report."""

    edits: tuple[Edit, ...] = ()
    definitions: tuple[Definition, ...] = ()
    imports: tuple[Import, ...] = ()
    surgery: tuple[Surgery, ...] = ()
    products: tuple[Product, ...] = ()
    refused: tuple[Refusal, ...] = ()
    planned: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def join(drafts: Iterable[Draft]) -> Draft:
    """One draft out of several, in order, without repetitions."""
    parts = tuple(drafts)
    return Draft(**{field.name: _unique(getattr(part, field.name) for part in parts) for field in fields(Draft)})


def _unique(groups: Iterable[tuple[object, ...]]) -> tuple[object, ...]:
    found: list[object] = []
    for group in groups:
        found.extend(item for item in group if item not in found)
    return tuple(found)
