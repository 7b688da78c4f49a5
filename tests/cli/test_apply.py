from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mutagen.cli.main import COMMANDS, main
from mutagen.errors import ErrorGroup, InternalError, Place, ProofError, RuleError, TargetError
from mutagen.load.plan_file import dump_plan

Made = Callable[..., Any]


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (
            "applied",
            0,
            "1 site in 1 file changed, +2 parameters (+50.00 %), MACs unchanged, proved bit-equal in 1 case",
        ),
        ("unchanged", 0, "nothing to do"),
        ("would_change", 1, "1 site in 1 file would change"),
        ("refused", 1, "nothing written: 1 target refused"),
        ("failed", 1, "nothing written: eval differs"),
    ],
)
def test_each_status_has_its_exit_code_and_sentence(
    status: str, code: int, said: str, api: Any, make_report: Made, in_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    api.outcomes = [make_report(status)]
    assert main(["apply", "r.yaml", "model.py"]) == code
    out, err = capsys.readouterr()
    assert said in out
    assert err == ""


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RuleError("R112", "wrong key"), 2),
        (TargetError("T001", "no model"), 2),
        (ErrorGroup((RuleError("R112", "one"), RuleError("R113", "two"))), 2),
        (ProofError("V001", "not equal"), 1),
        (InternalError("I001", "oh"), 3),
        (ZeroDivisionError("oh"), 3),
        (KeyboardInterrupt(), 130),
    ],
)
def test_each_error_has_its_exit_code(
    error: BaseException, code: int, api: Any, in_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    api.outcomes = [error]
    assert main(["apply", "r.yaml", "model.py"]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err


def test_flags_become_options(api: Any, make_report: Made, in_folder: Path) -> None:
    api.outcomes = [make_report("applied")]
    flags = ["--model", "Net(3)", "--input", "1x3", "--input", "ids=1x4:int64", "--inputs-from", "f.py:make"]
    flags += ["--scope", "package", "--style", "module", "--timeout", "5", "--memory", "1.5G"]
    flags += ["--lock"]
    assert main(["apply", "r.yaml", "model.py", *flags]) == 0
    (asked,) = api.asked
    assert (asked.rules, asked.target, asked.model) == ("r.yaml", "model.py", "Net(3)")
    assert (asked.inputs, asked.inputs_from) == (("1x3", "ids=1x4:int64"), "f.py:make")
    assert (asked.scope, asked.style, asked.timeout, asked.memory) == ("package", "module", 5.0, 1_610_612_736)
    assert (asked.write, asked.plan_file, asked.lock) == (True, None, True)


@pytest.mark.parametrize("flag", ["--check", "--diff"])
def test_looking_does_not_write(flag: str, api: Any, make_report: Made, in_folder: Path) -> None:
    api.outcomes = [make_report("would_change")]
    assert main(["apply", "r.yaml", "model.py", flag]) == 1
    assert api.asked[0].write is False


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["apply"], "give RULES and TARGET"),
        (["apply", "r.yaml"], "give a TARGET"),
        (["apply", "r.yaml", "model.py", "--nope"], "No such option"),
        (["apply", "r.yaml", "model.py", "--memory", "much"], "'much' is not a size"),
        (["apply", "r.yaml", "model.py", "--memory", "0"], "'0' is not a size"),
        (["apply", "r.yaml", "model.py", "--timeout", "0"], "--timeout"),
        (["apply", "r.yaml", "model.py", "--scope", "all"], "--scope"),
        (["apply", "r.yaml", "model.py", "--output-format", "xml"], "--output-format"),
        (["apply", "r.yaml", "model.py", "--diff", "--output-format", "json"], "give -o FILE"),
        (["apply", "r.yaml", "model.py", "--plan", "p.json"], "leave RULES and TARGET out"),
        (["apply", "--plan", "none.json"], "F101"),
        (["apply", "--plan", "p.json", "--lock"], "leave --check, --diff and --plan out"),
        (["apply", "r.yaml", "model.py", "--lock", "--diff"], "leave --check, --diff and --plan out"),
        (["aply"], "Did you mean 'apply'?"),
        (["frobnicate"], f"There are {', '.join(COMMANDS)}."),
    ],
)
def test_wrong_use_ends_with_2(
    arguments: list[str], said: str, api: Any, in_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert said in err
    assert out == ""
    assert api.asked == []


def test_diff_is_the_clean_patch_and_the_summary_goes_aside(
    api: Any, make_report: Made, in_folder: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    api.outcomes = [make_report("would_change")]
    assert main(["apply", "r.yaml", "model.py", "--diff"]) == 1
    out, err = capfdbinary.readouterr()
    assert out == (
        b"diff --git a/model.py b/model.py\n--- a/model.py\n+++ b/model.py\n@@ -1 +1 @@\n-x = 1\r\n+x = 2  # \xe4\r\n"
    )
    assert b"1 site in 1 file would change" in err


def test_no_patch_of_what_was_not_proved(
    api: Any, make_report: Made, in_folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    api.outcomes = [make_report("failed")]
    assert main(["apply", "r.yaml", "model.py", "--diff"]) == 1
    out, err = capfd.readouterr()
    assert out == ""
    assert "eval differs" in err


def test_json_is_one_object_on_standard_output(
    api: Any, make_report: Made, in_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    api.outcomes = [make_report("applied")]
    assert main(["apply", "r.yaml", "model.py", "--output-format", "json"]) == 0
    out, err = capsys.readouterr()
    data = json.loads(out)
    assert list(data)[:2] == ["schema_version", "status"]
    assert data["files"][0]["path"] == "model.py"
    assert err == ""


def test_json_of_an_error_and_the_error_for_people(
    api: Any, in_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    api.outcomes = [RuleError("R112", "wrong key", place=Place("r.yaml", 2, 3), hint="h")]
    assert main(["apply", "r.yaml", "model.py", "--output-format", "json"]) == 2
    out, err = capsys.readouterr()
    assert json.loads(out) == {
        "schema_version": 1,
        "status": "failed",
        "errors": [
            {
                "code": "R112",
                "message": "wrong key",
                "path": "r.yaml",
                "line": 2,
                "column": 3,
                "hint": "h",
                "detail": "",
            }
        ],
    }
    assert "error[R112]: wrong key" in err


def test_report_goes_to_a_file_and_the_patch_to_standard_output(
    api: Any, make_report: Made, in_folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    api.outcomes = [make_report("would_change")]
    flags = ["--diff", "--output-format", "json", "-o", "out.json"]
    assert main(["apply", "r.yaml", "model.py", *flags]) == 1
    assert json.loads((in_folder / "out.json").read_text())["status"] == "would_change"
    assert capfd.readouterr().out.startswith("diff --git a/model.py")


@pytest.mark.parametrize("form", ["text", "diff"])
def test_every_format_can_go_to_a_file(
    form: str, api: Any, make_report: Made, in_folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    api.outcomes = [make_report("applied")]
    assert main(["apply", "r.yaml", "model.py", "--output-format", form, "-o", "out"]) == 0
    assert (b"1 site" if form == "text" else b"diff --git") in (in_folder / "out").read_bytes()
    assert capfd.readouterr().out == ""


def test_file_that_cannot_be_written_is_the_users_error(api: Any, make_report: Made, in_folder: Path) -> None:
    api.outcomes = [make_report("applied")]
    assert main(["apply", "r.yaml", "model.py", "-o", "no/such/folder/out"]) == 2


def test_several_targets_end_with_the_worst_code(
    api: Any, make_report: Made, in_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    api.outcomes = [make_report("refused", "a.py"), TargetError("T001", "no model"), make_report("applied", "c.py")]
    assert main(["apply", "r.yaml", "a.py", "b.py", "c.py"]) == 2
    assert [asked.target for asked in api.asked] == ["a.py", "b.py", "c.py"]
    out, err = capsys.readouterr()
    assert "nothing written: 1 target refused" in out
    assert "1 site in 1 file changed" in out
    assert "error[T001]" in err


def test_several_targets_share_one_json(
    api: Any, make_report: Made, in_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    api.outcomes = [make_report("applied", "a.py"), TargetError("T001", "no model")]
    assert main(["apply", "r.yaml", "a.py", "b.py", "--output-format", "json"]) == 2
    data = json.loads(capsys.readouterr().out)
    assert data["status"] == "failed"
    assert [part["status"] for part in data["reports"]] == ["applied", "failed"]


def test_an_error_of_the_rules_is_said_once_for_all_targets(
    api: Any, in_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    api.outcomes = [RuleError("R112", "wrong key")]
    assert main(["apply", "r.yaml", "a.py", "b.py"]) == 2
    assert capsys.readouterr().err.count("R112") == 1


def test_replayed_plan_says_the_target(api: Any, make_plan: Made, make_report: Made, in_folder: Path) -> None:
    plan = make_plan()
    (in_folder / "p.json").write_text(dump_plan(plan))
    api.outcomes = [make_report("applied")]
    assert main(["apply", "--plan", "p.json"]) == 0
    assert (api.asked[0].target, api.asked[0].plan_file, api.asked[0].rules) == (plan.file, "p.json", "")


def test_quiet_says_nothing_and_verbose_says_more(
    api: Any, make_report: Made, in_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    api.outcomes = [make_report("applied")]
    assert main(["apply", "r.yaml", "model.py", "-q"]) == 0
    assert capsys.readouterr().out == ""
    assert main(["apply", "r.yaml", "model.py", "-v"]) == 0
    assert "traced by fx" in capsys.readouterr().out


def test_a_bug_leaves_a_log_with_versions(api: Any, in_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    api.outcomes = [ZeroDivisionError("the reason")]
    assert main(["apply", "r.yaml", "model.py"]) == 3
    err = capsys.readouterr().err
    assert "this is a bug in mutagen" in err
    log = re.search(r"log: (\S+)", err)
    assert log is not None
    text = Path(log[1]).read_text()
    Path(log[1]).unlink()
    assert "ZeroDivisionError: the reason" in text
    assert "mutagen 0" in text and "python 3" in text and "click " in text
    assert "command: mutagen apply r.yaml model.py" in text


def test_no_colours_outside_of_a_terminal(
    api: Any, make_report: Made, in_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    api.outcomes = [make_report("refused")]
    main(["apply", "r.yaml", "model.py"])
    assert "\x1b" not in capsys.readouterr().out
