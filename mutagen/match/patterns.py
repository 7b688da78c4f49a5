"""Patterns: operations in the data flow that read each other, whether modules or functions make the calls.

A part is a call of the operation that its name stands for, or whatever its own query names: a call of a module of that
class, or a whole module that is made of several calls. A part reads the parts in its brackets; what else reads those is
not asked. An identity does not come between two parts, nor does what rules of the run insert.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from mutagen.match.around import calls_of
from mutagen.match.candidates import Candidates
from mutagen.match.predicates import first_failure, is_kind
from mutagen.match.subjects import Subject
from mutagen.match.trees import IN_PRODUCT, Fails, Laying, Way, key_of
from mutagen.match.view import TraceView
from mutagen.records.rules import PartQuery, Query, Rule


def by_pattern(view: TraceView, rule: Rule) -> Candidates:
    """Every whole match; what is seen are the calls of its last part, each of which ends one or is a near miss."""
    first = rule.query.pattern[0]
    laying = Laying(view, rule.query.pattern, lambda part, it: is_part(view, part, it), _fails_in(view))
    counted: Counter[tuple[int, str]] = Counter()
    found: list[Subject] = []
    seen = 0
    for start in laying.starts():
        seen += 1
        ways = laying.ways(start)
        whole = [way for way in ways if not way.miss]
        found.extend(as_subject(view, way) for way in whole)
        if not whole:
            furthest = max(ways, key=lambda way: len(way.parts))
            counted[len(furthest.parts), furthest.miss] += 1
    misses = {miss: number for (_, miss), number in sorted(counted.items())}
    kept, overlapping = _apart(rule, found)
    if overlapping:
        misses["overlap an earlier match"] = overlapping
    return Candidates(kept, f"calls of {first.name}", misses, seen=seen)


def _fails_in(view: TraceView) -> Fails:
    def fails(part: PartQuery, subject: Subject) -> str | None:
        if any(view.product_around(path) is not None for path in subject.touched):
            return IN_PRODUCT
        return first_failure(view, part.query, subject)

    return fails


def is_part(view: TraceView, part: PartQuery, subject: Subject) -> bool:
    """Whether a call, or a whole module, is what a part speaks of."""
    if says_what(part.query):
        return is_such(view, part.query, subject)
    return subject.node is not None and view.nodes[subject.node].name in part.means


def says_what(query: Query) -> bool:
    """Whether a description says itself what a part is, whatever its name stands for."""
    own = bool(query.type or query.isa or query.block or query.op)
    return own or any(says_what(it) for it in (*query.every, *query.some))


def is_such(view: TraceView, query: Query, subject: Subject) -> bool:
    """Whether a subject is what a description says."""
    if query.block and subject.instance is None:
        return False  # a call in a module is not that module
    branches = [it for it in query.some if says_what(it)]
    return (
        is_kind(view, query, subject)
        and all(is_such(view, it, subject) for it in query.every if says_what(it))
        and (not branches or any(is_such(view, it, subject) for it in branches))
    )


def as_subject(view: TraceView, way: Way) -> Subject:
    """A whole match as one subject, named by the part that runs first."""
    ordered = sorted(way.parts, key=lambda named: max(calls_of(view, named[1])), reverse=True)
    first = ordered[-1][1]
    return Subject(
        path=first.path,
        paths=first.paths,
        owners=first.owners,
        facts=first.facts,
        node=max(calls_of(view, way.parts[0][1])),
        touched=tuple(dict.fromkeys(path for _, it in way.parts for path in it.touched)),
        parts=tuple(ordered),
    )


def _apart(rule: Rule, found: Sequence[Subject]) -> tuple[tuple[Subject, ...], int]:
    """The matches without those that want to do another thing with what an earlier one changes.

    They may share parts of one name.
    """
    taken: dict[tuple[object, ...], str] = {}
    kept: list[Subject] = []
    for subject in found:
        parts = [(key_of(it), name) for name, it in subject.parts if name in rule.parts]
        if any(taken.get(key, name) != name for key, name in parts):
            continue
        taken.update(parts)
        kept.append(subject)
    return tuple(kept), len(found) - len(kept)
