"""The tests of a query, in the order in which near misses are counted."""

from __future__ import annotations

from collections.abc import Iterator

from mutagen.match.blocks import block_instances
from mutagen.match.facts import fact_holds
from mutagen.match.globs import path_matches, type_matches
from mutagen.match.ops import operation
from mutagen.match.residual import residual_edges
from mutagen.match.skip import skip_edges
from mutagen.match.subjects import Subject, instance_subject
from mutagen.match.view import TraceView
from mutagen.records.rules import Query

PATH, INSIDE, EXCLUDED = "fail path", "fail inside", "excluded by not"


def of_type(query: Query, subject: Subject) -> bool:
    """Whether the subject's class is one that the query names; a query without ``type`` takes every class."""
    if not query.type:
        return True
    return subject.instance is not None and type_matches(query.type, subject.instance)


def first_failure(view: TraceView, query: Query, subject: Subject, *, lenient: bool = False) -> str | None:
    """The first test after ``type`` that the subject fails, as the tally names it, or None.

    With ``lenient`` a test on a fact that the subject lacks is passed over.
    """
    return next(_failures(view, query, subject, lenient), None)


def failures_in_order(query: Query) -> list[str]:
    """All names that ``first_failure`` may give for the query, in the order of the tests."""
    names = [PATH]
    for test in query.where:
        names += [f"have no fact {test.fact}", f"fail {test.fact}"]
    return [*dict.fromkeys(names), INSIDE, EXCLUDED]


def selects(view: TraceView, query: Query, subject: Subject) -> bool:
    """Whether a query that stands inside another (``inside``, ``not``) selects the subject."""
    of_kind = of_type(query, subject) and _is_subject(view, query, subject)
    return of_kind and first_failure(view, query, subject) is None


def _failures(view: TraceView, query: Query, subject: Subject, lenient: bool) -> Iterator[str]:
    if query.path and not _on_path(query, subject):
        yield PATH
    for test in query.where:
        if test.fact not in subject.facts:
            if not lenient:
                yield f"have no fact {test.fact}"
        elif not fact_holds(test, subject.facts[test.fact]):
            yield f"fail {test.fact}"
    if query.inside is not None and not _is_inside(view, query.inside, subject):
        yield INSIDE
    if any(selects(view, excluded, subject) for excluded in query.excluded):
        yield EXCLUDED


def _on_path(query: Query, subject: Subject) -> bool:
    """A pattern alone never means the model itself."""
    paths = subject.paths if query.type or subject.node is not None else [path for path in subject.paths if path]
    return path_matches(query.path, paths)


def _is_inside(view: TraceView, query: Query, subject: Subject) -> bool:
    around = (view.instances_at[path] for path in subject.owners if path in view.instances_at)
    return any(selects(view, query, instance_subject(view, instance)) for instance in around)


def _is_subject(view: TraceView, query: Query, subject: Subject) -> bool:
    """Whether the subject is among those that ``block``, ``op`` or ``edge`` of an inner query speak of."""
    if query.block is not None:
        return any(item.path in subject.paths for item in block_instances(view, query.block))
    if query.op is not None:
        return subject.node is not None and view.nodes[subject.node].name == operation(query.op)
    if query.edge is not None:
        scan = residual_edges(view) if query.edge == "residual" else skip_edges(view)
        return subject.edge is not None and subject.edge in scan.edges
    return True
