"""``mutagen rules test``: rule files on the models that they name, and what must come of it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mutagen.cli.output import is_styled, say

if TYPE_CHECKING:
    from mutagen.sandbox.runner import Host
    from mutagen.testing.run import Outcome

_DEFAULT = "rules"


@click.command("test")
@click.argument("files", nargs=-1, metavar="[FILE...]")
@click.option("--update", is_flag=True, help="Write the stored patches anew; look at what git says of them.")
@click.option("-q", "--quiet", is_flag=True, help="Only what is not as it should be.")
@click.option(
    "--timeout", type=click.FloatRange(min=0, min_open=True), default=120.0, show_default=True, metavar="SECONDS"
)
def command(files: tuple[str, ...], update: bool, quiet: bool, timeout: float) -> int:
    """Run the `tests:` of rule files: apply the rules to a copy of each model, look at it, and apply them again.

    FILE is a rule file, a folder of them, or the name of a shipped rule set; without any, the folder `rules`. Ends
    with 1 if a test fails. Rules that no test reaches are told.
    """
    from mutagen.sandbox.runner import Host

    with Host(timeout=timeout, memory_bytes=None) as host:
        from mutagen.load.rules_file import files_of, find_rules

        paths = [str(file) for name in files or _own() for file in files_of(Path(find_rules(name)))]
        found = [_tested(path, host, update=update, quiet=quiet) for path in paths]
        outcomes = [outcome for group in found for outcome in group]
    failed = sum(bool(outcome.problems) for outcome in outcomes)
    wrote = sum(outcome.wrote for outcome in outcomes)
    if failed or not quiet:
        patches = f", {_counted(wrote, 'patch', 'patches')} written" if wrote else ""
        passed = f"{failed} of {_counted(len(outcomes), 'test')} failed" if failed else "all passed"
        prefix = "" if failed else f"{_counted(len(outcomes), 'test')} of {_counted(len(paths), 'rule file')}: "
        say(f"{prefix}{passed}{patches}\n")
    return 1 if failed else 0


def _own() -> tuple[str, ...]:
    if not Path(_DEFAULT).is_dir():
        raise click.UsageError(f"give rule files; there is no folder `{_DEFAULT}` here")
    return (_DEFAULT,)


def _tested(path: str, host: Host, *, update: bool, quiet: bool) -> list[Outcome]:
    """What came of the tests of one file, told as they end."""
    from mutagen.testing.run import own_tests, run_test, untested

    outcomes = []
    for test in own_tests(path):
        outcomes.append(run_test(test, host, update=update))
        _tell(outcomes[-1], quiet=quiet)
    for rule in untested(path, outcomes):
        say(f"note: no test reaches rule {rule.id} ({rule.place})\n")
    return outcomes


def _tell(outcome: Outcome, *, quiet: bool) -> None:
    name = f"{Path(outcome.test.file).stem}: {outcome.test.name}"
    if outcome.problems:
        say(f"{_marked('FAIL', '31')} {name} ({outcome.test.place})\n")
        for problem in outcome.problems:
            say("".join(f"     {line}\n" for line in problem.splitlines()))
    elif not quiet:
        say(f"{_marked('ok', '32')}   {name}: {outcome.summary}\n")


def _marked(text: str, colour: str) -> str:
    return f"\033[1;{colour}m{text}\033[0m" if is_styled(sys.stdout) else text


def _counted(number: int, noun: str, plural: str = "") -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {plural or noun + 's'}"
