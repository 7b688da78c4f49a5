"""What stands around a subject: what a module holds, and its neighbours in the data flow.

The products of the run's own rules do not come between: what was inserted is looked through, and nothing is seen inside
of a product, so that a second run finds the same neighbours.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from mutagen.match.edges import edges_of
from mutagen.match.families import METADATA
from mutagen.match.made import class_of
from mutagen.match.subjects import Subject, call_subject, edge_subject, instance_subject
from mutagen.match.view import TraceView, outermost_first
from mutagen.match.walk import entering
from mutagen.records.rules import Query
from mutagen.records.trace import Instance

_PASSED = frozenset({"identity"})


def held_by(view: TraceView, query: Query, subject: Subject) -> Iterator[Subject]:
    """What a module holds that the query may speak of: instances below it, or calls and edges in it."""
    if subject.instance is None:
        return
    paths = tuple(dict.fromkeys((subject.instance.path, *subject.instance.aliases)))
    if query.op is not None or query.edge is not None:
        for index in dict.fromkeys(index for path in paths for index in view.nodes_in.get(path, ())):
            node = view.nodes[index]
            if product_made(view, node.path or "", node.scope) is None:
                yield from calls_at(view, query, node.index)
        return
    for it in _below(view, subject.instance):
        owner = it.path.rpartition(".")[0]
        if product_made(view, owner) is None and not is_inserted(view, it.path):
            yield instance_subject(view, it)


def calls_at(view: TraceView, query: Query, index: int) -> Iterator[Subject]:
    """A call as the subject that the query speaks of: as itself, or as the edges that it joins."""
    if query.edge is None:
        yield call_subject(view, view.nodes[index])
        return
    for edge in edges_of(view, query.edge).edges:
        if edge.node == index:
            yield edge_subject(view, edge)


def sources_of(view: TraceView, subject: Subject) -> list[int]:
    """The calls whose results a subject reads, from outside of itself."""
    inner = calls_of(view, subject)
    found = (feed for index in sorted(inner) for feed in view.feeds[index] if feed not in inner)
    return _resolved(view, dict.fromkeys(found), backwards=True)


def beyond_inserted(view: TraceView, index: int, *, identities: bool) -> tuple[int, ...]:
    """A call, and what stands behind it where it is of a product that a rule of the run inserts.

    An identity is looked through; it is a call as others are where ``identities`` are asked for.
    """
    pending, found = [index], dict[int, None]()
    while pending:
        it = pending.pop(0)
        node = view.nodes[it]
        is_identity = node.name in _PASSED
        if it in found:
            continue
        if not is_identity or identities:
            found[it] = None
        made = product_made(view, node.path or "", node.scope)
        if is_identity:
            pending += view.feeds[it]
        elif made is not None and is_inserted(view, made):
            pending += _through(view, it, made, backwards=True)
    return tuple(found)


def readers_of(view: TraceView, subject: Subject) -> list[int]:
    """The calls outside of a subject that read its results."""
    inner = calls_of(view, subject)
    found = (user for index in sorted(inner) for user in readers(view, index) if user not in inner)
    return _resolved(view, dict.fromkeys(found), backwards=False)


def readers(view: TraceView, index: int) -> tuple[int, ...]:
    """The calls that read a tensor for its values, not for its size alone."""
    return tuple(it for it in view.users[index] if view.nodes[it].name not in METADATA)


def neighbours(view: TraceView, query: Query, subject: Subject, indices: list[int]) -> Iterator[Subject]:
    """Calls next to a subject, and the modules around each of them that do not hold the subject too."""
    own = set(subject.paths) | set(subject.owners)
    for index in indices:
        node = view.nodes[index]
        made = product_made(view, node.path or "", node.scope)
        if made is None:
            yield from calls_at(view, query, index)
        for path in outermost_first(made if made is not None else node.path or node.scope):
            if path not in own and path in view.instances_at:
                yield instance_subject(view, view.instances_at[path])


def calls_of(view: TraceView, subject: Subject) -> frozenset[int]:
    """The calls that a module is made of in the graph; a call, or the join of an edge, is its own."""
    if subject.node is not None:
        return frozenset({subject.node})
    return frozenset(index for path in subject.paths for index in view.nodes_in.get(path, ()))


def product_made(view: TraceView, *paths: str) -> str | None:
    """Path of the outermost product of the run's own rules that is at, or holds, one of the paths."""
    for path in paths:
        for prefix in outermost_first(path):
            block = view.products.get(prefix)
            if block is not None and (block in view.made.replaced or block in view.made.inserted):
                return prefix
    return None


def is_inserted(view: TraceView, path: str) -> bool:
    """Whether a path is that of a product which stands in the place of nothing."""
    block = view.products.get(path)
    return block in view.made.inserted and block not in view.made.replaced


def classes_before(view: TraceView, instance: Instance) -> frozenset[str]:
    """The bare classes that an instance counts as beside its own: those it was put in the place of."""
    return view.made.stands_for(class_of(instance, view.products))


def _below(view: TraceView, instance: Instance) -> tuple[Instance, ...]:
    if "held" not in view.memo:
        held: dict[str, dict[str, Instance]] = {}
        for it in view.trace.instances:
            for alias in dict.fromkeys((it.path, *it.aliases)):
                for prefix in outermost_first(alias):
                    if prefix != alias:
                        held.setdefault(prefix, {})[it.path] = it
        view.memo["held"] = {path: tuple(found.values()) for path, found in held.items()}
    return cast("dict[str, tuple[Instance, ...]]", view.memo["held"]).get(instance.path, ())


def _resolved(view: TraceView, indices: dict[int, None], *, backwards: bool) -> list[int]:
    """The calls with those of inserted products, and of identities, replaced by what lies beyond them."""
    pending, seen, found = list(indices), set(indices), []
    while pending:
        index = pending.pop(0)
        node = view.nodes[index]
        made = product_made(view, node.path or "", node.scope)
        beyond: tuple[int, ...] | None = None
        if made is not None and is_inserted(view, made):
            beyond = _through(view, index, made, backwards=backwards)
        elif node.name in _PASSED:
            beyond = view.feeds[index] if backwards else readers(view, index)
        if beyond is None:
            found.append(index)
            continue
        fresh = [it for it in beyond if it not in seen]
        seen.update(fresh)
        pending += fresh
    return found


def _through(view: TraceView, index: int, product: str, *, backwards: bool) -> tuple[int, ...]:
    """What stands beyond a product: of several tensors that enter it, the one that it lets through, by its shape."""
    if backwards:
        entered = entering(view, index, product)
        same = tuple(it for it in entered if view.nodes[it].shape == view.nodes[index].shape)
        return same if len(same) == 1 else entered
    inner = set(view.nodes_in.get(product, ()))
    return tuple(dict.fromkeys(user for it in sorted(inner) for user in readers(view, it) if user not in inner))
