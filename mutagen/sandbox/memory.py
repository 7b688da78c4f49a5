"""What a session remembers of what it read, from before the user's code runs in it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any

from mutagen.sandbox.seen import Seen
from mutagen.sandbox.variables import ALL, OWN, whole
from mutagen.sandbox.watching import Watcher, watch

_watcher: list[Watcher] = []


class _Noted(dict[Any, Any]):
    """The variables of the environment; tells which of them are read."""

    def __init__(self, plain: dict[Any, Any], watcher: Watcher) -> None:
        super().__init__(plain)
        self._given = dict(plain)
        self._watcher = watcher

    def __getitem__(self, key: Any) -> Any:
        name = os.fsdecode(key)
        if name not in OWN:
            self._watcher.variable(name, self._given.get(key))
        return super().__getitem__(key)

    def __iter__(self) -> Iterator[Any]:
        self._watcher.variable(ALL, whole(self._given))
        return super().__iter__()


def begin(apart: str) -> None:
    """Remember from now on; paths that begin with ``apart`` are mutagen's own: folders of sessions and of the proof."""
    watcher = Watcher(ours=False, apart=(apart,))
    _watcher[:] = [watcher]
    # What Python knows of folders from before would be asked of nobody again.
    sys.path_importer_cache.clear()
    watch(watcher)
    _note_variables(watcher)


def tell(known: int = 0) -> Seen | None:
    """What was read so far; None if it is no more than the ``known`` size."""
    seen = _watcher[0].seen
    return seen if seen.size != known else None


def _note_variables(watcher: Watcher) -> None:
    noted = _Noted(os.environ._data, watcher)  # type: ignore[attr-defined]
    os.environ._data = noted  # type: ignore[attr-defined]
    if os.supports_bytes_environ:
        os.environb._data = noted  # type: ignore[attr-defined]
