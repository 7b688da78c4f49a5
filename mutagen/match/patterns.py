"""Patterns: chains of operations in the data flow, whether modules or functions make the calls.

A part is a call of the operation that its name stands for, or whatever its own query names: a call of a module of that
class, or a whole module that is made of several calls. A part reads the part in front of it; what else reads that is
not asked. An identity does not come between two parts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from mutagen.match.around import calls_of, passed
from mutagen.match.candidates import Candidates
from mutagen.match.ops import operation
from mutagen.match.predicates import first_failure, is_kind
from mutagen.match.subjects import Subject, call_subject, instance_subject
from mutagen.match.view import TraceView, outermost_first
from mutagen.records.rules import Action, PartQuery, Query, Rule

IN_PRODUCT = "inside a standing product"

Fits = Callable[[PartQuery, Subject], bool]
Fails = Callable[[PartQuery, Subject], "str | None"]


@dataclass(frozen=True, slots=True)
class _Way:
    """How far a chain came: its parts, the last one first, and why it went no further ("" where it is whole)."""

    parts: tuple[Subject, ...]
    miss: str = ""


def by_pattern(view: TraceView, rule: Rule) -> Candidates:
    """Every whole chain; what is seen are the calls of its last part, each of which ends a chain or is a near miss."""
    first = rule.query.pattern[0]
    counted: Counter[tuple[int, str]] = Counter()
    found: list[Subject] = []
    seen = 0
    for start in _starts(view, first, lambda part, it: _fits(view, part, it)):
        seen += 1
        ways = list(_ways(view, rule.query.pattern, start, _fits_in(view), _fails_in(view)))
        whole = [way for way in ways if not way.miss]
        found.extend(_subject(view, rule.query.pattern, way.parts) for way in whole)
        if not whole:
            furthest = max(ways, key=lambda way: len(way.parts))
            counted[len(furthest.parts), furthest.miss] += 1
    misses = {miss: number for (_, miss), number in sorted(counted.items())}
    kept, overlapping = _apart(rule, found)
    if overlapping:
        misses["overlap an earlier match"] = overlapping
    return Candidates(kept, f"calls of {first.name}", misses, seen=seen)


def standing_chains(view: TraceView, rule: Rule) -> tuple[Subject, ...]:
    """The chains in which every part that the rule replaces is its product already."""

    def fits(part: PartQuery, subject: Subject) -> bool:
        action = rule.parts.get(part.name)
        return _fits(view, part, subject) if action is None else _is_product(view, action, subject)

    def fails(part: PartQuery, subject: Subject) -> str | None:
        if part.name not in rule.parts:
            return first_failure(view, part.query, subject)
        return first_failure(view, _without_subject(part.query), subject, lenient=True)

    found: list[Subject] = []
    for start in _starts(view, rule.query.pattern[0], fits):
        ways = _ways(view, rule.query.pattern, start, fits, fails)
        found.extend(_subject(view, rule.query.pattern, way.parts) for way in ways if not way.miss)
    plain = [it for it in found if first_failure(view, rule.query, it, lenient=True) is None]
    return tuple({_keys(it): it for it in plain}.values())


def _starts(view: TraceView, part: PartQuery, fits: Fits) -> Iterator[Subject]:
    """What may be the last part of a chain: calls, and whole modules, each once."""
    seen: set[tuple[object, ...]] = set()
    for node in view.nodes:
        if node.kind not in ("module", "function", "method"):
            continue
        for subject in _subjects_at(view, node.index, None):
            key = _key(subject)
            if key not in seen and fits(part, subject):
                seen.add(key)
                yield subject
                break


def _ways(view: TraceView, parts: Sequence[PartQuery], start: Subject, fits: Fits, fails: Fails) -> Iterator[_Way]:
    """Each chain that ends in a subject, and each attempt that came to nothing."""
    failure = fails(parts[0], start)
    if failure is not None:
        yield _Way((), _said(failure, parts[0]))
        return
    if len(parts) == 1:
        yield _Way((start,))
        return
    found = False
    for index in passed(view, start):
        near = [it for it in _subjects_at(view, index, start) if fits(parts[1], it)]
        for subject in near[:1]:
            found = True
            for way in _ways(view, parts[1:], subject, fits, fails):
                yield _Way((start, *way.parts), way.miss)
    if not found:
        yield _Way((start,), f"read no {parts[1].name}")


def _subjects_at(view: TraceView, index: int, reader: Subject | None) -> Iterator[Subject]:
    """The call, then the modules around it, innermost first, whose result it is for the reader."""
    node = view.nodes[index]
    yield call_subject(view, node)
    path = node.path if node.kind == "module" and node.path is not None else node.scope
    for prefix in reversed(list(outermost_first(path))):
        instance = view.instances_at.get(prefix)
        if instance is None or not prefix or prefix == node.path:
            continue
        if reader is not None and any(_within(view, it, prefix) for it in calls_of(view, reader)):
            return
        inner = set(view.nodes_in.get(prefix, ()))
        if any(user not in inner for user in view.users[index]):
            yield instance_subject(view, instance)


def _within(view: TraceView, index: int, prefix: str) -> bool:
    return index in set(view.nodes_in.get(prefix, ()))


def _fits_in(view: TraceView) -> Fits:
    return lambda part, subject: _fits(view, part, subject)


def _fails_in(view: TraceView) -> Fails:
    def fails(part: PartQuery, subject: Subject) -> str | None:
        if any(view.product_around(path) is not None for path in subject.touched):
            return IN_PRODUCT
        return first_failure(view, part.query, subject)

    return fails


def _fits(view: TraceView, part: PartQuery, subject: Subject) -> bool:
    """Whether a call, or a whole module, is what a part speaks of."""
    if says_what(part.query):
        return _is_such(view, part.query, subject)
    return subject.node is not None and view.nodes[subject.node].name in part.means


def says_what(query: Query) -> bool:
    """Whether a description says itself what a part is, whatever its name stands for."""
    own = bool(query.type or query.isa or query.block or query.op)
    return own or any(says_what(it) for it in (*query.every, *query.some))


def _is_such(view: TraceView, query: Query, subject: Subject) -> bool:
    if query.block and subject.instance is None:
        return False  # a call in a module is not that module
    branches = [it for it in query.some if says_what(it)]
    return (
        is_kind(view, query, subject)
        and all(_is_such(view, it, subject) for it in query.every if says_what(it))
        and (not branches or any(_is_such(view, it, subject) for it in branches))
    )


def _is_product(view: TraceView, action: Action, subject: Subject) -> bool:
    if subject.instance is not None:
        block = action.block.removeprefix("torch.").removeprefix("nn.")
        if any(view.products.get(path) == block for path in (subject.instance.path, *subject.instance.aliases)):
            return True
        if subject.instance.library and subject.instance.name == block:
            return True
    return subject.node is not None and view.nodes[subject.node].name == operation(action.block)


def _without_subject(query: Query) -> Query:
    return replace(query, type=(), isa=(), block=None, op=None)


def _subject(view: TraceView, parts: Sequence[PartQuery], chain: tuple[Subject, ...]) -> Subject:
    """The chain as one subject, named by its first part: the one that runs first."""
    first = chain[-1]
    named = tuple((part.name, subject) for part, subject in zip(parts, chain, strict=True))
    return Subject(
        path=first.path,
        paths=first.paths,
        owners=first.owners,
        facts=first.facts,
        node=max(calls_of(view, chain[0])),
        touched=tuple(dict.fromkeys(path for it in chain for path in it.touched)),
        parts=named,
    )


def _apart(rule: Rule, found: Sequence[Subject]) -> tuple[tuple[Subject, ...], int]:
    """The chains without those that want to do another thing with what an earlier one changes.

    Chains may share parts of one name.
    """
    taken: dict[tuple[object, ...], str] = {}
    kept: list[Subject] = []
    for subject in found:
        parts = [(_key(it), name) for name, it in subject.parts if name in rule.parts]
        if any(taken.get(key, name) != name for key, name in parts):
            continue
        taken.update(parts)
        kept.append(subject)
    return tuple(kept), len(found) - len(kept)


def _key(subject: Subject) -> tuple[object, ...]:
    return ("call", subject.node) if subject.node is not None else ("module", subject.path)


def _keys(chain: Subject) -> tuple[object, ...]:
    return tuple(_key(it) for _, it in chain.parts)


def _said(failure: str, part: PartQuery) -> str:
    return failure if failure == IN_PRODUCT else f"{failure} of {part.name}"
