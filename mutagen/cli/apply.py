"""``mutagen apply``: change models by rules, with proof."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from mutagen.cli.failure import known_error, report_failure
from mutagen.cli.flags import host_for, model_flags, options_for
from mutagen.cli.outcomes import Outcome, known_outcome, run_all
from mutagen.cli.output import check_writable, emit, is_styled, say, width_of

if TYPE_CHECKING:
    from mutagen.records.result import FileChange, Report

Format = Literal["text", "json", "diff"]


@dataclass(frozen=True)
class Asked:
    """How the outcome is to be shown."""

    diff: bool
    format: Format
    file: str | None
    verbosity: int


@click.command("apply", short_help="Change models by rules: prove, then write.")
@click.argument("rules", required=False)
@click.argument("targets", nargs=-1, metavar="TARGET...")
@model_flags
@click.option("--prove-with", metavar="CALL", help="A smaller configuration, where the model is too large to be run.")
@click.option("--prove-input", "prove_inputs", metavar="SHAPE", multiple=True, help="Its inputs, where they differ.")
@click.option("--vendor", is_flag=True, help="Copy the library modules that the rules change beside the target.")
@click.option("--lock", is_flag=True, help="Make a mutagen.lock, for `mutagen check`, where there is none.")
@click.option("--check", is_flag=True, help="Write nothing; end with 1 if something would change.")
@click.option("--diff", is_flag=True, help="Write nothing; print a patch for `git apply`.")
@click.option(
    "--output-format", type=click.Choice(["text", "json", "diff"]), help="Form of the report.  [default: text]"
)
@click.option("-o", "--output", metavar="FILE", help="Write the report there instead of to standard output.")
@click.option(
    "--plan", "plan_file", metavar="FILE", help="Replay a plan of `mutagen plan` instead of RULES and TARGET."
)
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Targets to work on at the same time.",
)
@click.option("--no-cache", "cache", is_flag=True, flag_value=False, default=True, help="Run anew what was run before.")
@click.option("-q", "--quiet", count=True, help="Only problems, and what was asked for.")
@click.option("-v", "--verbose", count=True, help="Also reasons, checks and times.")
def command(
    rules: str | None,
    targets: tuple[str, ...],
    check: bool,
    diff: bool,
    output_format: Format | None,
    output: str | None,
    plan_file: str | None,
    jobs: int,
    quiet: int,
    verbose: int,
    **flags: Any,
) -> int:
    """Change the models in TARGET by RULES: prove that the edit does what the rules mean, then write.

    RULES is a YAML file, a folder of them, or the name of a shipped rule set (`mutagen rules list`). TARGET is a
    Python file or a dotted module.
    """
    asked = _asked(diff, output_format, file=output, verbosity=min(verbose, 1) - min(quiet, 1))
    check_writable(output)
    if plan_file is not None and flags["vendor"]:
        raise click.UsageError("--plan already says what to change, copies and all: leave --vendor out")
    if flags["lock"] and (check or diff or plan_file is not None):
        raise click.UsageError("--lock puts down what RULES write: leave --check, --diff and --plan out")
    found = _targets(rules, targets, plan_file=plan_file)
    if isinstance(found, Outcome):
        return _show([found], asked)
    write = not (check or diff)
    asked_for = [options_for(each, rules=rules or "", write=write, plan_file=plan_file, flags=flags) for each in found]
    known = [outcome for each in asked_for if (outcome := known_outcome(each))]
    if len(known) == len(asked_for):
        return _show(known, asked)
    with host_for(flags) as host:
        if asked.format == "text":
            import_module("mutagen.report.text")  # in the time that torch takes to be imported
        outcomes = run_all(asked_for, host, jobs=jobs)
        host.retire()
        return _show(outcomes, asked)


def _asked(diff: bool, given: Format | None, *, file: str | None, verbosity: int) -> Asked:
    chosen: Format = given or ("diff" if diff else "text")
    if diff and chosen != "diff" and file is None:
        raise click.UsageError(f"--diff and --output-format {chosen} both want standard output; give -o FILE")
    return Asked(diff=diff, format=chosen, file=file, verbosity=verbosity)


def _targets(rules: str | None, targets: tuple[str, ...], *, plan_file: str | None) -> tuple[str, ...] | Outcome:
    """What to change, or the outcome where the plan that says it cannot be read."""
    if plan_file is not None:
        if rules is not None:
            raise click.UsageError("--plan already says what to change: leave RULES and TARGET out")
        from mutagen.errors import UserError
        from mutagen.load.plan_file import read_plan

        try:
            return (read_plan(plan_file).file,)
        except UserError as error:
            return Outcome(plan_file, error=error)
    if rules is None:
        raise click.UsageError("give RULES and TARGET, for example: mutagen apply relu-to-gelu model.py")
    if not targets:
        raise click.UsageError(f"give a TARGET behind {rules!r}: a Python file or a dotted module")
    return targets


def _show(outcomes: list[Outcome], asked: Asked) -> int:
    """Say what became of the targets; the exit code of all together."""
    reports = [outcome.report for outcome in outcomes if outcome.report]
    # What could not be proved is no patch that anyone should apply.
    good = [report for report in reports if report.status in ("applied", "would_change")]
    changes = tuple(change for report in good for change in report.files)
    if asked.format == "json":
        emit(_json(outcomes), file=asked.file)
    elif asked.format == "diff":
        emit(_patch(changes), file=asked.file)
    if asked.diff and asked.format != "diff":
        emit(_patch(changes))
    shown: set[str] = set()
    for outcome in outcomes:
        # A wrong rule file fails every target in the same way: once is enough.
        if outcome.error and str(outcome.error) not in shown:
            shown.add(str(outcome.error))
            report_failure(outcome.error, click.get_current_context().obj or ())
    if asked.format == "text":
        text_of(reports, asked)
    elif asked.format == "diff":
        text_of(reports, asked, aside=True)
    return max(outcome.exit_code for outcome in outcomes)


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


def _json(outcomes: list[Outcome]) -> bytes:
    from mutagen.report import errors, json, paths

    files = [outcome.report.plan.file for outcome in outcomes if outcome.report]
    root = paths.report_root(files, Path.cwd())
    parts: list[dict[str, Any]] = []
    for outcome in outcomes:
        if outcome.report:
            parts.append(json.as_data(outcome.report, root=root))
        elif outcome.error:
            found = errors.as_data(known_error(outcome.error), root=root)
            parts.append({"schema_version": json.SCHEMA_VERSION, "status": "failed", "errors": found})
    if len(parts) == 1:
        return json.dumped(parts[0]).encode()
    worst = max(outcomes, key=lambda outcome: outcome.exit_code)
    return json.render_all(parts, status=worst.status).encode()
