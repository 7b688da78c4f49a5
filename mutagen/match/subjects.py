"""What one query may select, in one form for instances, calls and edges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mutagen.match.costs import facts_of
from mutagen.match.residual import Edge
from mutagen.match.resolution import channel_facts
from mutagen.match.view import TraceView, outermost_first
from mutagen.records.rules import Value
from mutagen.records.trace import Instance, Node


@dataclass(frozen=True, slots=True)
class Subject:
    """A candidate: ``path`` as reports name it, ``paths`` as rules may, ``owners`` the modules around it.

    The match of a pattern has ``parts`` with their names, the last to run first; ``done`` are those of them at which
    what the rule asks for stands already.
    """

    path: str
    paths: tuple[str, ...]
    owners: tuple[str, ...]
    facts: Mapping[str, Value]
    instance: Instance | None = None
    node: int | None = None
    edge: Edge | None = None
    touched: tuple[str, ...] = field(default=())
    parts: tuple[tuple[str, Subject], ...] = ()
    done: frozenset[str] = frozenset()


def instance_subject(view: TraceView, instance: Instance) -> Subject:
    """An instance under all of its paths."""
    paths = tuple(dict.fromkeys((instance.path, *instance.aliases)))
    owners = [prefix for path in paths for prefix in list(outermost_first(path))[:-1]]
    return Subject(
        path=instance.path,
        paths=paths,
        owners=tuple(dict.fromkeys(owners)),
        facts=facts_of(view, instance),
        instance=instance,
        touched=paths,
    )


def call_subject(view: TraceView, node: Node) -> Subject:
    """A call, named by the module called or else by the module that calls."""
    called = view.instances_at.get(node.path) if node.path is not None else None
    path = node.path if node.path is not None else node.scope
    facts = dict(facts_of(view, called)) if called is not None else {}
    return Subject(
        path=path,
        paths=(path,) if called is None else tuple(dict.fromkeys((path, *called.aliases))),
        owners=tuple(outermost_first(node.scope)),
        facts={**_given(node), **facts, **channel_facts(view, node.index)},
        instance=called,
        node=node.index,
        touched=(path, node.scope),
    )


def edge_subject(view: TraceView, edge: Edge, block: Instance | None = None) -> Subject:
    """An edge in the module that joins; ``block`` is the module that the rule speaks of, if it speaks of one."""
    scope = view.nodes[edge.node].scope
    facts = dict(facts_of(view, block)) if block is not None else {}
    if edge.shortcut is not None:
        facts["shortcut"] = edge.shortcut
    around = instance_subject(view, block) if block is not None else None
    return Subject(
        path=scope,
        paths=around.paths if around is not None else (scope,),
        owners=around.owners if around is not None else tuple(outermost_first(scope)),
        facts=facts | channel_facts(view, edge.node),
        instance=block,
        node=edge.node,
        edge=edge,
        touched=(scope,),
    )


def _given(node: Node) -> dict[str, Value]:
    """What a call is given beside tensors, by the names of the parameters."""
    return {name: value for name, value in node.constants.items() if name.isidentifier()}
