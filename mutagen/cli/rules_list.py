"""``mutagen rules list``: what is shipped."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from mutagen.cli.output import is_styled, say, width_of

if TYPE_CHECKING:
    from mutagen.records.rules import Rule


@click.command("list", short_help="List the shipped rule sets.")
def command() -> None:
    """List the shipped rule sets: name, what each does, and why."""
    from mutagen.load.rules_file import read_rules, shipped_rules
    from mutagen.report.text import render_table

    shipped = {name: read_rules(str(path)) for name, path in shipped_rules().items()}
    rows = [(name, _meaning(rule), rule.why) for name, rules in shipped.items() for rule in rules.rules]
    say(render_table(("rules", "what", "why"), rows, styled=is_styled(sys.stdout), width=width_of(sys.stdout)))


def _meaning(rule: Rule) -> str:
    query, action = rule.query, rule.action
    subject = query.edge or query.block or query.op or ", ".join(query.type or query.isa or query.path)
    if action.kind == "replace":
        return f"{subject} → {action.block}"
    return f"{subject} + {action.block} at {action.at}"
