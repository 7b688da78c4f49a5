"""What the configuration fills in, and what comes before it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mutagen.cli.main import main

Made = Callable[..., Any]
TABLE = """\
[tool.mutagen]
rules = ["bn-to-gn", "own.yaml"]
exclude = ["legacy"]
style = "module"
per-file-ignores = {"old/*.py" = ["bn-to-gn"]}

[[tool.mutagen.targets]]
target = "a.py"
model = "Net(3)"
inputs = ["1x3"]

[[tool.mutagen.targets]]
target = "b.py"
rules = ["eca-after-blocks"]
prove-with = "Net(1)"
"""


@pytest.fixture
def table(in_folder: Path) -> Path:
    (in_folder / "pyproject.toml").write_text(TABLE)
    for name in ("own.yaml", "a.py", "b.py", "c.py"):
        (in_folder / name).write_text("")
    return in_folder


@pytest.fixture
def asked(api: Any, make_report: Made, table: Path) -> Callable[..., list[Any]]:
    """Run a command; the options that it asked for."""

    def asked(*arguments: str) -> list[Any]:
        api.asked.clear()
        api.outcomes = [make_report("unchanged")]
        assert main(["apply", *arguments]) == 0
        return api.asked

    return asked


def test_without_arguments_all_targets_get_their_rules(asked: Callable[..., list[Any]], table: Path) -> None:
    found = asked()
    assert [(it.target, it.rules) for it in found] == [
        (f"{table}/a.py", "bn-to-gn"),
        (f"{table}/a.py", f"{table}/own.yaml"),
        (f"{table}/b.py", "eca-after-blocks"),
    ]
    assert {(it.model, it.inputs, it.prove_with) for it in found} == {
        ("Net(3)", ("1x3",), None),
        (None, (), "Net(1)"),
    }
    assert {(it.style, it.scope, it.exclude) for it in found} == {("module", "file", (f"{table}/**/legacy",))}
    assert found[0].per_file_ignores == ((f"{table}/old/*.py", ("bn-to-gn",)),)


def test_rules_alone_are_applied_to_all_targets(asked: Callable[..., list[Any]], table: Path) -> None:
    assert [(it.target, it.rules) for it in asked("relu-to-gelu")] == [
        (f"{table}/a.py", "relu-to-gelu"),
        (f"{table}/b.py", "relu-to-gelu"),
    ]


def test_flags_come_first(asked: Callable[..., list[Any]]) -> None:
    first = asked("--model", "Other()", "--style", "inline", "--scope", "package", "--input", "2x2")[0]
    assert (first.model, first.style, first.scope, first.inputs) == ("Other()", "inline", "package", ("2x2",))


def test_a_named_target_gets_its_entry_behind_flags_and_rules(asked: Callable[..., list[Any]]) -> None:
    (known,) = asked("relu-to-gelu", "a.py")
    assert (known.model, known.entry.model, known.entry.inputs) == (None, "Net(3)", ("1x3",))
    (unknown,) = asked("relu-to-gelu", "c.py")
    assert (unknown.entry, unknown.style) == (None, "module")


def test_isolated_reads_nothing(asked: Callable[..., list[Any]]) -> None:
    (it,) = asked("relu-to-gelu", "a.py", "--isolated")
    assert (it.entry, it.style, it.exclude, it.per_file_ignores) == (None, None, (), ())


def test_another_file_can_be_named(asked: Callable[..., list[Any]], table: Path) -> None:
    (table / "other").mkdir()
    (table / "other/mutagen.toml").write_text("[tool.mutagen]\nscope = 'package'\n")
    (it,) = asked("relu-to-gelu", "a.py", "--config", "other/mutagen.toml")
    assert (it.entry, it.scope) == (None, "package")


@pytest.mark.parametrize(
    ("text", "arguments", "said"),
    [
        (None, [], "give RULES and TARGET"),
        (None, ["bn-to-gn"], "give a TARGET behind 'bn-to-gn'"),
        ("[tool.mutagen]\n", [], "error[C206]: the configuration names no targets"),
        ("[[tool.mutagen.targets]]\ntarget = 'a.py'\n", [], "error[C206]: the configuration names no rules"),
        ("[tool.mutagen]\nrulez = 1\n", ["bn-to-gn", "a.py"], "pyproject.toml:2:1"),
        ("[tool.mutagen]\n", ["bn-to-gn", "a.py", "--isolated", "--config", "x"], "leave --config out"),
    ],
)
def test_what_cannot_be_known_or_read_ends_with_2(
    text: str | None, arguments: list[str], said: str, in_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if text is not None:
        (in_folder / "pyproject.toml").write_text(text)
    assert main(["apply", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_show_tells_what_holds_for_a_path(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (table / "sub").mkdir()
    assert main(["config", "show", "sub"]) == 0
    assert capsys.readouterr().out == (
        "from pyproject.toml\n"
        "scope = file (default)\n"
        "style = module\n"
        "rules = bn-to-gn, own.yaml\n"
        "exclude = legacy\n"
        "per-file-ignores: old/*.py leaves out bn-to-gn\n"
        "target a.py\n"
        "  rules = bn-to-gn, own.yaml (of all targets)\n"
        "  model = Net(3)\n"
        "  inputs = 1x3\n"
        "target b.py\n"
        "  rules = eca-after-blocks\n"
        "  model = the only one of the file, or as the rules say\n"
        "  inputs = inferred, or as the rules say\n"
        "  prove-with = Net(1)\n"
    )
    (table / "pyproject.toml").unlink()
    assert main(["config", "show"]) == 0
    assert capsys.readouterr().out.startswith("no pyproject.toml from here upwards")
