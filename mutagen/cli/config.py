"""``mutagen config``: what the configuration says."""

from __future__ import annotations

import click

from mutagen.cli.lazy import LazyGroup


@click.group(
    "config", cls=LazyGroup, names=("show",), prefix="mutagen.cli.config_", short_help="Show the configuration."
)
def command() -> None:
    """Show what [tool.mutagen] says; nothing of this needs torch."""
