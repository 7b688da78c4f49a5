"""``mutagen plan``: the edits as JSON, to look at, keep and replay."""

from __future__ import annotations

from typing import Any

import click

from mutagen.cli import completing
from mutagen.cli.flags import host_for, model_flags, options_for, select_flags
from mutagen.cli.output import check_writable, emit, say
from mutagen.cli.progress import progress


@click.command("plan")
@click.argument("rules", shell_complete=completing.rule_sets)
@click.argument("target", shell_complete=completing.files)
@model_flags
@select_flags
@click.option("-o", "--output", metavar="FILE", help="Write the plan there instead of to standard output.")
def command(rules: str, target: str, output: str | None, **flags: Any) -> int:
    """Print what would be changed in TARGET by RULES as a plan, for `mutagen apply --plan FILE`.

    Nothing is proved and nothing is written. Ends with 1 when a target was refused.
    """
    check_writable(output)
    with progress(target), host_for(flags) as host:
        from mutagen.api import make_plan_only
        from mutagen.load.plan_file import dump_plan

        plan = make_plan_only(options_for(target, rules=rules, write=False, plan_file=None, flags=flags), host)
    emit(dump_plan(plan).encode(), file=output)
    refused = [refusal for rule in plan.rules for refusal in rule.refused]
    for refusal in refused:
        where = f"{refusal.where}: " if refusal.where else ""
        say(f"{where}{refusal.rule} refused[{refusal.code}] {refusal.path}: {refusal.message}\n", error=True)
    return 1 if refused else 0
