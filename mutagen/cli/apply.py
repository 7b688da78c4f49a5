"""``mutagen apply``: change models by rules, with proof."""

from __future__ import annotations

from contextlib import nullcontext
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from mutagen.cli import completing
from mutagen.cli.flags import host_for, model_flags, options_for, select_flags
from mutagen.cli.outcomes import Outcome, known_outcome, run_all
from mutagen.cli.output import check_writable
from mutagen.cli.runs import runs_for, told_of
from mutagen.cli.showing import Asked, asked_form, formats, get_ready, show

if TYPE_CHECKING:
    from mutagen.records.options import Options


@click.command("apply")
@click.argument("rules", required=False, shell_complete=completing.rule_sets)
@click.argument("targets", nargs=-1, metavar="TARGET...", shell_complete=completing.files)
@model_flags
@select_flags
@click.option("--prove-with", metavar="CALL", help="A smaller configuration, where the model is too large to be run.")
@click.option("--prove-input", "prove_inputs", metavar="SHAPE", multiple=True, help="Its inputs, where they differ.")
@click.option("--vendor", is_flag=True, help="Copy the library modules that the rules change beside the target.")
@click.option("--lock", is_flag=True, help="Make a mutagen.lock, for `mutagen check`, where there is none.")
@click.option("--check", is_flag=True, help="Write nothing; end with 1 if something would change.")
@click.option("--diff", is_flag=True, help="Write nothing; print a patch for `git apply`.")
@click.option("--output-format", type=click.Choice(formats()), help="Form of the report.  [default: text]")
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
@click.option("--stdin-filename", metavar="FILE", help="Which file standard input is, where TARGET is -.")
@click.option("-i", "--interactive", is_flag=True, help="Ask for each hunk; what is left is proved, then written.")
@click.option("--exit-zero", is_flag=True, help="End with 0 also where something would change or was refused.")
@click.option("-q", "--quiet", count=True, help="Only problems, and what was asked for; -qq: the exit code alone.")
@click.option("-v", "--verbose", count=True, help="Also reasons, checks and times.")
def command(
    rules: str | None,
    targets: tuple[str, ...],
    check: bool,
    diff: bool,
    output_format: str | None,
    output: str | None,
    plan_file: str | None,
    jobs: int,
    stdin_filename: str | None,
    interactive: bool,
    exit_zero: bool,
    quiet: int,
    verbose: int,
    **flags: Any,
) -> int:
    """Change the models in TARGET by RULES: prove that the edit does what the rules mean, then write.

    RULES is a YAML file, a folder of them, or the name of a shipped rule set (`mutagen rules list`). TARGET is a
    Python file or a dotted module. What is left out is taken from [tool.mutagen] in pyproject.toml.
    With - and --stdin-filename standard input is changed and goes to standard output.
    """
    asked = asked_form(diff, output_format, file=output, verbosity=min(verbose, 1) - min(quiet, 2))
    check_writable(output)
    if plan_file is not None and flags["vendor"]:
        raise click.UsageError("--plan already says what to change, copies and all: leave --vendor out")
    if flags["lock"] and (check or diff or plan_file is not None):
        raise click.UsageError("--lock puts down what RULES write: leave --check, --diff and --plan out")
    if "-" in targets or stdin_filename is not None:
        from mutagen.cli.stdin import apply_stdin, check_stdin

        others = {"vendor": flags["vendor"], "lock": flags["lock"], "interactive": interactive}
        check_stdin(targets, stdin_filename, asked, **others)
        code = apply_stdin(rules or "", stdin_filename or "", asked, look=check or diff, flags=flags)
        return 0 if code == 1 and exit_zero else code
    if interactive:
        _check_interactive(plan_file, jobs, flags)
    write = not (check or diff)
    if plan_file is None:
        asked_for = runs_for(rules, targets, write=write, flags=flags)
    else:
        target = _planned(rules, plan_file)
        if isinstance(target, Outcome):
            return show([target], asked)
        asked_for = [options_for(target, rules="", write=write, plan_file=plan_file, flags=flags)]
    code = _run(asked_for, asked, jobs=jobs, flags=flags, interactive=interactive)
    return 0 if code == 1 and exit_zero else code


def _run(asked_for: list[Options], asked: Asked, *, jobs: int, flags: dict[str, Any], interactive: bool) -> int:
    """Run the targets, or give the answers that are known, and show what came of them; the exit code."""
    known = [] if interactive else [outcome for each in asked_for if (outcome := known_outcome(each))]
    if asked_for and len(known) == len(asked_for):
        return show(known, asked)
    with host_for(flags, jobs=jobs) as host:
        from mutagen.cli.progress import progress

        get_ready(asked)  # in the time that torch takes to be imported
        review = import_module("mutagen.cli.interactive").Questions() if interactive else None
        with progress(told_of(asked_for)) if review is None else nullcontext():
            outcomes = run_all(asked_for, host, jobs=jobs, review=review)
        host.retire()
        return show(outcomes, asked)


def _check_interactive(plan_file: str | None, jobs: int, flags: dict[str, Any]) -> None:
    """Raise a UsageError for what does not go with questions."""
    if plan_file is not None:
        raise click.UsageError("a plan alone cannot be taken in parts: leave --plan out, or --interactive")
    if jobs > 1:
        raise click.UsageError("questions come one after the other: leave --jobs out, or --interactive")
    if flags["lock"]:
        raise click.UsageError("--lock puts down what whole rules leave: leave it out, or --interactive")


def _planned(rules: str | None, plan_file: str) -> str | Outcome:
    """What a plan changes, or the outcome where it cannot be read."""
    if rules is not None:
        raise click.UsageError("--plan already says what to change: leave RULES and TARGET out")
    from mutagen.errors import UserError
    from mutagen.load.plan_file import read_plan

    try:
        return read_plan(plan_file).file
    except UserError as error:
        return Outcome(plan_file, error=error)
