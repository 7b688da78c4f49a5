"""What a session remembers of what it read, from before the user's code runs in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mutagen.sandbox.seen import Seen, digest
from mutagen.sandbox.watching import Watcher, watch

ALL = "*"
"""Stands for the whole environment."""

_watcher: list[Watcher] = []


class _Noted(dict[Any, Any]):
    """The variables of the environment; tells which of them are read."""

    def __init__(self, plain: dict[Any, Any], watcher: Watcher, own: frozenset[str]) -> None:
        super().__init__(plain)
        self._given = dict(plain)
        self._watcher = watcher
        self._own = own

    def __getitem__(self, key: Any) -> Any:
        name = os.fsdecode(key)
        if name not in self._own:
            self._watcher.variable(name, self._given.get(key))
        return super().__getitem__(key)

    def __iter__(self) -> Iterator[Any]:
        self._watcher.variable(ALL, whole(self._given, self._own))
        return super().__iter__()


def whole(variables: dict[Any, Any], own: frozenset[str]) -> bytes:
    """All variables but a session's own in one text."""
    rest = sorted((os.fsencode(name), os.fsencode(value)) for name, value in variables.items())
    return digest(b"\0".join(part for pair in rest if os.fsdecode(pair[0]) not in own for part in pair)).encode()


def begin(folder: Path, own: frozenset[str]) -> None:
    """Remember from now on; ``own`` are the variables that the session itself has set, ``folder`` is the session's."""
    # The folder of a session, of its host and of the proof: mutagen's own, all beside each other.
    watcher = Watcher(ours=False, apart=(str(folder.parent.parent / "mutagen-"),))
    _watcher[:] = [watcher]
    watch(watcher)
    _note_variables(watcher, own)


def tell(known: int = 0) -> Seen | None:
    """What was read so far; None if it is no more than the ``known`` size."""
    seen = _watcher[0].seen
    return seen if seen.size != known else None


def _note_variables(watcher: Watcher, own: frozenset[str]) -> None:
    noted = _Noted(os.environ._data, watcher, own)  # type: ignore[attr-defined]
    os.environ._data = noted  # type: ignore[attr-defined]
    if os.supports_bytes_environ:
        os.environb._data = noted  # type: ignore[attr-defined]
