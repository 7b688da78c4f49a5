"""A report for people: one line a site, refusals, a table of costs, one sentence.

Written for a terminal with colours and boxes; elsewhere as plain lines that can be searched and parsed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from mutagen.report import claims, others
from mutagen.report.colours import painted
from mutagen.report.errors import Segment, segments
from mutagen.report.paths import shown_span
from mutagen.report.summary import difference, refusals, summary

if TYPE_CHECKING:
    from mutagen.records.plan import Edit, Refusal
    from mutagen.records.result import Counts, Report, Verdict, Weights

SNIPPET = 60
_FEW = 3

Line = tuple[Segment, ...]


class Rows(NamedTuple):
    """A table."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def render(report: Report, *, root: Path, styled: bool = False, verbosity: int = 0, width: int = 100) -> str:
    """The text of a report; ``verbosity`` is -1 for problems only, 0, or 1 for reasons, checks and times."""
    parts = _parts(report, root=root, styled=styled, verbosity=verbosity)
    return "".join(_rendered(part, styled=styled, width=width) for part in parts)


def render_segments(segments: Iterable[Segment], *, styled: bool = False) -> str:
    """The pieces of an error message, in colours when ``styled``."""
    return painted(segments, styled=styled)


def _rendered(part: Line | Rows, *, styled: bool, width: int) -> str:
    if not isinstance(part, Rows):
        return painted(part, styled=styled)
    from mutagen.report.tables import render_table  # importing rich takes longer than all the rest

    return render_table(part.columns, part.rows, styled=styled, width=width)


def _line(text: str, style: str = "") -> Line:
    return Segment(text, style), Segment("\n")


def _parts(report: Report, *, root: Path, styled: bool, verbosity: int) -> Iterator[Line | Rows]:
    if verbosity >= 0 and report.status in ("applied", "would_change"):
        yield from map(_line, dict.fromkeys(_site(edit, root, verbosity) for edit in report.plan.edits))
    alike: dict[object, list[Refusal]] = {}
    for it in refusals(report):
        alike.setdefault((it.rule, it.code, it.message, it.where), []).append(it)
    for group in alike.values():
        yield from _refusal(group, root, most=_FEW if verbosity < 1 else len(group))
    for error in claims.unmet(report, root=root):
        yield tuple(segments(error, root=root))
    if verbosity >= 0:
        for rule in report.plan.rules:
            if rule.spared:
                yield _line(f"note: {rule.rule} spares {_listed(tuple(path or '(model)' for path in rule.spared))}")
        for note in dict.fromkeys((*report.plan.notes, *report.notes)):
            yield _line(f"note: {note}")
        if report.verdict:
            yield from _verdict(report.verdict, styled=styled, verbosity=verbosity)
        yield from map(_line, others.lines(report, root=root, full=verbosity > 0))
        if verbosity > 0:
            yield from _circumstances(report)
    if verbosity >= 0 or report.status in ("refused", "failed"):
        good = report.status in ("applied", "unchanged", "would_change")
        yield _line(summary(report), "good" if good else "bad")


def _site(edit: Edit, root: Path, verbosity: int) -> str:
    count = len(edit.instances)
    times = f" ({count} instances)" if count > 1 else ""
    why = f" [{edit.rung}: {edit.reason}]" if verbosity > 0 else ""
    new = _snippet(edit.new)
    message = f"{_snippet(edit.old)} → {new}" if edit.old.strip() else f"+ {new}"
    return f"{shown_span(edit.span, root)}: {edit.rule} {message}{times}{why}"


def _snippet(source: str) -> str:
    line = " ".join(source.split())
    return line if len(line) <= SNIPPET else f"{line[: SNIPPET - 1]}…"


def _refusal(group: list[Refusal], root: Path, *, most: int) -> Iterator[Line]:
    """One reason, with the targets that it holds for."""
    refusal = group[0]
    where = f"{shown_span(refusal.where, root)}: " if refusal.where else ""
    paths = ", ".join(it.path for it in group[:most]) + (f" and {len(group) - most} more" if len(group) > most else "")
    code = Segment(f"refused[{refusal.code}]", "refused")
    yield Segment(f"{where}{refusal.rule} "), code, Segment(f" {paths}: {refusal.message}\n")
    if refusal.advice:
        yield Segment("  help: ", "help"), Segment(f"{refusal.advice}\n")


def _verdict(verdict: Verdict, *, styled: bool, verbosity: int) -> Iterator[Line | Rows]:
    if styled or verbosity > 0:
        yield _costs(verdict.counts, verdict.weights)
    uncounted = verdict.counts.uncounted
    if uncounted and verbosity > 0:
        calls = ", ".join(f"{name} ({number})" for name, number in uncounted.items())
        yield _line(f"note: operations whose MACs are not counted: {calls}")
    if verdict.weights.lost:
        yield _line(f"note: checkpoint keys without a place: {_listed(verdict.weights.lost)}")
    for note in verdict.proof.notes:
        if note.startswith("no ") or verbosity > 0:  # what was not proved
            yield _line(f"note: {note}")
    for check in verdict.checks:
        if check.status in ("fail", "warn") or verbosity > 0:
            yield _line(f"check {check.name}: {check.status}{f' ({check.detail})' if check.detail else ''}")
    if verbosity > 0:
        for case in verdict.proof.cases:
            shapes = ", ".join("x".join(map(str, shape)) for shape in case.shapes)
            outcome = "equal" if case.equal else "NOT equal"
            note = f", {case.note}" if case.note else ""
            yield _line(f"proof {case.mode} {shapes}: {outcome}, largest difference {case.max_abs_diff:.3g}{note}")


def _listed(names: tuple[str, ...], most: int = 4) -> str:
    rest = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + rest


def _costs(counts: Counts, weights: Weights) -> Rows:
    pairs = (("parameters", counts.params), ("buffers", counts.buffers), ("MACs", counts.macs))
    rows = [(name, f"{pair[0]:,}", f"{pair[1]:,}", difference(pair)) for name, pair in pairs]
    old = len(weights.kept) + len(weights.moved) + len(weights.lost)
    new = len(weights.kept) + len(weights.moved) + len(weights.new)
    fate = f"{len(weights.kept)} kept, {len(weights.moved)} moved, {len(weights.new)} new, {len(weights.lost)} lost"
    return Rows(("", "before", "after", "difference"), (*rows, ("checkpoint keys", f"{old:,}", f"{new:,}", fate)))


def _circumstances(report: Report) -> Iterator[Line]:
    where = " on the meta device" if report.device == "meta" else ""
    yield _line(f"traced by {report.trace_method}{where}: {report.nodes:,} nodes, {report.modules:,} modules")
    if report.timing:
        yield _line("time: " + ", ".join(f"{stage} {seconds:.2f} s" for stage, seconds in report.timing.items()))
