from __future__ import annotations

from pathlib import Path

import pytest

from mutagen.cli.main import main
from mutagen.load.rules_file import shipped_rules


@pytest.mark.parametrize("code", ["needs-split", "T041", "refused[needs-split]"])
def test_a_code_is_explained(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", code]) == 0
    out, err = capsys.readouterr()
    assert "For example:\n" in out and "What to do: " in out
    assert err == ""


@pytest.mark.parametrize("name", list(shipped_rules()))
def test_a_shipped_rule_set_is_explained_by_its_prose_and_rules(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", name]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"{name}\n\n")
    assert "checkpoint" in out.lower()
    assert "    version: 1\n" in out
    assert "\n# " not in out


def test_a_rule_file_without_prose_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("version: 1\nrules:\n  - id: a\n")
    assert main(["explain", str(file)]) == 0
    assert capsys.readouterr().out == f"{file}\n\nIts rules:\n\n    version: 1\n    rules:\n      - id: a\n"


def test_what_nobody_knows_is_an_error_with_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "need-split"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "error[C110]" in err and "did you mean needs-split" in err
