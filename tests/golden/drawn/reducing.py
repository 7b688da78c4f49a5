"""A rule file that breaks something, without all that does not matter for that."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from tests.golden.drawn.files import Files

Path = tuple[str | int, ...]


def reduced(files: Files, breaks: Callable[[Files], bool], most: int = 60) -> Files:
    """The smallest that is found by leaving out one thing after the other, largest first, in ``most`` trials."""
    smaller = True
    while smaller:
        smaller = False
        for path in sorted(_paths(files), key=lambda it: -len(json.dumps(_at(files, it)))):
            if most <= 0:
                return files
            trial = _without(files, path)
            if trial is None:
                continue
            most -= 1
            if breaks(trial):
                files, smaller = trial, True
                break
    return files


def _paths(data: Any, path: Path = ()) -> Iterator[Path]:
    for key, value in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        yield (*path, key)
        yield from _paths(value, (*path, key))


def _at(data: Any, path: Path) -> Any:
    for key in path:
        data = data[key]
    return data


def _without(files: Files, path: Path) -> Files | None:
    """The files without what stands at a path; None where a file needs it."""
    if path[-1] in ("version", "id", "match", "rules", "rules.yaml"):
        return None
    copy: Files = json.loads(json.dumps(files))
    del _at(copy, path[:-1])[path[-1]]
    return copy
