"""Workflow commands that GitHub shows as annotations of a change (``::warning file=...::message``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from mutagen.errors import MutagenError
from mutagen.records.result import Report
from mutagen.records.told import Told
from mutagen.report.errors import members
from mutagen.report.findings import Finding, Region, findings
from mutagen.report.paths import shown_path

_LEVELS = {"edit": "warning", "refusal": "error", "failure": "error"}


def render(told: Sequence[Told], *, root: Path) -> str:
    """One line for each edit, refusal and error, with paths relative to ``root``."""
    return "".join(f"{line}\n" for it in told for line in _lines(it, root))


def _lines(told: Told, root: Path) -> Iterator[str]:
    if told.report:
        yield from (_finding(it, told.report, root) for it in findings(told.report))
    elif told.error:
        yield from (_error(it, root) for it in members(told.error))


def _finding(it: Finding, report: Report, root: Path) -> str:
    level = "notice" if it.kind == "edit" and report.status == "applied" else _LEVELS[it.kind]
    place = _place(it.region, root) if it.region else {"file": shown_path(report.plan.file, root)}
    message = f"{it.message}\nhelp: {it.advice}" if it.advice else it.message
    return _command(level, {"title": f"mutagen {it.rule}".strip(), **place}, message)


def _error(error: MutagenError, root: Path) -> str:
    place: dict[str, object] = {}
    if error.place:
        place = {"file": shown_path(error.place.file, root)}
        if error.place.line:
            end = error.place.column + error.place.length
            place |= {"line": error.place.line, "col": error.place.column, "endColumn": end}
    message = f"{error.message}\nhelp: {error.hint}" if error.hint else error.message
    return _command("error", {"title": f"mutagen {error.code}", **place}, message)


def _place(it: Region, root: Path) -> dict[str, object]:
    """GitHub knows columns only of what begins and ends in one line."""
    where: dict[str, object] = {"file": shown_path(it.file, root), "line": it.line, "endLine": it.end_line}
    if it.line == it.end_line:
        where |= {"col": it.column, "endColumn": max(it.end_column, it.column)}
    return where


def _command(level: str, properties: Mapping[str, object], message: str) -> str:
    told = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    return f"::{level} {told}::{_escaped(message)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
