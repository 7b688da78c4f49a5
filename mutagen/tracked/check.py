"""Finds the lock files that speak of some files, and what has drifted by them."""

from __future__ import annotations

import os
from collections.abc import Sequence

from mutagen.errors import Place, UserError
from mutagen.tracked.content import name_of
from mutagen.tracked.drift import Found, Settings, compare, no_settings
from mutagen.tracked.lockfile import parse
from mutagen.tracked.place import NAME, nearest_lock


def check(files: Sequence[str], settings: Settings = no_settings) -> Found:
    """What has drifted: all that the lock file here or above names, or these files and what was made by them.

    Files that no lock file names are passed over; the lock file's own name stands for all that it names. ``settings``
    tell what the configuration says of a run now. Raises UserError L002 where there is no lock file at all.
    """
    found = [_compared(lock, names, settings) for lock, names in _locks(files).items()]
    errors = tuple(error for each in found for error in each.errors)
    return Found(sum(each.files for each in found), errors, tuple(run for each in found for run in each.runs))


def _locks(files: Sequence[str]) -> dict[str, set[str] | None]:
    """The lock files to read, with the names that are asked for; None stands for all."""
    locks: dict[str, set[str] | None] = {}
    here = nearest_lock(os.curdir)
    if here is not None:
        locks[here] = set() if files else None
    nearest: dict[str, str | None] = {}
    for path in map(os.path.abspath, files):
        folder = os.path.dirname(path)
        if folder not in nearest:
            nearest[folder] = nearest_lock(folder)
        lock = nearest[folder]
        if lock is None:
            continue
        names = locks.setdefault(lock, set())
        if path == lock:
            locks[lock] = None
        elif names is not None:
            names.add(name_of(path, os.path.dirname(lock)))
    if not locks:
        hint = "`mutagen apply RULES TARGET --lock` makes one of what it proves; it is to be committed"
        raise UserError("L002", f"there is no {NAME} here or above", place=Place(os.path.abspath(NAME)), hint=hint)
    return locks


def _compared(lock: str, names: set[str] | None, settings: Settings) -> Found:
    try:
        with open(lock, "rb") as file:
            data = file.read()
    except OSError as error:
        message = f"the lock file cannot be read: {error.strerror}"
        raise UserError("L001", message, place=Place(lock), hint="make it readable for you") from error
    return compare(parse(data, lock), lock, names, settings=settings)
