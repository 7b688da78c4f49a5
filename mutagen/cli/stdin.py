"""``mutagen apply RULES - --stdin-filename FILE``: a filter for editors, which writes no file."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import click

from mutagen.cli.flags import host_for, options_for
from mutagen.cli.outcomes import Outcome, run_all
from mutagen.cli.output import emit
from mutagen.cli.progress import progress
from mutagen.cli.shadow import Shadow, shadow_of
from mutagen.cli.showing import Asked, show
from mutagen.errors import MutagenError, UserError
from mutagen.report.errors import read_as


def check_stdin(targets: tuple[str, ...], filename: str | None, asked: Asked, **others: bool) -> None:
    """Raise a UsageError for what does not go with standard input as the target."""
    if "-" not in targets:
        raise click.UsageError("--stdin-filename goes with the target -")
    if len(targets) > 1:
        raise click.UsageError("standard input is one target: leave the others out")
    if filename is None:
        raise click.UsageError("say which file standard input is: --stdin-filename FILE")
    if asked.format not in ("text", "diff") and asked.file is None:
        raise click.UsageError(f"the file and --output-format {asked.format} both want standard output; give -o FILE")
    wrong = next((name for name, given in others.items() if given), None)
    if wrong is not None:
        raise click.UsageError(f"--{wrong} does not go with standard input, for which no file is written")


def apply_stdin(rules: str, filename: str, asked: Asked, *, look: bool, flags: dict[str, Any]) -> int:
    """Apply rules to what standard input holds, as the content of a file; the exit code.

    The result goes to standard output, or with ``look`` nothing but what was asked for, and all else to standard error.
    Where nothing changes, also because a target was refused, the result is the input.
    """
    content = sys.stdin.buffer.read()
    with shadow_of(filename, content) as shadow, host_for(flags) as host:
        options = options_for(filename, rules=rules, write=False, plan_file=None, flags=flags)
        with progress(filename):
            (outcome,) = run_all([_moved(shadow, options)], host, jobs=1)
        outcome = _real(outcome, shadow, filename)
    with read_as({shadow.real(shadow.file): content}):
        return _told(outcome, content, shadow.real(shadow.file), asked, look=look)


def _told(outcome: Outcome, content: bytes, file: str, asked: Asked, *, look: bool) -> int:
    """Give out the text, and say what became of it; the exit code."""
    report = outcome.report
    if report is None or look:
        return show([outcome], asked)
    if report.status == "would_change":
        others = [it.path for it in report.files if it.path != file]
        if others:
            return show([Outcome(outcome.target, error=_elsewhere(others))], asked)
        content = next((it.after for it in report.files), content)
        outcome = replace(outcome, report=replace(report, status="applied"))
    emit(content)
    return show([outcome], replace(asked, aside=True))


def _moved(shadow: Shadow, options: Any) -> Any:
    """The options for the stand-in; nothing of it is kept, since it is gone soon."""
    ignores = tuple((shadow.there(pattern), ids) for pattern, ids in options.per_file_ignores)
    exclude = tuple(shadow.there(it) for it in options.exclude)
    return replace(options, target=shadow.file, exclude=exclude, per_file_ignores=ignores, cache=False)


def _real(outcome: Outcome, shadow: Shadow, filename: str) -> Outcome:
    error = outcome.error
    if isinstance(error, MutagenError):
        error = shadow.error(error)
    report = shadow.real(outcome.report) if outcome.report else None
    return Outcome(filename, report, error)


def _elsewhere(paths: list[str]) -> UserError:
    hint = "run on the file itself, once it is saved, or keep new classes in it: --style inline"
    return UserError("C112", f"the change also touches {', '.join(paths)}, which cannot be told as one text", hint=hint)
