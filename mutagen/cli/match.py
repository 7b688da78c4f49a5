"""``mutagen match``: what rules select in a model, and what they pass over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mutagen.cli import completing
from mutagen.cli.flags import host_for, look_flags, options_for, select_flags
from mutagen.cli.output import emit, say
from mutagen.cli.progress import progress


@click.command("match")
@click.argument("rules", shell_complete=completing.rule_sets)
@click.argument("target", shell_complete=completing.files)
@look_flags
@select_flags
@click.option("--json", "as_json", is_flag=True, help="Print all of it as JSON.")
@click.option("-v", "--verbose", is_flag=True, help="Name all modules, not only a few.")
def command(rules: str, target: str, as_json: bool, verbose: bool, **flags: Any) -> None:
    """Show what each of RULES selects in the model of TARGET, and which test turns away what it does not select.

    Nothing is planned, proved or written: `mutagen plan` tells what would be edited.
    """
    with progress(target), host_for(flags) as host:
        from mutagen.looking.rules import selected

        found = selected(options_for(target, rules=rules, write=False, plan_file=None, flags=flags), host)
    if as_json:
        from mutagen.report import match_json

        emit(match_json.render(found, root=Path.cwd()).encode())
        return
    from mutagen.report import match_text

    say(match_text.render(found, root=Path.cwd(), full=verbose))
