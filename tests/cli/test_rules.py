"""``mutagen rules``: what can be done with rule files without a model."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mutagen.cli.main import main
from mutagen.load.rules_file import read_rules, shipped_rules
from mutagen.load.rules_json_schema import rules_schema_text
from mutagen.load.rules_start import start_of

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


def test_the_list_says_what_for_how_safe_and_with_what_effect(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "list", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    rows = {row["rules"]: row for row in data["rules"]}
    assert set(rows) == set(shipped_rules())
    assert all(row["why"] and row["safety"] and row["params"] and row["keys"] for row in rows.values())
    assert rows["bn-to-gn"] == {
        "rules": "bn-to-gn",
        "id": "bn-to-gn",
        "what": "BatchNorm2d → GroupNorm",
        "why": "independence of the batch size",
        "safety": "fine-tune",
        "params": "same",
        "keys": "some lost",
    }
    assert main(["rules", "list"]) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split() == ["rules", "what", "why", "safety", "params", "keys"]
    assert [line.split()[0] for line in lines] == list(rows)


def test_own_files_are_listed_too(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "list", "good.yaml", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["rules"]
    assert (row["rules"], row["id"], row["params"], row["keys"]) == ("good", "a", None, None)
    assert main(["rules", "list", "bad.yaml"]) == 2


@pytest.mark.parametrize("name", ["gate", "gate.yaml", "own/Gate Deep.yml"])
def test_a_new_file_is_right_but_for_its_test(name: str, in_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (in_folder / "own").mkdir()
    assert main(["rules", "new", name]) == 0
    path = in_folder / (name if "." in name else f"{name}.yaml")
    assert capsys.readouterr().out.startswith(f"wrote {path.relative_to(in_folder)} and ")
    assert (path.parent / "rules.schema.json").read_text() == rules_schema_text()
    assert path.read_text().startswith("# yaml-language-server: $schema=rules.schema.json\n")
    (rule,) = read_rules(str(path)).rules
    assert rule.id == ("gate-deep" if "own" in name else "gate")
    (test,) = read_rules(str(path)).tests
    assert [(claim.fact, claim.wanted) for claim in test.claims] == [("instances", "2"), ("params", "same")]
    before = path.read_text()
    assert main(["rules", "new", name]) == 2
    assert "is there already" in capsys.readouterr().err
    assert path.read_text() == before


def test_what_a_new_file_leaves_out_can_be_said(tmp_path: Path) -> None:
    """Each line that is commented out in a new file is right when it is not."""
    text = start_of("x")
    lines = [line for line in text.splitlines() if line.lstrip().startswith("# ") and "{" in line]
    assert len(lines) >= 6
    for line in lines:
        said = text.replace(line, line.replace("# ", "", 1), 1)
        for other in ("replace: {with: gelu}",) if line.lstrip().startswith(("# insert", "# set")) else ():
            said = said.replace(f"    {other}\n", "", 1)
        (tmp_path / "x.yaml").write_text(said)
        assert read_rules(str(tmp_path / "x.yaml")).rules, line


def test_a_new_file_in_no_folder_is_the_users_error(in_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "new", "none/gate"]) == 2
    assert "C103" in capsys.readouterr().err


def test_the_tests_of_rules_end_with_one_where_one_fails(in_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["rules", "new", "gate"])
    main(["rules", "new", "other"])
    (in_folder / "other.yaml").write_text(
        (in_folder / "other.yaml").read_text().replace("instances: 2", "instances: 1")
    )
    (in_folder / "untested.yaml").write_text(GOOD)
    capsys.readouterr()
    assert main(["rules", "test", "."]) == 1
    out = capsys.readouterr().out
    assert "FAIL gate: one activation (gate.yaml:32:5)\n     instances: expected 2, found 1\n" in out
    assert "ok   other: one activation: 1 site in 1 file changed" in out
    assert "note: no test reaches rule a (untested.yaml:3:10)\n" in out
    assert out.endswith("\n1 of 2 tests failed\n")
    assert main(["rules", "test", "-q", "other.yaml"]) == 0
    assert capsys.readouterr().out == ""


def test_rules_to_test_are_looked_for_in_a_folder(in_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "test"]) == 2
    assert "there is no folder `rules` here" in capsys.readouterr().err
    (in_folder / "rules").mkdir()
    (in_folder / "rules/good.yaml").write_text(GOOD)
    assert main(["rules", "test"]) == 0
    assert capsys.readouterr().out.endswith("0 tests of 1 rule file: all passed\n")


def test_a_wrong_subcommand_gets_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "chek"]) == 2
    assert "Did you mean 'check'?" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["check", "relu-to-gelu"], ["schema"], ["list"], ["list", "--json"]])
def test_neither_torch_nor_libcst_is_imported(command: list[str]) -> None:
    code = (
        f"import sys; from mutagen.cli.main import main; code = main(['rules', *{command!r}]);"
        "sys.exit(code or any(name in sys.modules for name in ('torch', 'libcst', 'numpy')))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0
