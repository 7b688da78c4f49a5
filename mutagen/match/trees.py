"""The ways in which a pattern lies upon the data flow: its parts, each read by the one before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from mutagen.match.around import beyond_inserted, calls_of
from mutagen.match.families import METADATA
from mutagen.match.subjects import Subject, call_subject, instance_subject
from mutagen.match.view import TraceView, outermost_first
from mutagen.records.rules import PartQuery

Fits = Callable[[PartQuery, Subject], bool]
Fails = Callable[[PartQuery, Subject], "str | None"]
Named = tuple[tuple[str, Subject], ...]

_ONE_ORDER = frozenset({"cat"})
"""Operations that make another tensor of their operands in another order."""


@dataclass(frozen=True, slots=True)
class Way:
    """How far a pattern fits: its parts, the last one first, and why it went no further ("" where it is whole)."""

    parts: Named
    miss: str = ""


@dataclass(frozen=True, slots=True)
class Laying:
    """A pattern to be laid upon a trace.

    ``fits`` says whether a subject is what a part speaks of, ``fails`` which of its tests it then does not pass.
    ``removed`` says that parts may be identities, which otherwise do not come between two parts.
    """

    view: TraceView
    pattern: Sequence[PartQuery]
    fits: Fits
    fails: Fails
    removed: bool = False

    @property
    def parts(self) -> Mapping[str, PartQuery]:
        """The parts by name."""
        return {part.name: part for part in self.pattern}

    def starts(self) -> Iterator[Subject]:
        """What may be the last part: calls, and whole modules, each once."""
        seen: set[tuple[object, ...]] = set()
        for node in self.view.nodes:
            if node.kind not in ("module", "function", "method"):
                continue
            for subject in subjects_at(self.view, node.index, None):
                key = key_of(subject)
                if key not in seen and self.fits(self.pattern[0], subject):
                    seen.add(key)
                    yield subject
                    break

    def ways(self, start: Subject) -> list[Way]:
        """Each way that ends in a subject, whole ones upon the same calls once, and each attempt that came to nothing.

        Where both orders of two operands fit, that in which they are written counts.
        """
        first = self.pattern[0]
        failure = self.fails(first, start)
        if failure is not None:
            return [Way((), _said(failure, first))]
        found: dict[object, Way] = {}
        for way in self._read(first, start, [], ((first.name, start),), {}):
            key = frozenset(key_of(it) for _, it in way.parts) if not way.miss else (way.miss, len(way.parts))
            found.setdefault(key, way)
        return list(found.values())

    def _read(
        self, part: PartQuery, subject: Subject, rest: list[_Goal], done: Named, bound: Mapping[str, frozenset[int]]
    ) -> Iterator[Way]:
        """The ways on from a part that was found, through what it reads and then through the rest."""
        orders = list(self._operands(part, subject))
        for operands in orders:
            goals = [_Goal(name, it, subject) for name, it in zip(part.reads, operands, strict=True)]
            yield from self._on([*goals, *rest], done, bound)
        if not orders:
            yield Way(done, f"join other than two tensors in {part.name}")

    def _on(self, goals: list[_Goal], done: Named, bound: Mapping[str, frozenset[int]]) -> Iterator[Way]:
        if not goals:
            yield Way(done)
            return
        goal, rest = goals[0], goals[1:]
        part = self.parts.get(goal.name)
        if part is None:
            yield from self._free(goal, rest, done, bound)
            return
        found = False
        for index in goal.calls:
            near = [it for it in subjects_at(self.view, index, goal.reader) if self.fits(part, it)]
            for subject in near[:1]:
                if any(key_of(it) == key_of(subject) for _, it in done):
                    continue
                found = True
                failure = self.fails(part, subject)
                if failure is None:
                    yield from self._read(part, subject, rest, (*done, (part.name, subject)), bound)
                else:
                    yield Way(done, _said(failure, part))
        if not found:
            yield Way(done, f"read no {part.name}")

    def _free(self, goal: _Goal, rest: list[_Goal], done: Named, bound: Mapping[str, frozenset[int]]) -> Iterator[Way]:
        """Any tensor; one that stands in two places is the same one."""
        calls = frozenset(goal.calls)
        if goal.name in bound and not calls & bound[goal.name]:
            yield Way(done, f"read another {goal.name}")
        else:
            yield from self._on(rest, done, {**bound, goal.name: calls & bound.get(goal.name, calls)})

    def _operands(self, part: PartQuery, subject: Subject) -> Iterator[tuple[tuple[int, ...], ...]]:
        """What a part reads, for each of its operands in the pattern, in each order in which they may stand.

        One that the pattern gives one operand may read further tensors.
        """
        if len(part.reads) == 2:
            node = subject.node
            joined = [] if node is None else [it for it in self.view.nodes[node].inputs if self._is_tensor(it)]
            if len(joined) == 2:
                first, second = (self._steps(it) for it in joined)
                yield first, second
                if node is not None and self.view.nodes[node].name not in _ONE_ORDER:
                    yield second, first
            return
        inner = calls_of(self.view, subject)
        read = dict.fromkeys(feed for it in sorted(inner) for feed in self.view.feeds[it] if feed not in inner)
        if part.reads[0] in self.parts or sum(it.reads.count(part.reads[0]) for it in self.pattern) > 1:
            yield from ((self._steps(it),) for it in read)
            if read:
                return
        yield ((),)

    def _is_tensor(self, index: int) -> bool:
        return self.view.nodes[index].name not in METADATA

    def _steps(self, index: int) -> tuple[int, ...]:
        """A call, and those that stand behind it where it is an identity or what a rule of the run has inserted."""
        return beyond_inserted(self.view, index, identities=self.removed)


@dataclass(frozen=True, slots=True)
class _Goal:
    """A name of the pattern, the calls that may stand for it, and who reads them."""

    name: str
    calls: tuple[int, ...]
    reader: Subject


def subjects_at(view: TraceView, index: int, reader: Subject | None) -> Iterator[Subject]:
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


def key_of(subject: Subject) -> tuple[object, ...]:
    """What tells one subject from another: the call, or the module."""
    return ("call", subject.node) if subject.node is not None else ("module", subject.path)


def _within(view: TraceView, index: int, prefix: str) -> bool:
    return index in set(view.nodes_in.get(prefix, ()))


IN_PRODUCT = "inside a standing product"


def _said(failure: str, part: PartQuery) -> str:
    return failure if failure == IN_PRODUCT else f"{failure} of {part.name}"
