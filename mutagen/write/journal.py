"""What a transaction is about to do, kept on disk until it is done.

The journal holds the old content of every file, so that a set of files which was half renamed can be completed (from
the new files that wait beside the old ones) or taken back (from the journal) by whoever comes next.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, cast

from mutagen.errors import ClashError, Place
from mutagen.write import disk
from mutagen.write.lock import cache_folder

State = Literal["prepare", "commit"]
Action = Literal["finish", "replay", "roll-back", "clash"]

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """One file: absolute path, the new file beside it, the old content (None for a new file), hash of the new one."""

    path: str
    temp: str
    before: bytes | None
    after: str


@dataclass(frozen=True, slots=True)
class Journal:
    """``folders`` are those that are made for new files, outer ones first."""

    state: State
    entries: tuple[Entry, ...]
    folders: tuple[str, ...] = ()


def journal_file(root: Path) -> str:
    """Return the path of the journal; it exists only while a transaction is under way or was interrupted."""
    return str(cache_folder(root) / "journal.json")


def interrupted(root: Path) -> bool:
    """Whether a journal, finished or not, lies there; looking needs no lock and no right to write."""
    file = journal_file(root)
    return os.path.lexists(file) or os.path.lexists(file + ".new")


def write_journal(root: Path, journal: Journal) -> None:
    """Put the journal on disk, whole or not at all."""
    file = journal_file(root)
    disk.remove(file + ".new")
    disk.create(file + ".new", json.dumps(_to_json(root, journal)).encode())
    os.replace(file + ".new", file)
    disk.sync_folder(os.path.dirname(file))


def read_journal(root: Path) -> Journal | None:
    """Return the journal, None when nothing is under way; ClashError (W008) when it is not one of ours."""
    file = journal_file(root)
    data = disk.read(file)
    if data is None:
        return None
    try:
        return _from_json(root, json.loads(data))
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise ClashError(
            "W008",
            f"the journal of an interrupted run cannot be read: {error}",
            place=Place(file),
            hint="check the model files by hand (git diff), then delete the journal",
        ) from error


def remove_journal(root: Path) -> None:
    """Forget the transaction; done when it has ended, well or not."""
    disk.remove(journal_file(root))
    disk.remove(journal_file(root) + ".new")


def committed(journal: Journal) -> Journal:
    """Return the journal in the state after which the new files hold."""
    return replace(journal, state="commit")


def decide(journal: Journal) -> tuple[Action, tuple[str, ...]]:
    """Return what to do about an interrupted transaction in state ``commit``, and the files in question.

    Every file has its old content, its new content, or was edited by somebody since. Where no new file waits any more
    and none is old, all renames were done: later edits are the user's business.
    """
    old: list[str] = []
    new: list[str] = []
    edited: list[str] = []
    waiting: set[str] = set()
    for entry in journal.entries:
        now = disk.digest(disk.read(entry.path))
        group = new if now == entry.after else old if now == disk.digest(entry.before) else edited
        group.append(entry.path)
        if disk.digest(disk.read(entry.temp)) == entry.after:
            waiting.add(entry.path)
    if not old and not waiting:
        return "finish", tuple(new)
    if edited:
        return "clash", tuple(edited)
    if waiting.issuperset(old):
        return "replay", tuple(old)
    return "roll-back", tuple(new)


def _to_json(root: Path, journal: Journal) -> dict[str, object]:
    return {
        "version": _VERSION,
        "state": journal.state,
        "folders": [_shorten(root, folder) for folder in journal.folders],
        "files": [
            {
                "path": _shorten(root, entry.path),
                "temp": _shorten(root, entry.temp),
                "before": None if entry.before is None else base64.b64encode(entry.before).decode(),
                "before_sha256": disk.digest(entry.before),
                "after_sha256": entry.after,
            }
            for entry in journal.entries
        ],
    }


def _from_json(root: Path, data: dict[str, object]) -> Journal:
    if data["version"] != _VERSION:
        raise ValueError(f"version {data['version']}")
    state = data["state"]
    if state != "prepare" and state != "commit":
        raise ValueError(f"state {state}")
    files = cast("Iterable[dict[str, str]]", data["files"])
    folders = cast("Iterable[str]", data["folders"])
    return Journal(
        state=state,
        entries=tuple(_entry(root, file) for file in files),
        folders=tuple(os.path.join(root, folder) for folder in folders),
    )


def _entry(root: Path, file: dict[str, str]) -> Entry:
    before = None if file["before"] is None else base64.b64decode(file["before"], validate=True)
    if disk.digest(before) != file["before_sha256"]:
        raise ValueError(f"the old content of {file['path']} does not have its hash")
    return Entry(
        path=os.path.join(root, file["path"]),
        temp=os.path.join(root, file["temp"]),
        before=before,
        after=file["after_sha256"],
    )


def _shorten(root: Path, path: str) -> str:
    """Write paths below ``root`` relative to it: the project may be moved before it is recovered."""
    base = os.path.join(root, "")
    return path[len(base) :] if path.startswith(base) else path
