"""Where the lock file of a file is: the nearest one above it, else where a project has its root."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mutagen.records.options import Options

NAME = "mutagen.lock"
_ROOTS = ("pyproject.toml", ".git")


def nearest_lock(folder: str) -> str | None:
    """The lock file of a folder or of the nearest one above it; None where there is none."""
    return next((lock for each in _upwards(folder) if os.path.isfile(lock := os.path.join(each, NAME))), None)


def wanted(options: Options, file: str) -> bool:
    """Whether what a run finds about a file is to be put down: there is a lock file, or one is asked for."""
    return options.lock or nearest_lock(os.path.dirname(file)) is not None


def new_lock(folder: str) -> str:
    """Where to make one: beside the nearest ``pyproject.toml``, or at the root of the git work tree, if nearer."""
    for each in _upwards(folder):
        if any(os.path.exists(os.path.join(each, name)) for name in _ROOTS):
            return os.path.join(each, NAME)
    return os.path.join(os.path.abspath(folder), NAME)


def _upwards(folder: str) -> Iterator[str]:
    here = os.path.abspath(folder)
    while True:
        yield here
        above = os.path.dirname(here)
        if above == here:
            return
        here = above
