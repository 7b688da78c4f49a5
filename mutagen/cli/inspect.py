"""``mutagen inspect``: the modules of a model, what they cost and where they are made."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from mutagen.cli import completing
from mutagen.cli.flags import host_for, look_flags, options_for
from mutagen.cli.output import emit, is_styled, say, width_of
from mutagen.cli.progress import progress


@click.command("inspect")
@click.argument("target", shell_complete=completing.files)
@look_flags
@click.option("--depth", type=click.IntRange(min=1), help="Levels of modules to show.  [default: all]")
@click.option("--json", "as_json", is_flag=True, help="Print all that is known as JSON.")
def command(target: str, depth: int | None, as_json: bool, **flags: Any) -> None:
    """Show the tree of modules of the model in TARGET, with classes, shapes, costs, and the expressions that made them.

    Below it stand the blocks that are recognised by what they compute, and the places where tensors are joined.
    """
    with progress(target), host_for(flags) as host:
        from mutagen.looking.model import look

        found = look(options_for(target, rules="", write=False, plan_file=None, flags=flags), host)
    if as_json:
        from mutagen.report import look_json

        emit(look_json.render(found, root=Path.cwd()).encode())
        return
    from mutagen.report import look_text

    styled = is_styled(sys.stdout)
    say(look_text.render(found, root=Path.cwd(), styled=styled, width=width_of(sys.stdout), depth=depth or 0))
