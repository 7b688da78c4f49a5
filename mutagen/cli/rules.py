"""``mutagen rules``: looking at rule files, checking, testing and starting them."""

from __future__ import annotations

import click

from mutagen.cli.lazy import LazyGroup

COMMANDS = {
    "list": "List rule sets: what for, safety, effect.",
    "check": "Tell what is wrong with rule files.",
    "test": "Run the tests of rule files.",
    "new": "Write a commented rule file to begin with.",
    "schema": "Print the JSON Schema of rule files.",
}


@click.group("rules", cls=LazyGroup, names=COMMANDS, prefix="mutagen.cli.rules_")
def command() -> None:
    """Check, test, list and start rule files; only `test` needs torch."""
