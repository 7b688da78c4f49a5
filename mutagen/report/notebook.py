"""A report as a piece of HTML for notebooks: one sentence, what it costs, what was refused, the patch in colours.

No script and no colours of its own for text, so that it can be read on light and dark ground.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path

from mutagen.records.plan import Refusal
from mutagen.records.result import Report, Verdict
from mutagen.report.paths import shown_span
from mutagen.report.summary import difference, refusals, summary

_GROUND = {"+": "rgba(46, 160, 67, 0.25)", "-": "rgba(248, 81, 73, 0.25)", "@": "rgba(56, 139, 253, 0.2)"}
_HEADS = ("diff --git ", "--- ", "+++ ", "new file mode ")


def render(report: Report, patch: str, *, root: Path) -> str:
    """The HTML of a report and its patch, with paths relative to ``root``."""
    notes = [*dict.fromkeys((*report.plan.notes, *report.notes))]
    costs = _costs(report.verdict) if report.verdict else ""
    return _page(summary(report), [costs, _refused(refusals(report), root), _notes(notes), _patch(patch)])


def render_plan(sentence: str, refused: Iterable[Refusal], patch: str, *, root: Path) -> str:
    """The HTML of a plan, which has no costs yet."""
    return _page(sentence, [_refused(refused, root), _patch(patch)])


def _page(sentence: str, parts: Iterable[str]) -> str:
    return f'<div class="mutagen"><p><b>{escape(sentence)}</b></p>{"".join(parts)}</div>'


def _costs(verdict: Verdict) -> str:
    counts = verdict.counts
    rows = (("parameters", counts.params), ("buffers", counts.buffers), ("MACs", counts.macs))
    cells = "".join(
        f"<tr><th>{name}</th><td>{pair[0]:,}</td><td>{pair[1]:,}</td><td>{difference(pair)}</td></tr>"
        for name, pair in rows
    )
    head = "<tr><th></th><th>before</th><th>after</th><th>difference</th></tr>"
    return f"<table><thead>{head}</thead><tbody>{cells}</tbody></table>"


def _refused(refused: Iterable[Refusal], root: Path) -> str:
    items = "".join(_refusal(it, root) for it in refused)
    return f"<ul>{items}</ul>" if items else ""


def _refusal(it: Refusal, root: Path) -> str:
    where = f"{shown_span(it.where, root)}: " if it.where else ""
    advice = f"<br>help: {escape(it.advice)}" if it.advice else ""
    what = f"{escape(where)}{escape(it.rule)} <b>refused[{it.code}]</b> {escape(it.path)}: {escape(it.message)}"
    return f"<li>{what}{advice}</li>"


def _notes(notes: Iterable[str]) -> str:
    items = "".join(f"<li>note: {escape(note)}</li>" for note in notes)
    return f"<ul>{items}</ul>" if items else ""


def _patch(patch: str) -> str:
    if not patch:
        return ""
    lines = "".join(_lines(patch))
    return f'<details open><summary>patch</summary><pre style="overflow-x: auto">{lines}</pre></details>'


def _lines(patch: str) -> Iterator[str]:
    for line in patch.split("\n"):
        text = escape(line.rstrip("\r"))
        if line.startswith(_HEADS):
            yield f"<b>{text}</b>\n"
        elif line[:1] in _GROUND:
            yield f'<span style="background: {_GROUND[line[0]]}">{text}</span>\n'
        else:
            yield f"{text}\n"
