"""What an action comes to: edits, surgery, refusals."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from mutagen.records.plan import Definition, Edit, Import, Product, Refusal, Surgery

Item = TypeVar("Item")


@dataclass(frozen=True)
class Draft:
    """The outcome for some matches of one rule; ``planned`` are the paths that will change."""

    edits: tuple[Edit, ...] = ()
    definitions: tuple[Definition, ...] = ()
    imports: tuple[Import, ...] = ()
    surgery: tuple[Surgery, ...] = ()
    products: tuple[Product, ...] = ()
    refused: tuple[Refusal, ...] = ()
    planned: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    switches: tuple[str, ...] = ()

    def without(self, cured: Collection[str]) -> Draft:
        """The same without the refusals for these paths, which something else has changed."""
        return replace(self, refused=tuple(it for it in self.refused if it.path not in cured))


def join(drafts: Iterable[Draft]) -> Draft:
    """One draft out of several, in order; what is said twice is kept once."""
    parts = tuple(drafts)
    return Draft(
        edits=_once(edit for part in parts for edit in part.edits),
        definitions=_once(it for part in parts for it in part.definitions),
        imports=_once(it for part in parts for it in part.imports),
        surgery=tuple(step for part in parts for step in part.surgery),
        products=_once(product for part in parts for product in part.products),
        refused=_once(refusal for part in parts for refusal in part.refused),
        planned=_once(path for part in parts for path in part.planned),
        sites=_once(site for part in parts for site in part.sites),
        notes=_once(note for part in parts for note in part.notes),
        switches=_once(name for part in parts for name in part.switches),
    )


def of_each(
    groups: Iterable[Sequence[Item]], make: Callable[[Sequence[Item]], Draft | str], key: Callable[[Item], str]
) -> tuple[list[Draft], dict[str, str]]:
    """What is made of each group, and for the members of the others, by ``key``, why there is nothing."""
    drafts: list[Draft] = []
    why: dict[str, str] = {}
    for group in groups:
        made = make(group)
        if isinstance(made, Draft):
            drafts.append(made)
        else:
            why |= {key(it): made for it in group}
    return drafts, why


def _once(items: Iterable[Item]) -> tuple[Item, ...]:
    return tuple(dict.fromkeys(items))
