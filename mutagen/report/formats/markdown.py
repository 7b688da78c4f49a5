"""A comment for a pull request: a sentence, a table of the rules, one of the costs, the patch folded away."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from mutagen.records.plan import Edit, Refusal
from mutagen.records.result import Report
from mutagen.records.told import Told
from mutagen.report import diff, errors
from mutagen.report.paths import shown_path, shown_span
from mutagen.report.summary import counted, difference, refusals, summary


def render(told: Sequence[Told], *, root: Path) -> str:
    """The Markdown text, a section for each target, with paths relative to ``root``."""
    return "\n".join("\n".join(_section(it, root)) + "\n" for it in told)


def _section(told: Told, root: Path) -> Iterator[str]:
    yield f"### mutagen: {_code(shown_path(told.target, root))}"
    if told.report is None:
        yield ""
        yield _fenced(errors.render(told.error, root=root) if told.error else "failed", "text")
        return
    report = told.report
    yield ""
    yield f"{_plain(summary(report))}."
    yield from _rules(report)
    yield from _costs(report)
    yield from _notes(report)
    yield from _edits(report, root)
    yield from _patch(report, root)


def _rules(report: Report) -> Iterator[str]:
    if not report.plan.rules:
        return
    yield ""
    yield "| rule | matched | changed | already | refused | sites |"
    yield "|---|--:|--:|--:|--:|--:|"
    for it in report.plan.rules:
        counts = (it.matched, it.planned, it.already, it.refused, it.sites)
        yield f"| {_code(it.rule)} | {' | '.join(f'{len(each):,}' for each in counts)} |"


def _costs(report: Report) -> Iterator[str]:
    if report.verdict is None:
        return
    counts, weights = report.verdict.counts, report.verdict.weights
    yield ""
    yield "| | before | after | difference |"
    yield "|---|--:|--:|--:|"
    for name, pair in (("parameters", counts.params), ("buffers", counts.buffers), ("MACs", counts.macs)):
        yield f"| {name} | {pair[0]:,} | {pair[1]:,} | {difference(pair)} |"
    old = len(weights.kept) + len(weights.moved) + len(weights.lost)
    new = len(weights.kept) + len(weights.moved) + len(weights.new)
    fate = f"{len(weights.moved):,} moved, {len(weights.new):,} new, {len(weights.lost):,} lost"
    yield f"| checkpoint keys | {old:,} | {new:,} | {fate} |"


def _notes(report: Report) -> Iterator[str]:
    alike: dict[tuple[str, str, str, str], list[Refusal]] = {}
    for it in refusals(report):
        alike.setdefault((it.rule, it.code, it.message, it.advice), []).append(it)
    if alike:
        yield ""
    for (rule, code, message, advice), group in alike.items():
        many = counted(len(group), "target")
        yield f"- {_code(rule)} refused {many} ({_code(code)}): {_plain(message)}. {_plain(advice)}."
    notes = dict.fromkeys((*report.notes, *report.plan.notes))
    if notes:
        yield ""
    yield from (f"- note: {_plain(note)}" for note in notes)


def _edits(report: Report, root: Path) -> Iterator[str]:
    if report.status not in ("applied", "would_change"):
        return
    yield ""
    yield from dict.fromkeys(_edit(it, root) for it in report.plan.edits)


def _edit(edit: Edit, root: Path) -> str:
    many = f", {counted(len(edit.instances), 'instance')}" if len(edit.instances) > 1 else ""
    return f"- {_code(shown_span(edit.span, root))} {_code(edit.rule)} by {edit.rung}{many}: {_plain(edit.reason)}"


def _patch(report: Report, root: Path) -> Iterator[str]:
    if report.status not in ("applied", "would_change"):
        return
    added = removed = 0
    for change in report.files:
        one, other = diff.line_counts(change)
        added, removed = added + one, removed + other
    text = diff.render(report.files, root=root).decode("utf-8", errors="replace")
    yield ""
    yield f"<details><summary>patch: +{added:,} −{removed:,} lines in {counted(len(report.files), 'file')}</summary>"
    yield ""
    yield _fenced(text, "diff")
    yield ""
    yield "</details>"


def _fenced(text: str, language: str) -> str:
    """The text in a fence that is longer than any that it holds."""
    longest = max((len(found) for found in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{text.rstrip(chr(10))}\n{fence}"


def _code(text: str) -> str:
    """Code within a line, also within a table."""
    ticks = "`" * (max((len(found) for found in re.findall(r"`+", text)), default=0) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{pad}{text}{pad}{ticks}".replace("|", "\\|")


def _plain(text: str) -> str:
    """Text whose special characters stand for themselves."""
    return re.sub(r"([\\`*_<>\[\]|#])", r"\\\1", " ".join(text.split()))
