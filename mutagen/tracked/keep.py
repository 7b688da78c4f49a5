"""Puts down in the lock file what a run has proved, or found to stand, together with the files that it writes."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from mutagen.errors import ClashError
from mutagen.records.options import Options
from mutagen.records.result import FileChange, Report
from mutagen.tracked.command import command_of
from mutagen.tracked.content import digest, digest_of, name_of
from mutagen.tracked.lockfile import Line, parse, render
from mutagen.tracked.place import nearest_lock, new_lock
from mutagen.write import disk

_PATIENCE = 5.0
"""Seconds to wait for another mutagen that holds the lock file: it does so only while it writes."""


def keep(report: Report, options: Options, *, root: str | None = None) -> None:
    """Write the files of a report, if it has any, and the lines of the lock file, if there is one: all or nothing.

    ``root`` is the folder above the target's package; without files it is not asked for. Raises ClashError and
    UserError as ``commit`` does.
    """
    path = _lock_file(report, options)
    if not report.files and (path is None or not _is_news(path, report, options)):
        return
    from mutagen.write.transaction import commit  # with all that writing takes, which most runs have no need of

    expected = {**report.plan.hashes, **(report.tracked or {}), **report.made_of}
    if path is None:
        assert root is not None
        commit(report.files, root=Path(root), expected=expected)
        return
    folder = os.path.dirname(path)
    with _held(folder):
        change = _change(path, report, options)
        commit((*report.files, change), root=Path(root or folder), expected=expected)


def _lock_file(report: Report, options: Options) -> str | None:
    folder = os.path.dirname(report.plan.file)
    found = nearest_lock(folder)
    return new_lock(folder) if found is None and options.lock else found


def _is_news(path: str, report: Report, options: Options) -> bool:
    change = _change(path, report, options)
    return change.before != change.after


def _change(path: str, report: Report, options: Options) -> FileChange:
    """The lock file before and after."""
    before = disk.read(path)
    folder = os.path.dirname(path)
    old = parse(before, path) if before is not None else ()
    new = _lines(report, options, folder)
    gone = {line.identity for line in new}
    written = {name_of(it.path, folder): it for it in report.files}
    kept = [_moved(line, written.get(line.file)) for line in old if line.identity not in gone]
    return FileChange(path, before, render([*kept, *new]))


def _moved(line: Line, change: FileChange | None) -> Line:
    """The line of another run: where the file was as it left it, what was proved since does not undo that."""
    if change is None or change.before is None or digest(change.before) != line.sha256:
        return line
    return replace(line, sha256=digest(change.after))


def _lines(report: Report, options: Options, folder: str) -> list[Line]:
    """The lines of this run; none where its rules do not lead there again: a plan that was replayed, a part of one."""
    if not report.made_of:
        return []
    run = command_of(options, report.plan.file, folder)
    rules = {name_of(path, folder): digest_of(path) or "" for path in report.made_of}
    files = {path: digest_of(path) for path in (report.plan.file, *(report.tracked or ()))}
    files |= {change.path: digest(change.after) for change in report.files}
    found = [(name_of(path, folder), sha256) for path, sha256 in files.items() if sha256 is not None]
    return [Line(name, sha256, run, rules, options.settings) for name, sha256 in found]


@contextmanager
def _held(folder: str) -> Iterator[None]:
    """Hold the lock file's folder, after another mutagen that writes into it has finished."""
    from mutagen.write.lock import lock

    with ExitStack() as stack:
        end = time.monotonic() + _PATIENCE
        while True:
            try:
                stack.enter_context(lock(Path(folder)))
                break
            except ClashError as error:
                if error.code != "W001" or time.monotonic() > end:
                    raise
                time.sleep(0.02)
        yield
