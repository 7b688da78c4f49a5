"""Candidates of queries on module instances: by class, by path, or by block."""

from __future__ import annotations

from difflib import get_close_matches

from mutagen.match.blocks import RESIDUAL, SQUEEZE_EXCITE, block_instances, residual_blocks
from mutagen.match.candidates import Candidates
from mutagen.match.globs import shadows_base
from mutagen.match.predicates import of_type
from mutagen.match.residual import residual_edges
from mutagen.match.squeeze_excite import squeeze_excites
from mutagen.match.subjects import edge_subject, instance_subject
from mutagen.match.view import TraceView
from mutagen.records.rules import Query, Rule


def by_type_or_path(view: TraceView, rule: Rule) -> Candidates:
    """Every object of the model, once, whose class the query names."""
    query = rule.query
    everything = [instance_subject(view, item) for item in view.trace.instances]
    found = tuple(subject for subject in everything if of_type(query, subject))
    noun = " or ".join((*query.type, *query.isa)) or "instances"
    return Candidates(found, noun, note="" if found else _note(view, query))


def by_block(view: TraceView, rule: Rule) -> Candidates:
    """The modules that a block name selects; for ``at: branch-end`` of residual blocks, their residual edges."""
    block = rule.query.block or ""
    if block == RESIDUAL and rule.action.at == "branch-end":
        edges = tuple(edge_subject(view, edge, instance) for instance, edge in residual_blocks(view))
        outside = len(residual_edges(view).edges) - len(edges)
        misses = {"residual additions are made outside of user-defined modules": outside} if outside else {}
        return Candidates(edges, "residual additions in blocks", misses)
    found = tuple(instance_subject(view, item) for item in block_instances(view, block))
    gates = len(squeeze_excites(view).gate_only) if block == SQUEEZE_EXCITE else 0
    misses = {"have the gate applied outside the module": gates} if gates else {}
    return Candidates(found, f"{block} blocks", misses)


def _note(view: TraceView, query: Query) -> str:
    """What the user may have meant by a class that the model does not have."""
    names = sorted({item.name for item in view.trace.instances})
    hidden = sorted({item.type for item in view.trace.instances if item.name in query.type and shadows_base(item)})
    if hidden:
        return f"{', '.join(hidden)} is a subclass of the class of that name: write its qualified name"
    close = [
        name
        for wanted in (*query.type, *query.isa)
        for name in get_close_matches(wanted.rpartition(".")[2], names, n=3)
    ]
    return f"did you mean {', '.join(dict.fromkeys(close))}?" if close else ""
