"""Patterns that are done already: what a rule does to each of their parts stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from mutagen.match.around import classes_before
from mutagen.match.facts import equal
from mutagen.match.ops import operation, operations_before
from mutagen.match.patterns import as_subject, is_part, is_such, says_what
from mutagen.match.predicates import first_failure
from mutagen.match.standing import is_product, standing_at, without_facts
from mutagen.match.subjects import Subject, instance_subject
from mutagen.match.trees import Laying, key_of
from mutagen.match.view import TraceView
from mutagen.match.wanted import has_values
from mutagen.records.blocks import BODY
from mutagen.records.rules import Action, PartQuery, Query, Rule, Value
from mutagen.trace.operation_names import of_class

_CAPTURED = re.compile(r"\$\{(\w+)\.(\w+)\}")
_BESIDE = ("insert", "set")
"""Actions after which a part is still what it was."""


def parts_done(view: TraceView, rule: Rule, subject: Subject) -> frozenset[str]:
    """The parts of a match at which what the rule asks for stands already.

    A name may stand for what a part is replaced with too: ``act`` is what becomes a gelu, and a gelu.
    """
    acted = [(name, it, rule.parts[name]) for name, it in subject.parts if name in rule.parts]
    return frozenset(
        name
        for name, it, action in acted
        if action.kind in _BESIDE or action.kind == "replace" and _has_arguments(action, it, dict(subject.parts))
        if _is_done(view, _part(rule, name), action, it)
    )


def standing_patterns(view: TraceView, rule: Rule) -> tuple[Subject, ...]:
    """The matches in which every part that the rule changes is what it makes of it."""

    def fits(part: PartQuery, subject: Subject) -> bool:
        action = rule.parts.get(part.name)
        return _was_part(view, part, subject) if action is None else _is_done(view, part, action, subject)

    def fails(part: PartQuery, subject: Subject) -> str | None:
        action = rule.parts.get(part.name)
        if action is None or action.kind == "insert":
            return first_failure(view, part.query, subject, lenient=not is_part(view, part, subject))
        if action.kind == "set":
            return first_failure(view, without_facts(part.query, frozenset(action.args)), subject)
        it = _wrapped(view, action, subject) if action.kind == "wrap" else subject
        return first_failure(view, _without_subject(part.query), it or subject, lenient=True)

    removed = any(it.kind == "remove" for it in rule.parts.values())
    laying = Laying(view, rule.query.pattern, fits, fails, removed=removed)
    found = [as_subject(view, way) for start in laying.starts() for way in laying.ways(start) if not way.miss]
    plain = [it for it in found if first_failure(view, rule.query, it, lenient=True) is None]
    return tuple({keys_of(it): it for it in plain}.values())


def keys_of(subject: Subject) -> frozenset[tuple[object, ...]]:
    """What tells one match of a pattern from another."""
    return frozenset(key_of(it) for _, it in subject.parts)


def _was_part(view: TraceView, part: PartQuery, subject: Subject) -> bool:
    """Whether a subject is what a part speaks of, or what another rule of the run has made of that."""
    if is_part(view, part, subject) or says_what(part.query):
        return is_part(view, part, subject)
    if subject.node is not None:
        return not operations_before(view, view.nodes[subject.node].name).isdisjoint(part.means)
    before = classes_before(view, subject.instance) if subject.instance is not None else ()
    return any(of_class(it) in part.means for it in before)


def _is_done(view: TraceView, part: PartQuery, action: Action, subject: Subject) -> bool:
    instance = subject.instance
    if action.kind == "remove":
        return subject.node is not None and view.nodes[subject.node].name == "identity"
    if action.kind == "wrap":
        inside = _wrapped(view, action, subject)
        return inside is not None and _is_of(view, part, inside)
    if action.kind == "set":
        return _was_part(view, part, subject) and instance is not None and has_values(instance, action.args)
    if action.kind == "insert":
        own = Rule("", Query(), action)
        return _was_part(view, part, subject) and standing_at(view, own, subject) is not None
    if instance is not None and is_product(view, instance, action.block):
        return True
    return subject.node is not None and view.nodes[subject.node].name == operation(action.block)


def _has_arguments(action: Action, subject: Subject, parts: Mapping[str, Subject]) -> bool:
    """Whether a part was given what the action asks for; what it does not tell is not asked."""
    facts = subject.instance.facts if subject.instance is not None else {}
    asked = {name: _resolved(value, parts) for name, value in action.args.items() if name in facts}
    return all(value == "auto" or equal(facts[name], value) for name, value in asked.items())


def _resolved(value: Value, parts: Mapping[str, Subject]) -> Value:
    """An argument, or the fact of another part that it stands for."""
    captured = _CAPTURED.fullmatch(value) if isinstance(value, str) else None
    return parts[captured[1]].facts.get(captured[2]) if captured and captured[1] in parts else value


def _wrapped(view: TraceView, action: Action, subject: Subject) -> Subject | None:
    """The module that became a part of a product, as it was in the place of that."""
    holder = subject.instance
    if holder is None or subject.node is not None or not is_product(view, holder, action.block):
        return None
    inside = view.instances_at.get(f"{holder.path}.{BODY}")
    if inside is None:
        return None
    return replace(instance_subject(view, inside), path=subject.path, paths=subject.paths, owners=subject.owners)


def _is_of(view: TraceView, part: PartQuery, inside: Subject) -> bool:
    if says_what(part.query):
        return is_such(view, part.query, inside)
    paths = set(_paths(inside))
    return any(node.path in paths and node.name in part.means for node in view.nodes)


def _paths(subject: Subject) -> Iterator[str]:
    if subject.instance is not None:
        yield from (subject.instance.path, *subject.instance.aliases)


def _part(rule: Rule, name: str) -> PartQuery:
    return next(part for part in rule.query.pattern if part.name == name)


def _without_subject(query: Query) -> Query:
    return replace(query, type=(), isa=(), block=None, op=None)
