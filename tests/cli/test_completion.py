"""Shell completion: the scripts, and what they ask for; without torch."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mutagen.cli.main import main

ROOT = Path(__file__).resolve().parents[2]


def completed(*words: str, shell: str = "bash") -> list[tuple[str, str]]:
    """What click's protocol answers: pairs of kind and value, for words of which the last is incomplete."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "_MUTAGEN_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": " ".join(("mutagen", *words)),
        "COMP_CWORD": str(len(words)),
    }
    command = [sys.executable, "-X", "importtime", "-m", "mutagen"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "click" in loaded
    assert not loaded & {"torch", "libcst", "numpy", "pydantic", "rich"}
    return [(kind, value) for kind, _, value in (line.partition(",") for line in done.stdout.splitlines())]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["ap"], [("plain", "apply")]),
        (["rules", "li"], [("plain", "list")]),
        (["apply", "bn"], [("file", "bn"), ("plain", "bn-to-gn")]),
        (["apply", "bn-to-gn", "mod"], [("file", "mod")]),
        (["explain", "needs"], [("file", "needs"), ("plain", "needs-split")]),
        (["apply", "--output-format", "sa"], [("plain", "sarif")]),
        (["apply", "--exit"], [("plain", "--exit-zero")]),
    ],
)
def test_words_are_completed(words: list[str], wanted: list[tuple[str, str]]) -> None:
    assert completed(*words) == wanted


def with_command(folder: Path) -> dict[str, str]:
    """An environment in which the command is this checkout's, by a file in a folder."""
    command = folder / "mutagen"
    command.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m mutagen "$@"\n')
    command.chmod(0o755)
    return {**os.environ, "PATH": os.pathsep.join([str(folder), os.environ["PATH"]])}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    out = capsys.readouterr().out
    assert f"_MUTAGEN_COMPLETE={shell}_complete" in out
    if shutil.which(shell):
        done = subprocess.run([shell, "-n"], input=out, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")


def test_fish_keeps_what_stands_behind_a_comma(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "fish"]) == 0
    script = capsys.readouterr().out
    assert script.count("string split") == script.count('string split --max 1 ","') == 1
    fish = shutil.which("fish")
    if fish is not None:
        (tmp_path / "mutagen.fish").write_text(script)
        asked = 'source mutagen.fish; complete -C "mutagen ap"; complete -C "mutagen apply bn-"'
        done = subprocess.run(
            [fish, "-c", asked], env=with_command(tmp_path), cwd=tmp_path, capture_output=True, text=True
        )
        assert done.stdout == "apply\tChange models by rules: prove, then write.\nbn-to-gn\n", done.stderr


def test_another_shell_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "tcsh"]) == 2
    assert "'fish'" in capsys.readouterr().err


def test_bash_completes_in_earnest(tmp_path: Path) -> None:
    """The script is loaded by a real bash, which is asked as by the key."""
    script = (
        'eval "$(mutagen completion bash)"\ncompopt() { :; }\n'
        "COMP_WORDS=(mutagen apply eca); COMP_CWORD=2\n"
        '_mutagen_completion mutagen eca apply\necho "${COMPREPLY[@]}"\n'
    )
    done = subprocess.run(
        ["bash", "-c", script], env=with_command(tmp_path), capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["eca-after-blocks"], done.stderr
