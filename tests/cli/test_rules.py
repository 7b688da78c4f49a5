"""``mutagen rules``: what can be done with rule files without a model."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mutagen.cli.main import main
from mutagen.load.rules_json_schema import rules_schema_text

GOOD = "version: 1\nrules:\n  - {id: a, match: {op: relu}, replace: {with: gelu}}\n"
BAD = "version: 1\nrules:\n  - id: b\n    match: {typ: Conv2d}\n    replace: {with: ECAA}\n"


@pytest.fixture
def files(in_folder: Path) -> Path:
    (in_folder / "good.yaml").write_text(GOOD)
    (in_folder / "bad.yaml").write_text(BAD)
    return in_folder


def test_good_files_are_counted(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "check", "good.yaml", "relu-to-gelu"]) == 0
    assert capsys.readouterr() == ("2 rules in 2 rule files: nothing is wrong\n", "")
    assert main(["rules", "check", "-q", "good.yaml"]) == 0
    assert capsys.readouterr() == ("", "")


def test_all_errors_of_all_files_have_place_frame_and_cure(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "check", "bad.yaml", "good.yaml", "relu-to-gleu"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "error[R112]: unknown key 'typ' in `match`\n  --> bad.yaml:4:13\n" in err
    assert "4 |     match: {typ: Conv2d}\n  |             ^^^\n  help: did you mean 'type'?" in err
    assert "bad.yaml:5:21" in err
    assert "did you mean 'ECA'?" in err
    assert "error[R100]: there is no rule set 'relu-to-gleu'\n help: did you mean 'relu-to-gelu'?" in err
    assert err.endswith("\n3 errors in 3 rule files\n")
    assert "no subject" not in err


def test_a_folder_is_all_its_files(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (files / "also.yml").write_text(BAD.replace("id: b", "id: B"))
    assert main(["rules", "check", "."]) == 2
    err = capsys.readouterr().err
    assert "also.yml:3:9" in err
    assert "bad.yaml:4:13" in err
    assert err.endswith("\n5 errors in 3 rule files\n")


def test_machines_are_told_the_same(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "check", "bad.yaml", "good.yaml", "--output-format", "json"]) == 2
    data = json.loads(capsys.readouterr().out)
    assert (data["schema_version"], data["files"], data["rules"]) == (1, 2, 1)
    assert [(it["code"], it["path"], it["line"], it["column"]) for it in data["errors"]] == [
        ("R112", "bad.yaml", 4, 13),
        ("R127", "bad.yaml", 5, 21),
    ]


def test_without_a_file_the_use_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "check"]) == 2
    assert "Missing argument 'FILE...'" in capsys.readouterr().err


def test_the_schema_is_printed_and_written(in_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "schema"]) == 0
    assert capsys.readouterr().out == rules_schema_text()
    assert main(["rules", "schema", "-o", "s.json"]) == 0
    assert (in_folder / "s.json").read_text() == rules_schema_text()
    assert main(["rules", "schema", "-o", "none/s.json"]) == 2


def test_a_wrong_subcommand_gets_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "chek"]) == 2
    assert "Did you mean 'check'?" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["check", "relu-to-gelu"], ["schema"]])
def test_neither_torch_nor_libcst_is_imported(command: list[str]) -> None:
    code = (
        f"import sys; from mutagen.cli.main import main; code = main(['rules', *{command!r}]);"
        "sys.exit(code or any(name in sys.modules for name in ('torch', 'libcst', 'numpy')))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0
