"""The README tells the truth: its commands are run in order in a copy of the samples, its output is compared.

A ``console`` block holds commands (lines that start with ``$``) and what they print; where nothing is shown below a
command, its output is free. A ``diff`` block right below is the standard output of the last command. A line ``...``
stands for any lines.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```\n", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Step:
    """One command and what it must print; None where the README does not show it."""

    command: str
    output: str | None


def blocks(name: str) -> list[tuple[str, str]]:
    text = (CHECKOUT / name).read_text(encoding="utf-8")
    return [(found[1], found[2]) for found in BLOCK.finditer(text)]


def steps(found: list[tuple[str, str]]) -> list[Step]:
    result: list[Step] = []
    for kind, text in found:
        if kind == "diff":
            result[-1] = Step(result[-1].command, text)
        if kind != "console":
            continue
        for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            result.append(Step(command, output or None))
    return result


def agrees(shown: str, printed: str) -> bool:
    parts = [re.escape(part) for part in re.split(r"^\.\.\.\n", shown, flags=re.MULTILINE)]
    return re.fullmatch("(?:.*\n)*?".join(parts), printed) is not None


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the samples, and ``mutagen`` on PATH."""
    folder = tmp_path_factory.mktemp("readme")
    ignored = shutil.ignore_patterns("__pycache__", ".mutagen_cache")
    shutil.copytree(CHECKOUT / "samples", folder / "samples", ignore=ignored)
    (folder / "bin").mkdir()
    command = folder / "bin/mutagen"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m torch_mutagen_boot "$@"\n')
    command.chmod(0o755)
    return folder


def run_all(given: list[Step], folder: Path) -> tuple[list[str], list[int], str]:
    """Run the commands in one shell, so that ``$?`` means what it says; return outputs, codes, errors."""
    mark = "\x1e"
    lines = [f"(exit $code); {step.command}\ncode=$?; echo $code >&3; printf '{mark}'" for step in given]
    path = os.pathsep.join([str(folder / "bin"), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(CHECKOUT), "NO_COLOR": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        ["bash", "-c", "exec 3> codes; code=0\n" + "\n".join(lines)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    codes = [int(code) for code in (folder / "codes").read_text().split()]
    return done.stdout.split(mark)[:-1], codes, done.stderr


def test_every_command_works_and_prints_what_is_shown(shell: Path) -> None:
    todo = steps(blocks("README.md"))
    outputs, codes, errors = run_all(todo, shell)
    assert len(outputs) == len(todo) >= 5
    for step, output, code in zip(todo, outputs, codes, strict=True):
        story = f"$ {step.command}\n{output}\n{errors}"
        assert code == (1 if "--diff" in step.command or "--check" in step.command else 0), story
        assert step.output is None or agrees(step.output, output), story


def test_both_languages_show_the_same_commands_and_outputs() -> None:
    assert blocks("README.md") == blocks("README.zh-CN.md")


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_table_names_exactly_the_shipped_rules(name: str) -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \|", (CHECKOUT / name).read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(rows) == sorted(path.stem for path in (CHECKOUT / "rules").glob("*.yaml"))


def test_own_rule_of_the_readme_can_be_read(tmp_path: Path) -> None:
    from mutagen.load.rules_file import read_rules

    (rule,) = (text for kind, text in blocks("README.md") if kind == "yaml")
    (tmp_path / "rule.yaml").write_text(rule, encoding="utf-8")
    assert [rule.id for rule in read_rules(str(tmp_path / "rule.yaml")).rules] == ["gate-the-deep-residuals"]


def test_the_reader_of_blocks_and_the_comparison_can_fail(tmp_path: Path) -> None:
    found = [("console", "$ printf 'a\\nb\\n'\n$ false\n$ echo $?\n1\n$ echo x\n"), ("diff", "x\n")]
    todo = steps(found)
    assert todo == [Step("printf 'a\\nb\\n'", None), Step("false", None), Step("echo $?", "1\n"), Step("echo x", "x\n")]
    assert run_all(todo, tmp_path) == (["a\nb\n", "", "1\n", "x\n"], [0, 1, 0, 0], "")
    assert agrees("a\n...\nd\n", "a\nb\nc\nd\n")
    assert agrees("...\nd\n", "d\n")
    assert not agrees("a\n...\nd\n", "a\nb\nc\n")
    assert not agrees("a\n", "a\nb\n")
