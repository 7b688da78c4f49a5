"""The pages on looking and on daily use name flags, forms, keys and codes that there are."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import click
import pytest

from mutagen.cli.main import COMMANDS
from mutagen.cli.showing import formats
from mutagen.codes.read import explained_codes
from mutagen.config.read import read_config
from mutagen.load.rules_file import shipped_rules
from mutagen.source.file import read_source
from mutagen.source.suppressions import comments_of

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = ("seeing.md", "daily-use.md")


def text(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def block(name: str, language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```", text(name), re.DOTALL | re.MULTILINE)
    assert found
    return found[1]


def flags() -> set[str]:
    commands: list[click.Command] = [import_module(f"mutagen.cli.{name}").command for name in COMMANDS]
    return {name for command in commands for it in command.params for name in it.opts} | {"--color", "--help"}


@pytest.mark.parametrize("name", PAGES)
def test_every_flag_and_command_is_there(name: str) -> None:
    page = text(name)
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", page))
    assert len(named) > 3
    assert named - flags() == set()
    commands = set(re.findall(r"`mutagen ([a-z]+)", page)) | set(re.findall(r"^(?:\$ )?mutagen ([a-z]+)", page, re.M))
    assert commands and commands <= set(COMMANDS)


def test_the_forms_are_those_that_there_are() -> None:
    table = text("daily-use.md").partition("| form | is |")[2].partition("\n\n")[0]
    assert sorted(re.findall(r"^\| `([a-z]+)` \|", table, re.MULTILINE)) == sorted(formats())


def test_the_configuration_shown_is_right_and_whole(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(block("daily-use.md", "toml"), encoding="utf-8")
    config = read_config(tmp_path / "pyproject.toml")
    assert config is not None
    assert len(config.targets) == 2 and config.exclude and config.per_file_ignores and config.scope and config.style
    assert {it for it in config.rules if not it.endswith(".yaml")} <= set(shipped_rules())


def test_the_comments_shown_are_understood() -> None:
    shown = re.findall(r"# mutagen: [^`]*", text("daily-use.md"))
    assert len(shown) >= 4
    for comment in shown:
        found = comments_of(read_source("/m.py", f"a = 1  {comment}\n".encode()))
        assert not found.problems, comment


def test_codes_that_are_named_are_explained() -> None:
    named = {code for name in PAGES for code in re.findall(r"mutagen explain ([A-Z]\d{3}|[a-z]+-[a-z-]+)`", text(name))}
    assert named and named <= set(explained_codes()) | set(shipped_rules())
