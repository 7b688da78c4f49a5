"""Names under which a tensor of the edited model is known to both sides."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet

from mutagen.records.plan import Product


def role(match: str, relative: str) -> str:
    """Name the tensor or module ``relative`` of what ``match`` made; "" is the product itself."""
    return f"{match}/{relative}"


def canonical_names(products: Iterable[Product], originals: AbstractSet[str]) -> Callable[[str], str]:
    """Return the function from a dotted name in the edited model to the common name.

    Names within a product become roles of its match. Names of the original stay. What was wrapped together with a
    product was in the place of the container (``conv1.0.weight`` was ``conv1.weight``); where the product does not say
    what that is, it is what the original lacks and what stands in the module which holds the product.
    """
    products = list(products)
    wraps = sorted((p for p in products if p.wrapped), key=lambda it: len(it.path))
    made = sorted(((p.path, p.match) for p in products if not p.wrapped), key=lambda pair: len(pair[0]), reverse=True)
    holders = sorted({path.rpartition(".")[0] for path, _ in made}, key=len, reverse=True)

    def canonical(name: str) -> str:
        moved = False
        for wrap in wraps:  # the outermost first: the paths of those inside are as they were before
            if _within(name, wrap.path):
                return role(wrap.match, name[len(wrap.path) + 1 :])
            if wrap.wrapped and _within(name, wrap.wrapped):
                name, moved = wrap.path.rpartition(".")[0] + name[len(wrap.wrapped) :], True
        for path, match in made:
            if _within(name, path):
                return role(match, name[len(path) + 1 :])
        return name if moved or name in originals else _unwrapped(name, holders, originals)

    return canonical


def _within(name: str, path: str) -> bool:
    return name == path or name.startswith(f"{path}.")


def _unwrapped(name: str, holders: Iterable[str], originals: AbstractSet[str]) -> str:
    for holder in holders:
        if not holder or not name.startswith(f"{holder}."):
            continue
        rest = name[len(holder) + 1 :].partition(".")[2]
        inner = f"{holder}.{rest}" if rest else holder
        inner = inner if inner in originals else _unwrapped(inner, [h for h in holders if h != holder], originals)
        if inner in originals:
            return inner
    return name
