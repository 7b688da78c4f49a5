"""A group of commands that are modules of their own, imported when they are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from mutagen.cli.output import want_color

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


def with_color(command: click.Command) -> click.Command:
    """The command with the flag ``--color``, which all have, before and behind the name of a subcommand."""
    if all(it.name != "color" for it in command.params):
        choices = click.Choice(["auto", "always", "never"])
        told = "Colours and boxes.  [default: auto, by NO_COLOR, FORCE_COLOR and the terminal]"
        command.params.append(
            click.Option(["--color"], type=choices, expose_value=False, is_eager=True, callback=_color, help=told)
        )
    return command


def _color(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    if value is not None:
        want_color(value)


class LazyGroup(click.Group):
    """A group whose subcommand ``name`` is ``command`` in the module ``prefix + name``.

    ``names`` are all of them in the order of use, each with what it does, so that none is imported to be named.
    """

    def __init__(self, *given: Any, names: Mapping[str, str], prefix: str = "mutagen.cli.", **more: Any) -> None:
        super().__init__(*given, **more)
        self.names = dict(names)
        self.prefix = prefix

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names in the order of use."""
        return list(self.names)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The subcommand, or None where there is none of that name."""
        if cmd_name not in self.names:
            return None
        command = import_module(f"{self.prefix}{cmd_name}").command
        assert isinstance(command, click.Command)
        return with_color(command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the names, and what each does, into the help."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self.names.items()))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The names that begin so, and the flags."""
        from click.shell_completion import CompletionItem

        named = [CompletionItem(it, help=does) for it, does in self.names.items() if it.startswith(incomplete)]
        return [*named, *click.Command.shell_complete(self, ctx, incomplete)]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The subcommand that the arguments start with; a wrong name gets a suggestion."""
        if args and args[0] not in self.names and not args[0].startswith("-"):
            from difflib import get_close_matches

            close = get_close_matches(args[0], self.names, n=1)
            meant = f" Did you mean {close[0]!r}?" if close else f" There are {', '.join(self.names)}."
            raise click.UsageError(f"No such command {args[0]!r}.{meant}", ctx)
        return super().resolve_command(ctx, args)
