"""What has drifted, in the forms for machines: ``json`` and ``jsonl`` of its own, the others as reports have them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from mutagen.errors import ErrorGroup, MutagenError
from mutagen.records.told import Told
from mutagen.report.errors import as_data
from mutagen.report.paths import report_root

SCHEMA_VERSION = 1


def render(form: str, errors: Sequence[MutagenError], *, files: int, cwd: Path) -> str:
    """The text of a comparison of so many files.

    ``json`` and ``jsonl`` have paths relative to ``cwd``, the others, which belong to a repository, to its root.
    """
    if form == "json":
        return json.dumps(_data(errors, files, cwd), indent=2, ensure_ascii=False) + "\n"
    if form == "jsonl":
        return "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in _lines(errors, files, cwd))
    told = [Told("", error=ErrorGroup(tuple(errors)))] if errors else []
    root = report_root((it.place.file for it in errors if it.place), cwd)
    text = import_module(f"mutagen.report.formats.{form}").render(told, root=root)
    assert isinstance(text, str)
    return text


def _data(errors: Sequence[MutagenError], files: int, cwd: Path) -> dict[str, Any]:
    told = [data for error in errors for data in as_data(error, root=cwd)]
    return {
        "schema_version": SCHEMA_VERSION,
        "status": "drifted" if errors else "unchanged",
        "files": files,
        "errors": told,
    }


def _lines(errors: Sequence[MutagenError], files: int, cwd: Path) -> Iterator[dict[str, Any]]:
    """A line for each error, then one for all."""
    whole = _data(errors, files, cwd)
    for each in whole.pop("errors"):
        yield {"schema_version": SCHEMA_VERSION, "type": "error", **each}
    yield {"type": "check", **whole}
