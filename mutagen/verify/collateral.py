"""Builds the other models of the edited files, before and after the edit, beside the proof. Needs no torch."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Final, Protocol

from mutagen.errors import MutagenError, ProofError
from mutagen.records.collateral import Built, Changed, Collateral, Other, Swap
from mutagen.records.target import Target

MOST: Final = 40
EACH: Final = 10.0
LATER: Final = 3.0
MEMORY: Final = 4 * 2**30

_LIMITS = frozenset({"T204", "T205", "T206", "T207"})
_MOST_ENDED = 3
_ROOM = "mutagen.trace.others:"


class Session(Protocol):
    """A process that runs functions of mutagen."""

    def call(self, function: str, /, *args: object, timeout: float | None = None) -> object:
        """Run a function and return its result."""
        ...

    def kill(self) -> None:
        """End the process."""
        ...


Open = Callable[[str], Session]
Outcome = Built | MutagenError


class Watch:
    """Builds every model on both sides, each side in processes of its own, from the moment it is made."""

    def __init__(self, open_session: Open, original: Target, edited: Target, others: Sequence[Other]) -> None:
        self._others = others
        self._end = float("inf")
        self._open = open_session
        self._sessions: list[Session] = []
        self._closed = threading.Event()
        self._pool = ThreadPoolExecutor(2)
        self._sides = [
            self._pool.submit(self._side, label, target)
            for label, target in (("it", original), ("with the change it", edited))
        ]

    def result(self) -> tuple[Collateral, ...]:
        """What became of each, in their order; those not begun within ``LATER`` seconds from now are not tried.

        Raises ProofError (``collateral``) where one that could be built before can not be now.
        """
        self._end = time.monotonic() + LATER
        before, after = (side.result() for side in self._sides)
        return tuple(_compared(it, before.get(index), after.get(index)) for index, it in enumerate(self._others))

    def close(self) -> None:
        """End what still runs."""
        self._closed.set()
        for session in self._sessions:
            session.kill()
        self._pool.shutdown()

    def _side(self, label: str, target: Target) -> dict[int, Outcome]:
        found: dict[int, Outcome] = {}
        session: Session | None = None
        ended = 0
        for index, other in enumerate(self._others[:MOST]):
            if self._closed.is_set() or time.monotonic() > self._end or ended > _MOST_ENDED:
                break
            try:
                session = session or self._begun(label, target)
                answer = session.call(f"{_ROOM}build_other", other.file, other.call, timeout=EACH)
                assert isinstance(answer, Built)
                found[index] = answer
            except MutagenError as error:
                found[index] = error
                if session is None:
                    break
                if error.code in _LIMITS:
                    session, ended = None, ended + 1
        return found

    def _begun(self, label: str, target: Target) -> Session:
        session = self._open(label)
        self._sessions.append(session)
        if self._closed.is_set():
            session.kill()
        session.call(f"{_ROOM}open_others", target, timeout=EACH)
        return session


@contextmanager
def watched(open_session: Open, target: Target, others: Sequence[Other]) -> Iterator[Watch | None]:
    """A watch over the other models while a proof runs; None where there are none. ``target`` is the edited one."""
    watch = Watch(open_session, replace(target, overlay={}), target, others) if others else None
    try:
        yield watch
    finally:
        if watch is not None:
            watch.close()


def _compared(other: Other, before: Outcome | None, after: Outcome | None) -> Collateral:
    told = Collateral(other.name, other.file, None, None)
    if before is None:
        return replace(told, note="not tried, there are too many")
    if isinstance(before, MutagenError):
        return replace(told, built_before=None if before.code in _LIMITS else False, note=before.message)
    if isinstance(after, MutagenError) and after.code not in _LIMITS:
        raise _broken(other, after)
    if not isinstance(after, Built):
        note = after.message if after is not None else "not tried, there are too many"
        return replace(told, built_before=True, note=note)
    classes = _swaps(before.modules, after.modules)
    changed = Changed((before.params, after.params), classes) if classes or before.params != after.params else None
    return replace(told, built_before=True, built_after=True, changed=changed)


def _broken(other: Other, error: MutagenError) -> ProofError:
    hint = f"leave out what {other.name} needs as it is, or select what only the target uses"
    message = f"with the change {other.name} can no longer be built: {error.message}"
    return ProofError("collateral", message, place=error.place, hint=hint, detail=error.detail)


def _swaps(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Swap, ...]:
    """Modules of another class, and those that are new or gone; what stands inside such a one is not told apart."""
    seen: Counter[tuple[str | None, str | None]] = Counter()
    inside: set[str] = set()
    for path in dict.fromkeys([*before, *after]):
        old, new = before.get(path), after.get(path)
        if path.rpartition(".")[0] in inside:
            inside.add(path)
        elif old != new:
            inside.add(path)
            seen[old, new] += 1
    return tuple(Swap(old, new, count) for (old, new), count in seen.items())
