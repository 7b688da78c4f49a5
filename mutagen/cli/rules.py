"""``mutagen rules``: looking at rule files, checking, testing and starting them."""

from __future__ import annotations

import click

from mutagen.cli.lazy import LazyGroup

COMMANDS = ("list", "check", "test", "new", "schema")


@click.group(
    "rules",
    cls=LazyGroup,
    names=COMMANDS,
    prefix="mutagen.cli.rules_",
    short_help="Check, test, list and start rule files.",
)
def command() -> None:
    """Check, test, list and start rule files; only `test` needs torch."""
