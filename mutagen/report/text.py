"""A report for people: one line a site, refusals, a table of costs, one sentence.

Written for a terminal with colours and boxes; elsewhere as plain lines that can be searched and parsed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import StringIO
from pathlib import Path

from rich import box
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from mutagen.records.plan import Edit, Refusal
from mutagen.records.result import Counts, Report, Verdict, Weights
from mutagen.report import claims, others
from mutagen.report.errors import Segment, segments
from mutagen.report.paths import shown_span
from mutagen.report.summary import difference, refusals, summary

STYLES = {"error": "bold red", "frame": "blue", "mark": "bold red", "help": "cyan", "detail": "dim"}
SNIPPET = 60
_UNLIMITED = 10_000
_FEW = 3


def render(report: Report, *, root: Path, styled: bool = False, verbosity: int = 0, width: int = 100) -> str:
    """The text of a report; ``verbosity`` is -1 for problems only, 0, or 1 for reasons, checks and times."""
    return _printed(_parts(report, root=root, styled=styled, verbosity=verbosity), styled=styled, width=width)


def render_segments(segments: Iterable[Segment], *, styled: bool = False) -> str:
    """The pieces of an error message, in colours when ``styled``."""
    text = Text.assemble(*((segment.text, STYLES.get(segment.style, "")) for segment in segments), end="")
    return _printed([text], styled=styled, width=_UNLIMITED)


def render_table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]], *, styled: bool, width: int) -> str:
    """A table of texts; without a box when not ``styled``."""
    table = _table(columns, styled=styled)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    return _printed([table], styled=styled, width=width)


def _printed(parts: Iterable[RenderableType], *, styled: bool, width: int) -> str:
    stream = StringIO()
    console = Console(
        file=stream,
        force_terminal=styled,
        color_system="standard" if styled else None,
        no_color=not styled,
        width=width if styled else _UNLIMITED,
        highlight=False,
        legacy_windows=False,
        _environ={},
    )
    for part in parts:
        console.print(part, soft_wrap=isinstance(part, Text), end=part.end if isinstance(part, Text) else "\n")
    text = stream.getvalue()
    return text if styled else "".join(f"{line.rstrip()}\n" for line in text.splitlines())


def _parts(report: Report, *, root: Path, styled: bool, verbosity: int) -> Iterator[RenderableType]:
    if verbosity >= 0 and report.status in ("applied", "would_change"):
        yield from map(Text, dict.fromkeys(_site(edit, root, verbosity) for edit in report.plan.edits))
    alike: dict[object, list[Refusal]] = {}
    for it in refusals(report):
        alike.setdefault((it.rule, it.code, it.message, it.where), []).append(it)
    for group in alike.values():
        yield from _refusal(group, root, most=_FEW if verbosity < 1 else len(group))
    for error in claims.unmet(report, root=root):
        yield Text.assemble(*((it.text, STYLES.get(it.style, "")) for it in segments(error, root=root)), end="")
    if verbosity >= 0:
        for rule in report.plan.rules:
            if rule.spared:
                yield Text(f"note: {rule.rule} spares {_listed(tuple(path or '(model)' for path in rule.spared))}")
        for note in dict.fromkeys((*report.plan.notes, *report.notes)):
            yield Text(f"note: {note}")
        if report.verdict:
            yield from _verdict(report.verdict, styled=styled, verbosity=verbosity)
        yield from map(Text, others.lines(report, root=root, full=verbosity > 0))
        if verbosity > 0:
            yield from _circumstances(report)
    if verbosity >= 0 or report.status in ("refused", "failed"):
        colour = "bold green" if report.status in ("applied", "unchanged", "would_change") else "bold red"
        yield Text(summary(report), style=colour)


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


def _refusal(group: list[Refusal], root: Path, *, most: int) -> Iterator[Text]:
    """One reason, with the targets that it holds for."""
    refusal = group[0]
    where = f"{shown_span(refusal.where, root)}: " if refusal.where else ""
    paths = ", ".join(it.path for it in group[:most]) + (f" and {len(group) - most} more" if len(group) > most else "")
    yield Text.assemble(
        f"{where}{refusal.rule} ", (f"refused[{refusal.code}]", "bold yellow"), f" {paths}: {refusal.message}"
    )
    if refusal.advice:
        yield Text.assemble(("  help: ", STYLES["help"]), refusal.advice)


def _verdict(verdict: Verdict, *, styled: bool, verbosity: int) -> Iterator[RenderableType]:
    if styled or verbosity > 0:
        yield _costs(verdict.counts, verdict.weights, styled=styled)
    uncounted = verdict.counts.uncounted
    if uncounted and verbosity > 0:
        calls = ", ".join(f"{name} ({number})" for name, number in uncounted.items())
        yield Text(f"note: operations whose MACs are not counted: {calls}")
    if verdict.weights.lost:
        yield Text(f"note: checkpoint keys without a place: {_listed(verdict.weights.lost)}")
    for note in verdict.proof.notes:
        if note.startswith("no ") or verbosity > 0:  # what was not proved
            yield Text(f"note: {note}")
    for check in verdict.checks:
        if check.status in ("fail", "warn") or verbosity > 0:
            yield Text(f"check {check.name}: {check.status}{f' ({check.detail})' if check.detail else ''}")
    if verbosity > 0:
        for case in verdict.proof.cases:
            shapes = ", ".join("x".join(map(str, shape)) for shape in case.shapes)
            outcome = "equal" if case.equal else "NOT equal"
            note = f", {case.note}" if case.note else ""
            yield Text(f"proof {case.mode} {shapes}: {outcome}, largest difference {case.max_abs_diff:.3g}{note}")


def _listed(names: tuple[str, ...], most: int = 4) -> str:
    rest = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + rest


def _costs(counts: Counts, weights: Weights, *, styled: bool) -> Table:
    table = _table(("", "before", "after", "difference"), styled=styled)
    for name, pair in (("parameters", counts.params), ("buffers", counts.buffers), ("MACs", counts.macs)):
        table.add_row(name, f"{pair[0]:,}", f"{pair[1]:,}", difference(pair))
    old = len(weights.kept) + len(weights.moved) + len(weights.lost)
    new = len(weights.kept) + len(weights.moved) + len(weights.new)
    fate = f"{len(weights.kept)} kept, {len(weights.moved)} moved, {len(weights.new)} new, {len(weights.lost)} lost"
    table.add_row("checkpoint keys", f"{old:,}", f"{new:,}", fate)
    return table


def _table(columns: tuple[str, ...], *, styled: bool) -> Table:
    table = Table(box=box.ROUNDED if styled else None, pad_edge=styled)
    for column in columns:
        right = column in ("before", "after", "difference", "parameters", "MACs", "share")
        table.add_column(column, justify="right" if right else "left", overflow="fold")
    return table


def _circumstances(report: Report) -> Iterator[Text]:
    where = " on the meta device" if report.device == "meta" else ""
    yield Text(f"traced by {report.trace_method}{where}: {report.nodes:,} nodes, {report.modules:,} modules")
    if report.timing:
        yield Text("time: " + ", ".join(f"{stage} {seconds:.2f} s" for stage, seconds in report.timing.items()))
