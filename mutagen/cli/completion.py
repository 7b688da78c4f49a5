"""``mutagen completion``: the lines that make a shell complete commands, flags, rule sets and files."""

from __future__ import annotations

import click

from mutagen.cli.output import say

VARIABLE = "_MUTAGEN_COMPLETE"
_FISH = ('string split "," $completion', 'string split --max 1 "," $completion')
"""What click writes for fish ends descriptions, and names of files, at their first comma."""


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print what makes SHELL complete commands, flags, rule sets and files.

    \b
    bash    eval "$(mutagen completion bash)"                          in ~/.bashrc
    zsh     eval "$(mutagen completion zsh)"                           in ~/.zshrc, behind compinit
    fish    mutagen completion fish > ~/.config/fish/completions/mutagen.fish
    """
    from click.shell_completion import get_completion_class

    from mutagen.cli.main import group

    found = get_completion_class(shell)
    assert found is not None
    script = found(group, {}, "mutagen", VARIABLE).source()
    say(script.replace(*_FISH) + "\n")
