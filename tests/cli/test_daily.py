"""Flags of every day: how much is said, in which form and colour, and with which exit code."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mutagen.cli.main import main
from mutagen.errors import RuleError

Made = Callable[..., Any]


@pytest.mark.parametrize(
    ("status", "flags", "code"),
    [
        ("would_change", ["--check"], 1),
        ("would_change", ["--check", "--exit-zero"], 0),
        ("refused", ["--exit-zero"], 0),
        ("failed", ["--exit-zero"], 0),
        ("applied", ["--exit-zero"], 0),
    ],
)
def test_exit_zero_forgives_what_is_no_error(
    status: str, flags: list[str], code: int, api: Any, make_report: Made, in_folder: Path
) -> None:
    api.outcomes = [make_report(status)]
    assert main(["apply", "r.yaml", "model.py", *flags]) == code


def test_exit_zero_does_not_forgive_errors(api: Any, in_folder: Path) -> None:
    api.outcomes = [RuleError("R112", "wrong key")]
    assert main(["apply", "r.yaml", "model.py", "--exit-zero"]) == 2


@pytest.mark.parametrize("status", ["applied", "refused", "would_change"])
def test_quiet_twice_says_nothing(
    status: str, api: Any, make_report: Made, in_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    api.outcomes = [make_report(status)]
    assert main(["apply", "r.yaml", "model.py", "-qq"]) == (0 if status == "applied" else 1)
    assert capsys.readouterr() == ("", "")


def test_quiet_twice_hides_errors_too_but_not_a_patch(
    api: Any, make_report: Made, in_folder: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    api.outcomes = [RuleError("R112", "wrong key")]
    assert main(["apply", "r.yaml", "model.py", "-qq"]) == 2
    assert capsysbinary.readouterr() == (b"", b"")
    api.outcomes = [make_report("would_change")]
    assert main(["apply", "r.yaml", "model.py", "-qq", "--diff"]) == 1
    out, err = capsysbinary.readouterr()
    assert out.startswith(b"diff --git ") and err == b""


def test_rules_to_take_become_options(api: Any, make_report: Made, in_folder: Path) -> None:
    api.outcomes = [make_report("applied")]
    flags = ["--select", "a,b", "--select", "c", "--ignore", "d , e"]
    assert main(["apply", "r.yaml", "model.py", *flags]) == 0
    assert (api.asked[0].select, api.asked[0].ignore) == (("a", "b", "c"), ("d", "e"))


@pytest.mark.parametrize("name", ["github", "json", "jsonl", "markdown", "sarif"])
def test_each_form_goes_to_standard_output_or_a_file(
    name: str, api: Any, make_report: Made, in_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    api.outcomes = [make_report("would_change")]
    assert main(["apply", "r.yaml", "model.py", "--check", "--output-format", name]) == 1
    out, err = capsys.readouterr()
    assert "model.py" in out and err == ""
    assert main(["apply", "r.yaml", "model.py", "--check", "--output-format", name, "-o", "told"]) == 1
    assert capsys.readouterr() == ("", "")
    assert (in_folder / "told").read_bytes().decode() == out
    if name in ("json", "sarif"):
        json.loads(out)


def test_an_unknown_form_is_refused_with_those_there_are(in_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["apply", "r.yaml", "model.py", "--output-format", "xml"]) == 2
    assert "'sarif'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "environment", "styled"),
    [
        (["--color", "always"], {"NO_COLOR": "1"}, True),
        (["--color", "never"], {"FORCE_COLOR": "1"}, False),
        ([], {"FORCE_COLOR": "1"}, True),
        ([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        (["--color", "auto"], {}, False),
        ([], {}, False),
    ],
)
@pytest.mark.parametrize("before", [True, False])
def test_colours_are_decided_by_flag_then_environment_then_terminal(
    flags: list[str],
    environment: dict[str, str],
    styled: bool,
    before: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert main([*flags, "rules", "list"] if before else ["rules", "list", *flags]) == 0
    assert ("\x1b[" in capsys.readouterr().out) is styled
