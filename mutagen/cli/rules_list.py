"""``mutagen rules list``: what rule sets do, what for, and what becomes of a trained model."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mutagen.cli.output import emit, is_styled, say, width_of

if TYPE_CHECKING:
    from mutagen.records.claims import Claim
    from mutagen.records.rules import Rule, RuleSet

_KEYS = ("rules", "id", "what", "why", "safety", "params", "keys")
_COLUMNS = ("rules", "what", "why", "safety", "params", "keys")


@click.command("list")
@click.argument("files", nargs=-1, metavar="[FILE...]")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def command(files: tuple[str, ...], as_json: bool) -> None:
    """List the shipped rule sets, or those in FILE: what each does and why, what trained weights need, and its effect.

    Safety is what the author says; the effects on parameters and checkpoint keys are those that its tests hold it to.
    """
    rows = [row for name, path in _sets(files).items() for row in _rows(name, path)]
    if as_json:
        emit((json.dumps({"schema_version": 1, "rules": rows}, indent=2, ensure_ascii=False) + "\n").encode())
        return
    from mutagen.report.tables import render_table

    table = [tuple(row[column] or "" for column in _COLUMNS) for row in rows]
    say(render_table(_COLUMNS, table, styled=is_styled(sys.stdout), width=width_of(sys.stdout)))


def _sets(files: tuple[str, ...]) -> dict[str, Path]:
    from mutagen.load.rules_file import files_of, find_rules, shipped_rules

    if not files:
        return shipped_rules()
    return {path.stem: path for name in files for path in files_of(Path(find_rules(name)))}


def _rows(name: str, path: Path) -> list[dict[str, str | None]]:
    from mutagen.load.rules_file import read_rules

    rules = read_rules(str(path))
    params, keys = _effect(rules)
    return [
        dict(zip(_KEYS, (name, rule.id, _meaning(rule), rule.why, rule.safety, params, keys), strict=True))
        for rule in rules.rules
    ]


def _effect(rules: RuleSet) -> tuple[str | None, str | None]:
    """What the tests of a set say of parameters and of checkpoint keys; None where they say nothing."""
    claims = [claim for test in rules.tests if test.patch for claim in test.claims]
    params = next((claim.wanted for claim in claims if claim.fact == "params"), None)
    lost = next((claim for claim in claims if claim.fact == "keys_lost"), None)
    return params, _fate(lost) if lost else None


def _fate(lost: Claim) -> str:
    return "all kept" if lost.high == 0 else "some lost" if lost.low else "may be lost"


def _meaning(rule: Rule) -> str:
    query, action = rule.query, rule.action
    subject = query.edge or query.block or query.op or ", ".join(query.type or query.isa or query.path) or "pattern"
    if action.kind == "replace":
        return f"{subject} → {action.block}" if action.block else f"{subject} replaced"
    if action.kind == "set":
        return f"{subject}: {', '.join(action.args)}"
    return f"{subject} + {action.block} at {action.at}" if action.at else f"{action.kind} {subject}"
