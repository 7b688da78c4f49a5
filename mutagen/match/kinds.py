"""Which matcher finds the candidates of which subject."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from mutagen.match.candidates import Candidates
from mutagen.match.instances import by_block, by_type_or_path
from mutagen.match.ops import op_calls, operation
from mutagen.match.residual import residual_edges
from mutagen.match.skip import skip_edges
from mutagen.match.subjects import call_subject, edge_subject
from mutagen.match.view import TraceView
from mutagen.records.rules import Query, Rule

Kind = Literal["instance", "block", "op", "residual", "skip"]


def kind_of(query: Query) -> Kind:
    """The subject that a query speaks of."""
    if query.edge is not None:
        return query.edge
    if query.op is not None:
        return "op"
    return "block" if query.block is not None else "instance"


def candidates(view: TraceView, rule: Rule) -> Candidates:
    """All subjects of the rule's kind, before any of its tests but ``type``."""
    return MATCHERS[kind_of(rule.query)](view, rule)


def by_op(view: TraceView, rule: Rule) -> Candidates:
    """Every call of the operation."""
    name = operation(rule.query.op or "")
    return Candidates(tuple(call_subject(view, node) for node in op_calls(view, name)), f"calls of {name}")


def by_residual(view: TraceView, rule: Rule) -> Candidates:
    """Every residual addition, operand the branch."""
    scan = residual_edges(view)
    misses = {f"additions {reason}": count for reason, count in scan.misses.items()}
    return Candidates(tuple(edge_subject(view, edge) for edge in scan.edges), "residual additions", misses)


def by_skip(view: TraceView, rule: Rule) -> Candidates:
    """Every skip, operand the early tensor."""
    scan = skip_edges(view)
    misses = {f"joins {reason}": count for reason, count in scan.misses.items()}
    return Candidates(tuple(edge_subject(view, edge) for edge in scan.edges), "skips", misses)


MATCHERS: Mapping[Kind, Callable[[TraceView, Rule], Candidates]] = {
    "instance": by_type_or_path,
    "block": by_block,
    "op": by_op,
    "residual": by_residual,
    "skip": by_skip,
}
