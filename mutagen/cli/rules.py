"""``mutagen rules``: looking at rule files, checking, testing and starting them."""

from __future__ import annotations

import click

from mutagen.cli.lazy import LazyGroup

COMMANDS = ("list", "check", "test", "schema")


@click.group("rules", cls=LazyGroup, names=COMMANDS, prefix="mutagen.cli.rules_", short_help="Check and list rules.")
def command() -> None:
    """Check and list rule files; none of this needs torch."""
