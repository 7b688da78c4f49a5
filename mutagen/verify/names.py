"""Names under which a tensor of the edited model is known to both sides."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
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
    wraps = sorted(((p.path, p.wrapped, p.match) for p in products if p.wrapped), key=lambda it: len(it[0]))
    turns: dict[str, list[int]] = {}
    for turn, (path, wrapped, _) in enumerate(wraps):
        for place in {path, wrapped}:
            turns.setdefault(place, []).append(turn)
    made: dict[str, str] = {}
    for product in products:
        if not product.wrapped:
            made.setdefault(product.path, product.match)
    holders = sorted({path.rpartition(".")[0] for path in made}, key=len, reverse=True)

    def next_wrap(name: str, turn: int) -> int | None:
        found = (it for path in _around(name) for it in turns.get(path, ()) if it >= turn)
        return min(found, default=None)

    def canonical(name: str) -> str:
        moved = False
        turn = next_wrap(name, 0)
        while turn is not None:  # the outermost first: the paths of those inside are as they were before
            path, wrapped, match = wraps[turn]
            if wrapped.startswith(f"{path}."):  # the product itself holds it
                if not _within(name, wrapped):
                    return role(match, name[len(path) + 1 :])
                name, moved = path + name[len(wrapped) :], True
                turn = next_wrap(name, turn + 1)
                continue
            if _within(name, path):
                return role(match, name[len(path) + 1 :])
            name, moved = path.rpartition(".")[0] + name[len(wrapped) :], True
            turn = next_wrap(name, turn + 1)
        for path in _around(name):
            if path in made:
                return role(made[path], name[len(path) + 1 :])
        return name if moved or name in originals else _unwrapped(name, holders, originals)

    return canonical


def _around(name: str) -> Iterator[str]:
    """A name and the paths of all that it stands in, the innermost first."""
    while name:
        yield name
        name = name.rpartition(".")[0]


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
