"""``mutagen config show``: which configuration holds for a file, as it is understood."""

from __future__ import annotations

from pathlib import Path

import click

from mutagen.cli import completing
from mutagen.cli.output import say


@click.command("show")
@click.argument("path", required=False, shell_complete=completing.files)
@click.option("--config", "given", metavar="FILE", help="Read [tool.mutagen] of this file.")
def command(path: str | None, given: str | None) -> None:
    """Show the [tool.mutagen] that holds for PATH, or for the current folder, as it is understood.

    It is that of the nearest pyproject.toml that has one, from the file upwards; nothing is merged.
    """
    from mutagen.config.find import config_for
    from mutagen.report.config_text import render

    config = config_for(path, given=given)
    say(
        render(config, root=Path.cwd())
        if config
        else "no pyproject.toml from here upwards has a table [tool.mutagen]\n"
    )
