"""``mutagen check``: whether files still are what their rules last proved; by content, without torch."""

from __future__ import annotations

import contextlib
import shlex

import click

from mutagen.cli import completing
from mutagen.cli.output import emit, say
from mutagen.config.settings import Standing
from mutagen.errors import ErrorGroup
from mutagen.tracked.check import check
from mutagen.tracked.drift import Found

FORMS = ("json", "jsonl", "github", "sarif")
"""Those of ``mutagen.report.drift``."""


@click.command("check")
@click.argument("files", nargs=-1, metavar="[FILE]...", shell_complete=completing.files)
@click.option("--output-format", type=click.Choice(["text", *FORMS]), default="text", show_default=True)
@click.option(
    "--fix", is_flag=True, help="Let the rules run again on what has changed; this needs torch and the model."
)
@click.option("-q", "--quiet", is_flag=True, help="Say nothing where nothing has changed.")
def command(files: tuple[str, ...], output_format: str, fix: bool, quiet: bool) -> int:
    """Tell whether files still are what their rules last proved, by the contents that mutagen.lock names.

    Without FILE all files that it names are compared, and the rule files with them; otherwise these alone, and what was
    made by them. Names that it does not know are passed over. Ends with 1 where something has changed. Neither torch
    nor the model is needed, but for --fix.
    """
    if fix and output_format != "text":
        raise click.UsageError("--fix tells what the runs do, in words: leave --output-format out")
    found = check(files, Standing())
    code = 0
    if fix and found.runs:
        code = max(_run_again(folder, run, quiet=quiet) for folder, run in found.runs)
        found = check(files, Standing())
    if output_format != "text":
        emit(_form(output_format, found))
    elif found.errors:
        from mutagen.cli.failure import show_error

        show_error(found.errors[0] if len(found.errors) == 1 else ErrorGroup(found.errors))
    elif not quiet:
        one = found.files == 1
        say("1 file is as its rules left it\n" if one else f"{found.files:,} files are as their rules left them\n")
    return max(code, 1 if found.errors else 0)


def _run_again(folder: str, run: str, *, quiet: bool) -> int:
    """Do what the lock file in a folder says was done; the exit code of `mutagen apply`."""
    from mutagen.cli.apply import command as apply

    words = [*shlex.split(run), *(["--quiet"] if quiet else [])]
    try:
        with contextlib.chdir(folder):
            outcome = apply.main(words, prog_name="mutagen apply", standalone_mode=False, obj=["apply", *words])
    except click.ClickException as error:
        error.show()
        return 2
    except Exception as error:  # the other runs have their turn
        from mutagen.cli.failure import report_failure

        return report_failure(error, ["apply", *words])
    return outcome if isinstance(outcome, int) else 0


def _form(name: str, found: Found) -> bytes:
    from pathlib import Path

    from mutagen.report.drift import render

    return render(name, found.errors, files=found.files, cwd=Path.cwd()).encode()
