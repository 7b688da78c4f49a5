"""Reports by the contents of all that they depend on, in a folder of the user's.

An answer is a file of its own, named by its question: a line with the digest of the rest, then what was read and the
report. It is given only while everything that was read is as it was; a file that is damaged, or of another version, is
no answer. Losing one costs a run and nothing else, so every trouble with the disk is passed over.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mutagen.cache.folder import answers_folder, cache_folder, made_folder
from mutagen.cache.key import key_of
from mutagen.errors import MutagenError
from mutagen.sandbox.seen import Seen, digest, digest_of, kind_of, listing
from mutagen.sandbox.variables import ALL, whole

if TYPE_CHECKING:
    from mutagen.records.options import Options
    from mutagen.records.result import Report

_RUNNING = ".mutagen_cache"
_AT_REST = {"CACHEDIR.TAG", ".gitignore"}
_MAGIC = b"mutagen answer 1 "
_MOST = 500
_OLDEST = 30 * 86400.0
_LASTING = ("unchanged", "refused", "would_change")


def is_kept(options: Options) -> bool:
    """Whether answers to a question are kept at all."""
    return options.cache and options.plan_file is None


def known_answer(options: Options) -> Report | None:
    """The report of an earlier run, if it would come out the same now and nothing is to be written."""
    if not is_kept(options):
        return None
    start = time.perf_counter()
    try:
        if _is_at_work(options.target):
            return None
        seen, report = _read((answers_folder() / key_of(options)).read_bytes())
        if report.status not in _LASTING or (options.write and report.status == "would_change") or not _stands(seen):
            return None
        from mutagen.tracked.place import wanted

        if report.tracked is None and wanted(options, report.plan.file):
            return None
    except Exception:  # whatever stands there in the place of an answer is none
        return None
    return replace(report, timing={"cache": round(time.perf_counter() - start, 4)})


@contextlib.contextmanager
def watched_run() -> Iterator[Seen]:
    """What mutagen itself reads inside the block, for ``keep_answer``."""
    from mutagen.sandbox.watching import watching

    with watching(os.path.join(cache_folder(), "")) as seen:
        yield seen


def keep_answer(options: Options, report: Report, seen: Seen) -> None:
    """Keep a report for ``known_answer``, unless something speaks against it."""
    if report.status not in _LASTING or seen.doubts or not _stands(seen):
        return
    if any(it.built_before is None for it in report.collateral):  # there was no time for it, this time
        return
    body = pickle.dumps((vars(seen), report), protocol=pickle.HIGHEST_PROTOCOL)
    with contextlib.suppress(OSError, RuntimeError, MutagenError):
        import secrets

        folder = made_folder()
        name = key_of(options)
        fresh = folder / f"{name}.{secrets.token_hex(4)}"
        try:
            fresh.write_bytes(_MAGIC + digest(body).encode() + b"\n" + body)
            fresh.replace(folder / name)
        finally:
            fresh.unlink(missing_ok=True)
        _prune(folder)


def _is_at_work(target: str) -> bool:
    """Whether another mutagen is at work above a target, or was interrupted there: only a run can tell."""
    start = Path(os.path.abspath(target))
    for parent in start.parents if start.exists() else (Path.cwd(), *Path.cwd().parents):
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            if not set(os.listdir(parent / _RUNNING)) <= _AT_REST:
                return True
    return False


def _read(data: bytes) -> tuple[Seen, Report]:
    """What an answer says; raises ValueError where it is not whole, MutagenError where it is not of our making."""
    head, _, body = data.partition(b"\n")
    if head != _MAGIC + digest(body).encode():
        raise ValueError("damaged")
    from mutagen.records.result import Report  # where there is no answer, the import of torch begins without it
    from mutagen.sandbox.wire import loads_records

    seen, report = loads_records(body)
    if not isinstance(report, Report):
        raise ValueError("no report")
    return Seen(**seen), report


def _stands(seen: Seen) -> bool:
    """Whether everything that was read is as it was."""
    return (
        all(digest_of(path) == was for path, was in seen.files.items())
        and all(kind_of(path) == was for path, was in seen.there.items())
        and all(listing(path, importable) == was for (path, importable), was in seen.folders.items())
        and all(_variable(name) == was for name, was in seen.variables.items())
    )


def _variable(name: str) -> str:
    if name == ALL:
        return digest(whole(dict(os.environ)))
    value = os.environ.get(name)
    return digest(os.fsencode(value)) if value is not None else ""


def _prune(folder: Path) -> None:
    """Remove answers that nobody will ask for any more: the oldest, and all beyond some number."""
    found = sorted(((entry.stat().st_mtime, entry.path) for entry in os.scandir(folder)), reverse=True)
    for index, (changed, path) in enumerate(found):
        if index >= _MOST or changed < time.time() - _OLDEST:
            Path(path).unlink(missing_ok=True)
