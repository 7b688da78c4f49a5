"""``mutagen config``: what the configuration says."""

from __future__ import annotations

import click

from mutagen.cli.lazy import LazyGroup

COMMANDS = {"show": "Show which configuration holds for a file."}


@click.group("config", cls=LazyGroup, names=COMMANDS, prefix="mutagen.cli.config_")
def command() -> None:
    """Show what [tool.mutagen] says; nothing of this needs torch."""
