"""Write a set of files as one: after a crash, a kill or a full disk it is all old or all new.

1. The journal says what is meant (state ``prepare``) and keeps the old contents.
2. Every new content goes into a file of its own beside its target and is flushed.
3. The journal turns to ``commit``: from here on the new contents hold.
4. Each new file is renamed over its target, the folders are flushed, the journal goes.

Whoever finds a journal of state ``prepare`` removes the waiting files; one of state ``commit`` is carried out, or taken
back where waiting files were lost, unless somebody edited the files since.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mutagen.errors import ClashError, Place, UserError
from mutagen.records.result import FileChange
from mutagen.write import checks, disk
from mutagen.write.journal import (
    Entry,
    Journal,
    committed,
    decide,
    interrupted,
    journal_file,
    read_journal,
    remove_journal,
    write_journal,
)
from mutagen.write.lock import lock, tidy_folder

Outcome = Literal["nothing", "withdrawn", "finished", "replayed", "rolled-back"]


@dataclass(frozen=True, slots=True)
class Recovery:
    """What was done about an interrupted transaction, and the files that it changed."""

    outcome: Outcome
    files: tuple[str, ...] = ()


def commit(changes: tuple[FileChange, ...], *, root: Path, expected: Mapping[str, str]) -> None:
    """Write the changes, all or none. ``expected`` maps absolute paths to the SHA-256 that they were planned for.

    Raises ClashError when a file is not what it was planned for or another mutagen is at work, UserError when a file
    cannot be written. Nothing is changed then.
    """
    root = root.resolve()
    targets = checks.targets(changes)
    if not targets:
        return
    try:
        checks.unchanged(targets, expected)
        checks.writable(targets)
        with lock(root):
            recover(root)
            checks.unchanged(targets, expected)
            journal = _journal(targets)
            _prepare(root, journal, targets, expected)
            _carry_out(root, journal)
    except OSError as error:
        raise _cannot_write(error, root) from error


def recover(root: Path) -> Recovery:
    """Complete or take back what an interrupted run left, and say what was done.

    Raises ClashError (W007) and touches nothing when one of the files was edited since.
    """
    root = root.resolve()
    if not interrupted(root):
        tidy_folder(root)
        return Recovery("nothing")
    with lock(root):
        try:
            journal = read_journal(root)
            if journal is not None:
                return _settle(root, journal)
            remove_journal(root)
            return Recovery("nothing")
        except OSError as error:
            raise _unfinished(root, error) from error


def _journal(targets: tuple[checks.Target, ...]) -> Journal:
    token = secrets.token_hex(4)
    entries = tuple(
        Entry(
            path=target.path,
            temp=os.path.join(os.path.dirname(target.path), f".{os.path.basename(target.path)}.{token}.mutagen"),
            before=target.before,
            after=disk.digest(target.after) or "",
        )
        for target in targets
    )
    folders = {folder for target in targets for folder in checks.missing_folders(target.path)}
    return Journal("prepare", entries, tuple(sorted(folders)))


def _prepare(root: Path, journal: Journal, targets: tuple[checks.Target, ...], expected: Mapping[str, str]) -> None:
    """Bring the transaction to state ``commit``, or leave nothing of it."""
    try:
        write_journal(root, journal)
        for folder in journal.folders:
            os.mkdir(folder)
        for entry, target in zip(journal.entries, targets, strict=True):
            disk.create(entry.temp, target.after, like=None if entry.before is None else entry.path)
        for folder in _folders(journal):
            disk.sync_folder(folder)
        checks.unchanged(targets, expected)
        write_journal(root, committed(journal))
    except BaseException:
        with contextlib.suppress(OSError):  # what cannot be removed now is in the journal
            _withdraw(root, journal)
        raise


def _carry_out(root: Path, journal: Journal) -> None:
    """Rename the new files over the old ones; after a failure try to complete, then to take back, then give up."""
    try:
        _replay(root, journal)
    except BaseException as error:
        try:
            recovery = _settle(root, journal := committed(journal))
        except OSError as again:
            try:
                recovery = _roll_back(root, journal)
            except OSError:
                raise _unfinished(root, again) from again
        if not isinstance(error, OSError):
            raise
        if recovery.outcome == "rolled-back":
            raise error


def _settle(root: Path, journal: Journal) -> Recovery:
    if journal.state == "prepare":
        _withdraw(root, journal)
        return Recovery("withdrawn", tuple(entry.path for entry in journal.entries))
    action, files = decide(journal)
    if action == "clash":
        raise ClashError(
            "W007",
            f"an earlier run was interrupted while it wrote, and this file was edited since: {', '.join(files)}",
            place=Place(files[0]),
            hint=f"restore the file (git checkout), or keep all files as they are: delete {journal_file(root)}",
        )
    if action == "replay":
        return _replay(root, journal)
    if action == "roll-back":
        return _roll_back(root, journal)
    _end(root, journal)
    return Recovery("finished", files)


def _replay(root: Path, journal: Journal) -> Recovery:
    done = []
    for entry in journal.entries:
        if disk.digest(disk.read(entry.temp)) == entry.after:
            os.replace(entry.temp, entry.path)
            done.append(entry.path)
    for folder in _folders(journal):
        disk.sync_folder(folder)
    with contextlib.suppress(OSError):  # all files are new; a journal that stays says so itself
        _end(root, journal)
    return Recovery("replayed", tuple(done))


def _roll_back(root: Path, journal: Journal) -> Recovery:
    done = []
    for entry in journal.entries:
        if disk.digest(disk.read(entry.path)) != entry.after:
            continue
        done.append(entry.path)
        if entry.before is None:
            disk.remove(entry.path)
        else:
            disk.remove(entry.temp)
            disk.create(entry.temp, entry.before, like=entry.path)
            os.replace(entry.temp, entry.path)
    _withdraw(root, journal)
    return Recovery("rolled-back", tuple(done))


def _withdraw(root: Path, journal: Journal) -> None:
    """Remove the waiting files and the folders that were made for them, then the journal."""
    for entry in journal.entries:
        disk.remove(entry.temp)
    for folder in reversed(journal.folders):
        with contextlib.suppress(OSError):  # not made yet, or in use by somebody else
            os.rmdir(folder)
    _end(root, journal)


def _end(root: Path, journal: Journal) -> None:
    for folder in _folders(journal):
        disk.sync_folder(folder)
    remove_journal(root)
    tidy_folder(root)


def _folders(journal: Journal) -> tuple[str, ...]:
    """The folders whose entries change, existing ones only."""
    inner = {os.path.dirname(entry.path) for entry in journal.entries}
    outer = {os.path.dirname(folder) for folder in journal.folders}
    return tuple(sorted(folder for folder in inner | outer if os.path.isdir(folder)))


def _cannot_write(error: OSError, root: Path) -> UserError:
    return UserError(
        "W003",
        f"cannot write: {error.strerror or error}; all files have their old content",
        place=Place(str(error.filename2 or error.filename or root)),
        hint="make room or remove what is in the way, then run the command again",
    )


def _unfinished(root: Path, error: OSError) -> UserError:
    return UserError(
        "W009",
        f"writing was interrupted and could not be completed: {error.strerror or error}",
        place=Place(journal_file(root)),
        hint="remove what is in the way; the next mutagen command completes it or takes it back",
    )
