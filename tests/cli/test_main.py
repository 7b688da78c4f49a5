from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mutagen import __version__
from mutagen.cli.main import main
from mutagen.cli.output import is_styled
from mutagen.load.rules_file import shipped_rules

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {"torch", "libcst", "pydantic", "ruamel", "jinja2", "rich"}


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT, check=False)


def imported(*arguments: str) -> set[str]:
    done = python("-X", "importtime", "-m", "mutagen", *arguments)
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["apply", "--help"], ["plan", "-h"], ["explain", "R112"]]
)
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    found = imported(*arguments)
    assert "click" in found
    assert not found & HEAVY


def test_list_of_rules_imports_neither_torch_nor_libcst() -> None:
    found = imported("rules", "list")
    assert "ruamel" in found
    assert not found & {"torch", "libcst", "jinja2"}


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(f"\n  {name} " in out for name in ("apply", "plan", "rules", "doctor"))


def test_version_names_the_distribution(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"mutagen {__version__} (torch-mutagen)\n"


def test_nothing_asked_shows_the_help_and_ends_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "Usage: mutagen" in capsys.readouterr().err


def test_rules_list_names_every_shipped_set_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["rules", *shipped_rules()]
    assert any("relu → gelu" in line for line in lines)


def test_doctor_prints_the_report(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mutagen.doctor.report", lambda: "all is well")
    assert main(["doctor"]) == 0
    assert capsys.readouterr().out == "all is well\n"


def test_reader_that_goes_away_is_no_error() -> None:
    code = "import sys; from mutagen.cli.main import main; sys.exit(main(['rules', 'list']))"
    reader, writer = os.pipe()
    os.close(reader)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], stdout=writer, stderr=subprocess.PIPE, env=environment, check=False
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


def test_help_to_a_reader_that_went_away_is_no_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "mutagen", "--help"]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, env=environment, check=False)
    os.close(writer)
    assert b"Traceback" not in done.stderr
    assert b"bug" not in done.stderr


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "environment", "expected"),
    [
        (Terminal(), {}, True),
        (Terminal(), {"NO_COLOR": "1"}, False),
        (Terminal(), {"NO_COLOR": ""}, True),
        (Terminal(), {"TERM": "dumb"}, False),
        (io.StringIO(), {}, False),
    ],
)
def test_colours_are_for_terminals_that_want_them(
    stream: io.StringIO, environment: dict[str, str], expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert is_styled(stream) is expected
