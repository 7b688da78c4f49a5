"""Flags that several commands share, and the options they become."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from mutagen.records.config import Config
    from mutagen.records.options import Options
    from mutagen.sandbox.runner import Host

Command = TypeVar("Command", bound=Callable[..., Any])

_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


def size(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    """The number of bytes that ``512M``, ``4G``, ``4GiB`` or a plain number means."""
    if value is None:
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?", value.strip(), re.IGNORECASE)
    number = int(float(found[1]) * _UNITS[found[2].upper()]) if found else 0
    if number < 1:
        raise click.BadParameter(f"{value!r} is not a size such as 512M or 4G", ctx, param)
    return number


def model_flags(function: Command) -> Command:
    """Add the flags that say how the model is built, run and changed."""
    style = click.option(
        "--style",
        type=click.Choice(["inline", "module"]),
        help="Where new classes go: into the file or into a module beside it; overrides the rules.",
    )
    return look_flags(style(function))


def names_of(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    """The names in values that hold several, parted by commas."""
    return tuple(name.strip() for each in value for name in each.split(",") if name.strip())


def select_flags(function: Command) -> Command:
    """Add the flags that take some of the rules only."""
    for name, meaning in (("--ignore", "Not these rules."), ("--select", "Only these rules; * means any characters.")):
        add = click.option(name, metavar="ID,...", multiple=True, callback=names_of, help=meaning)
        function = add(function)
    return function


def look_flags(function: Command) -> Command:
    """Add the flags that say how the model is built and run."""
    flags = (
        click.option("--model", metavar="CALL", help="How to build the model: 'UNet(3, n_classes=2)'."),
        click.option(
            "--input", "inputs", metavar="SHAPE", multiple=True, help="1x3x224x224 or ids=1x128:int64; repeat."
        ),
        click.option("--inputs-from", metavar="FILE:FUNC", help="A function that makes the example inputs."),
        click.option(
            "--scope",
            type=click.Choice(["file", "package"]),
            help="What may be edited: the file and what serves it alone, or its whole package.  [default: file]",
        ),
        click.option(
            "--timeout",
            type=click.FloatRange(min=0, min_open=True),
            default=120.0,
            show_default=True,
            metavar="SECONDS",
            help="Time limit for each run of the model.",
        ),
        click.option(
            "--device",
            type=click.Choice(["cpu", "meta"]),
            help="Where the model is traced.  [default: cpu, or meta where it is too large]",
        ),
        click.option("--config", "config_file", metavar="FILE", help="Read [tool.mutagen] of this file."),
        click.option("--isolated", is_flag=True, help="Read no configuration."),
        click.option("--memory", callback=size, metavar="SIZE", help="Memory limit for running the model: 4G."),
    )
    for flag in reversed(flags):
        function = flag(function)
    return function


def host_for(flags: dict[str, Any], *, jobs: int = 1) -> Host:
    """What runs the models, those of ``jobs`` targets at a time.

    Entered before the rest of mutagen is imported, so that torch is imported beside it.
    """
    from mutagen.sandbox.runner import Host

    return Host(timeout=flags["timeout"], memory_bytes=flags["memory"], targets=jobs)


def config_of(path: str | None, flags: dict[str, Any]) -> Config | None:
    """The configuration that holds for a path, or for the current folder; None where none does or none is wanted."""
    if flags["isolated"]:
        if flags["config_file"]:
            raise click.UsageError("--isolated reads no configuration: leave --config out")
        return None
    from mutagen.config.find import config_for

    return config_for(path, given=flags["config_file"])


def options_for(target: str, *, rules: str, write: bool, plan_file: str | None, flags: dict[str, Any]) -> Options:
    """The options of one run; what the flags leave open is taken from the configuration."""
    from mutagen.config.find import entry_for, patterns
    from mutagen.records.options import Options

    config = config_of(target, flags)
    exclude, ignores = patterns(config) if config else ((), ())
    settings = ""
    if config is not None:
        from mutagen.config.settings import settings_of

        settings = settings_of(config, target)
    return Options(
        rules=rules,
        target=target,
        model=flags["model"],
        inputs=tuple(flags["inputs"]),
        inputs_from=flags["inputs_from"],
        scope=flags["scope"] or (config and config.scope) or "file",
        style=flags.get("style") or (config.style if config else None),
        write=write,
        timeout=flags["timeout"],
        memory=flags["memory"],
        plan_file=plan_file,
        device=flags["device"],
        prove_with=flags.get("prove_with"),
        prove_inputs=tuple(flags.get("prove_inputs", ())),
        cache=flags.get("cache", False),
        vendor=flags.get("vendor", False),
        select=flags.get("select", ()),
        ignore=flags.get("ignore", ()),
        lock=flags.get("lock", False),
        entry=entry_for(config, target) if config else None,
        exclude=exclude,
        per_file_ignores=ignores,
        settings=settings,
        config_file=flags["config_file"],
        isolated=flags["isolated"],
    )
