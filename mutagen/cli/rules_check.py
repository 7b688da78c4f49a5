"""``mutagen rules check``: what is wrong with rule files, all of it, with places."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import click

from mutagen.cli import completing
from mutagen.cli.output import emit, say
from mutagen.errors import MutagenError


@dataclass(frozen=True)
class Checked:
    """What was found in one file, or in the files of a folder."""

    files: int
    rules: int = 0
    error: MutagenError | None = None


@click.command("check")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", shell_complete=completing.rule_sets)
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("-q", "--quiet", is_flag=True, help="Say nothing where nothing is wrong.")
def command(files: tuple[str, ...], output_format: Literal["text", "json"], quiet: bool) -> int:
    """Tell everything that is wrong with rule files, with place and cure; end with 2 if anything is.

    FILE is a rule file, a folder of them, or the name of a shipped rule set. No model is built.
    """
    found = [_checked(each) for each in files]
    checked = _counted(sum(each.files for each in found), "rule file")
    errors = tuple(each.error for each in found if each.error)
    if output_format == "json":
        emit(_json(found))
    elif errors:
        from mutagen.cli.failure import show_error

        for index, error in enumerate(errors):
            say("\n" if index else "", error=True)
            show_error(error)
        say(f"\n{_counted(sum(map(_size, errors)), 'error')} in {checked}\n", error=True)
    elif not quiet:
        say(f"{_counted(sum(each.rules for each in found), 'rule')} in {checked}: nothing is wrong\n")
    return 2 if errors else 0


def _checked(name: str) -> Checked:
    from mutagen.blocks.catalogue import load_blocks, read_block
    from mutagen.load.rules_file import files_of, find_rules, read_rules

    known = {block: tuple(each.options) for block, each in load_blocks().items()}
    files = 1
    try:
        path = find_rules(name)
        files = len(files_of(Path(path)))
        return Checked(files, rules=len(read_rules(path, known, read_template=read_block).rules))
    except MutagenError as error:
        return Checked(files, error=error)


def _json(found: list[Checked]) -> bytes:
    from mutagen.report.errors import as_data

    errors = [data for each in found if each.error for data in as_data(each.error, root=Path.cwd())]
    files, rules = sum(each.files for each in found), sum(each.rules for each in found)
    data = {"schema_version": 1, "files": files, "rules": rules, "errors": errors}
    return (json.dumps(data, indent=2, ensure_ascii=False) + "\n").encode()


def _size(error: MutagenError) -> int:
    from mutagen.report.errors import members

    return len(members(error))


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
