"""What becomes of every key of an old checkpoint."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mutagen.records.plan import Product
from mutagen.records.result import Weights
from mutagen.verify.names import canonical_names

Shapes = Mapping[str, tuple[int, ...]]


def compare_keys(before: Shapes, after: Shapes, *, products: Iterable[Product]) -> Weights:
    """Sort the keys of both state dicts into kept, moved (old to new), new and lost.

    A key counts as kept or moved only with its shape; one whose shape changed is lost and new.
    """
    canonical = canonical_names(products, frozenset(before))
    kept = dict.fromkeys(key for key, shape in after.items() if before.get(key) == shape)
    moved = {
        old: key
        for key, shape in after.items()
        if key not in kept and (old := canonical(key)) != key and before.get(old) == shape and old not in kept
    }
    arrived = {*kept, *moved.values()}
    return Weights(
        kept=tuple(kept),
        moved=moved,
        new=tuple(key for key in after if key not in arrived),
        lost=tuple(key for key in before if key not in kept and key not in moved),
    )
