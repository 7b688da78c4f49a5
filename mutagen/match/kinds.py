"""Which matcher finds the candidates of which subject."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from mutagen.match.around import readers
from mutagen.match.candidates import Candidates
from mutagen.match.edges import NOUNS, edges_of, misses_of
from mutagen.match.instances import by_block, by_type_or_path
from mutagen.match.ops import op_calls, operation
from mutagen.match.patterns import by_pattern
from mutagen.match.residual import Edge
from mutagen.match.subjects import Subject, call_subject, edge_subject
from mutagen.match.view import TraceView
from mutagen.records.rules import Query, Rule

Kind = Literal["instance", "block", "op", "edge", "pattern"]


def kind_of(query: Query) -> Kind:
    """The subject that a query speaks of."""
    query = next(iter(_leading(query)), query)
    if query.pattern:
        return "pattern"
    if query.edge is not None:
        return "edge"
    if query.op is not None:
        return "op"
    return "block" if query.block is not None else "instance"


def candidates(view: TraceView, rule: Rule) -> Candidates:
    """All subjects of the rule's kind, before any of its tests but ``type`` and ``isa``."""
    found = [MATCHERS[kind_of(it)](view, replace(rule, query=it)) for it in _leading(rule.query)]
    return found[0] if len(found) == 1 else _together(found)


def speaks(query: Query) -> bool:
    """Whether a query has a subject of its own; a path alone is one."""
    return bool(query.type or query.isa or query.path or query.block or query.op or query.edge or query.pattern)


def _leading(query: Query) -> tuple[Query, ...]:
    """The queries that give the subjects: itself, else one of those that all must hold, else all of which any may."""
    if speaks(query):
        return (query,)
    inner = next((found for it in query.every if (found := _with_subject(it))), None)
    return inner or tuple(leading for it in query.some for leading in _leading(it)) or (query,)


def _with_subject(query: Query) -> tuple[Query, ...]:
    return tuple(it for it in _leading(query) if speaks(it))


def _together(found: Sequence[Candidates]) -> Candidates:
    """Each subject once, in the order of the model."""
    subjects: dict[tuple[object, ...], Subject] = {}
    for subject in (it for each in found for it in each.subjects):
        subjects.setdefault((subject.path, subject.node, subject.edge), subject)
    misses = {why: count for each in found for why, count in each.misses.items()}
    nouns = dict.fromkeys(each.noun for each in found)
    notes = dict.fromkeys(each.note for each in found if each.note)
    return Candidates(tuple(subjects.values()), " or ".join(nouns), misses, " ".join(notes))


def by_op(view: TraceView, rule: Rule) -> Candidates:
    """Every call of the operation."""
    name = operation(rule.query.op or "")
    found = (call_subject(view, node) for node in op_calls(view, name))
    if rule.action.kind == "insert":
        found = (beside(view, subject, rule.action.at) for subject in found)
    return Candidates(tuple(found), f"calls of {name}")


def beside(view: TraceView, subject: Subject, at: str | None) -> Subject:
    """The call as the edge in front of it, or as the one behind it where one call alone reads its result."""
    node = subject.node
    assert node is not None
    if at == "before":
        return replace(subject, edge=Edge(node, 0, 0)) if view.nodes[node].inputs else subject
    near = readers(view, node)
    places = [number for it in near for number, index in enumerate(view.nodes[it].inputs) if index == node]
    if len(near) == len(places) == 1 and _is_read_alone(view, near[0]):
        return replace(subject, edge=Edge(near[0], places[0], places[0]))
    return subject


def _is_read_alone(view: TraceView, reader: int) -> bool:
    """Whether the one reader of a result is a call, not the caller; an identity only hands it on."""
    while view.nodes[reader].name == "identity":
        beyond = readers(view, reader)
        if len(beyond) != 1:
            return False
        reader = beyond[0]
    return view.nodes[reader].kind != "output"


def by_edge(view: TraceView, rule: Rule) -> Candidates:
    """Every edge of the kind: the branch of a residual addition, the early tensor of a skip, else the first operand."""
    kind = rule.query.edge
    assert kind is not None
    edges = edges_of(view, kind).edges
    if rule.action.at == "second":
        edges = tuple(replace(edge, operand=edge.other, other=edge.operand) for edge in edges)
    found = tuple(edge_subject(view, edge) for edge in edges)
    return Candidates(found, NOUNS[kind], misses_of(view, kind))


MATCHERS: Mapping[Kind, Callable[[TraceView, Rule], Candidates]] = {
    "instance": by_type_or_path,
    "block": by_block,
    "op": by_op,
    "edge": by_edge,
    "pattern": by_pattern,
}
