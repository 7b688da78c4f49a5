"""A report as single findings: one for each edit, refusal and failure, with places that count characters."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mutagen.records.plan import Edit, Refusal
from mutagen.records.result import Report
from mutagen.records.span import Span
from mutagen.report.summary import counted

Kind = Literal["edit", "refusal", "failure"]
_SNIPPET = 100
_LINE_END = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class Region:
    """A place in a file: absolute path, lines and columns from 1, columns in characters, the end exclusive."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to tell. ``paths`` are the modules that it is about, ``code`` that of a refusal."""

    kind: Kind
    rule: str
    message: str
    region: Region | None
    paths: tuple[str, ...] = ()
    code: str = ""
    advice: str = ""
    rung: str = ""


def findings(report: Report) -> Iterator[Finding]:
    """Everything in a report that has a place in the source, in the order of the rules; then what failed."""
    sources = {change.path: change.before for change in report.files if change.before is not None}
    if report.status in ("applied", "would_change"):
        yield from (_edit(it, report, sources) for it in report.plan.edits)
    for rule in report.plan.rules:
        yield from (_refusal(it, sources) for it in rule.refused)
    if report.status == "failed":
        yield Finding("failure", "", f"nothing written: {report.failure or 'the proof failed'}", None)


def region(span: Span, sources: Mapping[str, bytes]) -> Region:
    """A span with its columns in characters; those of ``sources`` are taken before what is on disk."""
    lines = _lines(span.file, sources)
    column, end = _character(lines, span.line, span.column), _character(lines, span.end_line, span.end_column)
    return Region(span.file, span.line, column, span.end_line, end)


def decoded(raw: bytes) -> str:
    """The text of a Python source, its line ends as they are; what cannot be decoded is replaced."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
    except SyntaxError:
        encoding = "utf-8"
    return raw.decode(encoding, errors="replace")


def _edit(edit: Edit, report: Report, sources: Mapping[str, bytes]) -> Finding:
    verb = "changed" if report.status == "applied" else "would change"
    new = _snippet(edit.new)
    what = f"{_snippet(edit.old)} → {new}" if edit.old.strip() else f"+ {new}"
    count = len(edit.instances)
    message = f"{verb}: {what}" + (f" ({counted(count, 'instance')})" if count > 1 else "")
    return Finding("edit", edit.rule, message, region(edit.span, sources), edit.instances, rung=edit.rung)


def _refusal(refusal: Refusal, sources: Mapping[str, bytes]) -> Finding:
    where = region(refusal.where, sources) if refusal.where else None
    message = f"refused[{refusal.code}] {refusal.path or '(model)'}: {refusal.message}"
    return Finding("refusal", refusal.rule, message, where, (refusal.path,), refusal.code, refusal.advice)


def _snippet(source: str) -> str:
    line = " ".join(source.split())
    return line if len(line) <= _SNIPPET else f"{line[: _SNIPPET - 1]}…"


def _lines(file: str, sources: Mapping[str, bytes]) -> list[str]:
    try:
        raw = sources[file] if file in sources else Path(file).read_bytes()
    except OSError:
        return []
    return _LINE_END.split(decoded(raw).removeprefix("\ufeff"))


def _character(lines: list[str], line: int, column: int) -> int:
    """The column in characters, from 1, of one in UTF-8 bytes, from 0."""
    if not 0 < line <= len(lines):
        return column + 1
    return len(lines[line - 1].encode("utf-8", "surrogatepass")[:column].decode("utf-8", errors="ignore")) + 1
