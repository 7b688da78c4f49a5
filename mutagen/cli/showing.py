"""Says what became of the targets: as text, a patch, or one of the forms for machines."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mutagen.cli.failure import known_error, report_failure
from mutagen.cli.output import emit, is_styled, say, width_of

if TYPE_CHECKING:
    from mutagen.cli.outcomes import Outcome
    from mutagen.records.result import FileChange, Report

OWN = ("text", "diff")
"""Forms that are made here; all others are files of ``mutagen.report.formats``."""
SILENT = -2


@dataclass(frozen=True)
class Asked:
    """How the outcome is to be shown; ``verbosity`` is -2 for nothing but the exit code, -1 for problems alone.

    ``aside`` says that standard output holds something else, so that text goes to standard error.
    """

    diff: bool
    format: str
    file: str | None
    verbosity: int
    aside: bool = False


def formats() -> tuple[str, ...]:
    """The names of all forms."""
    from mutagen.report.formats import names

    return (*OWN, *names())


def asked_form(diff: bool, given: str | None, *, file: str | None, verbosity: int) -> Asked:
    """How to show the outcome; a UsageError where two forms want standard output."""
    chosen = given or ("diff" if diff else "text")
    if diff and chosen != "diff" and file is None:
        raise click.UsageError(f"--diff and --output-format {chosen} both want standard output; give -o FILE")
    return Asked(diff=diff, format=chosen, file=file, verbosity=verbosity)


def get_ready(asked: Asked) -> None:
    """Import what the text will be made with."""
    if asked.format == "text":
        import_module("mutagen.report.text")
        if is_styled(sys.stdout):
            import_module("rich.table")


def show(outcomes: Sequence[Outcome], asked: Asked) -> int:
    """Say what became of the targets; the exit code of all together."""
    reports = [outcome.report for outcome in outcomes if outcome.report]
    # What could not be proved is no patch that anyone should apply.
    good = [report for report in reports if report.status in ("applied", "would_change")]
    changes = tuple(change for report in good for change in report.files)
    if asked.format not in OWN:
        emit(_form(outcomes, asked.format), file=asked.file)
    elif asked.format == "diff":
        emit(_patch(changes), file=asked.file)
    if asked.diff and asked.format != "diff":
        emit(_patch(changes))
    if asked.verbosity > SILENT:
        _errors(outcomes)
        if asked.format in OWN:
            text_of(reports, asked, aside=asked.aside or asked.format == "diff")
    return max(outcome.exit_code for outcome in outcomes)


def _errors(outcomes: Sequence[Outcome]) -> None:
    """A wrong rule file fails every target in the same way: once is enough."""
    shown: set[str] = set()
    for outcome in outcomes:
        if outcome.error and str(outcome.error) not in shown:
            shown.add(str(outcome.error))
            report_failure(outcome.error, click.get_current_context().obj or ())


def text_of(reports: list[Report], asked: Asked, *, aside: bool = False) -> None:
    """Print the reports for people, on standard error where standard output holds a patch."""
    from mutagen.report.text import render

    stream = sys.stderr if aside else sys.stdout
    to_file = asked.file is not None and not aside
    styled = is_styled(stream) and not to_file
    pages = [
        render(report, root=Path.cwd(), styled=styled, verbosity=asked.verbosity, width=width_of(stream))
        for report in reports
    ]
    if to_file:
        emit("".join(pages).encode(), file=asked.file)
    else:
        say("".join(pages), error=aside)


def _patch(changes: tuple[FileChange, ...]) -> bytes:
    from mutagen.report import diff, paths

    return diff.render(changes, root=paths.report_root((change.path for change in changes), Path.cwd()))


def _form(outcomes: Sequence[Outcome], name: str) -> bytes:
    from mutagen.records.told import Told
    from mutagen.report import paths

    files = [outcome.report.plan.file for outcome in outcomes if outcome.report]
    told = [Told(it.target, it.report, known_error(it.error) if it.error else None) for it in outcomes]
    text = import_module(f"mutagen.report.formats.{name}").render(told, root=paths.report_root(files, Path.cwd()))
    assert isinstance(text, str)
    return text.encode()
