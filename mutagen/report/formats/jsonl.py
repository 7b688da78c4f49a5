"""One JSON object a line, for ``jq`` and logs: edits, refusals and errors as they come, then a line for each target."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from mutagen.records.result import Report
from mutagen.records.told import Told
from mutagen.report import errors
from mutagen.report.findings import Finding, Region, findings
from mutagen.report.json import SCHEMA_VERSION
from mutagen.report.json import as_data as report_data
from mutagen.report.paths import shown_path
from mutagen.report.summary import summary


def render(told: Sequence[Told], *, root: Path) -> str:
    """The lines, with paths relative to ``root``; ``type`` is edit, refusal, failure, error or target."""
    return "".join(f"{json.dumps(line, ensure_ascii=False, allow_nan=False)}\n" for line in _lines(told, root))


def _lines(told: Sequence[Told], root: Path) -> Iterator[dict[str, Any]]:
    for it in told:
        start = {"schema_version": SCHEMA_VERSION, "target": shown_path(it.target, root)}
        if it.report:
            yield from ({**start, **_finding(each, root)} for each in findings(it.report))
        elif it.error:
            yield from ({**start, "type": "error", **each} for each in errors.as_data(it.error, root=root))
        yield {**start, "type": "target", "status": it.status, **(_outcome(it.report, root) if it.report else {})}


def _finding(it: Finding, root: Path) -> dict[str, Any]:
    return {
        "type": it.kind,
        "rule": it.rule or None,
        "code": it.code or None,
        "message": it.message,
        "advice": it.advice or None,
        "rung": it.rung or None,
        "instances": list(it.paths),
        **(_place(it.region, root) if it.region else {}),
    }


def _place(it: Region, root: Path) -> dict[str, Any]:
    return {
        "path": shown_path(it.file, root),
        "line": it.line,
        "column": it.column,
        "end_line": it.end_line,
        "end_column": it.end_column,
    }


def _outcome(report: Report, root: Path) -> dict[str, Any]:
    data = report_data(report, root=root)
    kept = ("rules", "files", "proof", "counts", "weights", "notes", "timing")
    return {"message": summary(report), **{name: data[name] for name in kept}}
