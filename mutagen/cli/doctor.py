"""``mutagen doctor``: explains the installation."""

from __future__ import annotations

import click

from mutagen.cli.output import say


@click.command("doctor")
def command() -> None:
    """Explain the installation: versions, name clashes, what works here."""
    from mutagen.doctor import report

    say(report().rstrip("\n") + "\n")
