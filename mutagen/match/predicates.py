"""The tests of a query, in the order in which near misses are counted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mutagen.match.around import (
    classes_before,
    held_by,
    neighbours,
    readers_of,
    sources_of,
)
from mutagen.match.blocks import block_instances
from mutagen.match.edges import edges_of
from mutagen.match.facts import fact_holds
from mutagen.match.globs import is_a, path_matches, type_matches
from mutagen.match.ops import operation, operations_before
from mutagen.match.sites import stands_in
from mutagen.match.subjects import Subject, instance_subject
from mutagen.match.view import TraceView
from mutagen.records.rules import Query
from mutagen.records.trace import Instance

PATH, SOURCE, INSIDE, HAS = "fail path", "fail source", "fail inside", "fail has"
AFTER, BEFORE, ALL, ANY, EXCLUDED = "fail after", "fail before", "fail all", "fail any", "excluded by not"


def of_type(query: Query, subject: Subject) -> bool:
    """Whether the subject's class is one that the query names; a query without ``type`` takes every class."""
    if not query.type and not query.isa:
        return True
    return subject.instance is not None and _of_class(query, subject.instance)


def first_failure(view: TraceView, query: Query, subject: Subject, *, lenient: bool = False) -> str | None:
    """The first test after ``type`` that the subject fails, as the tally names it, or None.

    With ``lenient`` a test on a fact that the subject lacks is passed over, and so is where its expression stands: the
    product of a rule may have been made elsewhere than what it replaced. All parts of a pattern must pass.
    """
    if subject.parts:
        found = (first_failure(view, query, part, lenient=lenient) for _, part in subject.parts)
        return next((failure for failure in found if failure is not None), None)
    return next(_failures(view, query, subject, lenient), None)


def failures_in_order(query: Query) -> list[str]:
    """All names that ``first_failure`` may give for the query, in the order of the tests."""
    names = [PATH, SOURCE]
    for test in query.where:
        names += [f"have no fact {test.fact}", f"fail {test.fact}"]
    names += [INSIDE, HAS, AFTER, BEFORE]
    for each in query.every:
        names += failures_in_order(each)
    return [*dict.fromkeys((*names, ALL, ANY)), EXCLUDED]


def selects(view: TraceView, query: Query, subject: Subject, *, lenient: bool = False) -> bool:
    """Whether a query that stands inside another (``inside``, ``not``, ...) selects the subject."""
    return is_kind(view, query, subject) and first_failure(view, query, subject, lenient=lenient) is None


def _failures(view: TraceView, query: Query, subject: Subject, lenient: bool) -> Iterator[str]:
    if query.path and not _on_path(query, subject):
        yield PATH
    if query.source is not None and not lenient and not stands_in(view, query.source, subject):
        yield SOURCE
    for test in query.where:
        if test.fact not in subject.facts:
            if not lenient:
                yield f"have no fact {test.fact}"
        elif not fact_holds(test, subject.facts[test.fact]):
            yield f"fail {test.fact}"
    yield from _failures_around(view, query, subject)
    yield from _failures_together(view, query, subject, lenient)


def _failures_around(view: TraceView, query: Query, subject: Subject) -> Iterator[str]:
    if query.inside is not None and not _is_inside(view, query.inside, subject):
        yield INSIDE
    if query.has is not None and not _any(view, query.has, held_by(view, query.has, subject)):
        yield HAS
    if query.after is not None:
        near = sources_of(view, subject)
        if not _any(view, query.after, neighbours(view, query.after, subject, near)):
            yield AFTER
    if query.before is not None:
        near = readers_of(view, subject)
        if not _any(view, query.before, neighbours(view, query.before, subject, near)):
            yield BEFORE


def _failures_together(view: TraceView, query: Query, subject: Subject, lenient: bool) -> Iterator[str]:
    for each in query.every:
        if not is_kind(view, each, subject):
            yield ALL
        yield from _failures(view, each, subject, lenient)
    if query.some and not any(selects(view, each, subject, lenient=lenient) for each in query.some):
        yield ANY
    if any(selects(view, excluded, subject) for excluded in query.excluded):
        yield EXCLUDED


def _any(view: TraceView, query: Query, found: Iterator[Subject]) -> bool:
    return any(selects(view, query, it) for it in found)


def _on_path(query: Query, subject: Subject) -> bool:
    """A pattern alone never means the model itself."""
    named = query.type or query.isa or subject.node is not None
    return path_matches(query.path, subject.paths if named else [path for path in subject.paths if path])


def _is_inside(view: TraceView, query: Query, subject: Subject) -> bool:
    around = (view.instances_at[path] for path in subject.owners if path in view.instances_at)
    return any(selects(view, query, instance_subject(view, instance)) for instance in around)


def _of_class(query: Query, instance: Instance) -> bool:
    return (not query.type or type_matches(query.type, instance)) and (not query.isa or is_a(query.isa, instance))


def is_kind(view: TraceView, query: Query, subject: Subject) -> bool:
    """Whether the subject is one that ``type``, ``block``, ``op`` or ``edge`` of an inner query speak of.

    A product of the run's own rules is, if what it was put in the place of is one.
    """
    if (query.type or query.isa) and not (of_type(query, subject) or _stood_for(view, query, subject)):
        return False
    if query.block is not None:
        same = any(item.path in subject.paths for item in block_instances(view, query.block))
        return same or subject.instance is not None and query.block in classes_before(view, subject.instance)
    if query.op is not None:
        wanted = operation(query.op)
        names = {view.nodes[subject.node].name} if subject.node is not None else set()
        return wanted in names or any(wanted in operations_before(view, name) for name in names)
    if query.edge is not None:
        edge = subject.edge
        return edge is not None and any(it.node == edge.node for it in edges_of(view, query.edge).edges)
    return True


def _stood_for(view: TraceView, query: Query, subject: Subject) -> bool:
    if subject.instance is None:
        return False
    before = (torch_class(subject.instance, name) for name in classes_before(view, subject.instance))
    return any(_of_class(query, it) for it in before)


def torch_class(instance: Instance, name: str) -> Instance:
    """The instance as if it were of a class of torch."""
    full = f"torch.nn.{name}"
    return replace(instance, type=full, bases=(full, "torch.nn.Module"), library=True)
