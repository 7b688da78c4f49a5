"""What `mutagen check` finds: nothing where nothing changed, and each kind of drift with place, cause and cure."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from mutagen.cli.main import main
from mutagen.tracked import content
from mutagen.tracked.content import digest, name_of, path_of
from mutagen.tracked.lockfile import Line, render


def check(*arguments: str) -> int:
    return main(["check", *arguments])


def codes(capsys: pytest.CaptureFixture[str], *files: str) -> list[tuple[str, str]]:
    """Codes and paths of all that a check finds."""
    code = check(*files, "--output-format", "json")
    data = json.loads(capsys.readouterr().out)
    assert code == (1 if data["errors"] else 0)
    assert data["status"] == ("drifted" if data["errors"] else "unchanged")
    return [(it["code"], it["path"]) for it in data["errors"]]


@pytest.fixture
def applied(project: Any) -> Any:
    project.run({"net.py": "net = 2\n"})
    return project


def test_nothing_changed(applied: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert check() == 0
    assert capsys.readouterr().out == "2 files are as their rules left them\n"
    assert check("net.py") == 0
    assert capsys.readouterr().out == "1 file is as its rules left it\n"
    assert check("-q") == 0
    assert capsys.readouterr() == ("", "")


def test_a_file_that_was_edited(applied: Any, capsys: pytest.CaptureFixture[str]) -> None:
    (applied.folder / "parts.py").write_text("parts = 3\n")
    assert check() == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        "error[L101]: the file is not as rules.yaml left it\n"
        "  --> parts.py\n"
        "  help: take the change back, or let the rules run again:\n"
        "        mutagen apply rules.yaml net.py\n"
    )
    assert check("-q") == 1
    assert "L101" in capsys.readouterr().err


def test_the_command_can_be_copied_in_any_folder(
    applied: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (applied.folder / "parts.py").write_text("parts = 3\n")
    (applied.folder / "sub").mkdir()
    monkeypatch.chdir(applied.folder / "sub")
    assert check() == 1
    assert "cd .. && mutagen apply rules.yaml net.py\n" in capsys.readouterr().err


def test_a_rule_that_was_edited(applied: Any, capsys: pytest.CaptureFixture[str]) -> None:
    (applied.folder / "rules.yaml").write_text("version: 1  # and more\n")
    assert codes(capsys) == [("L102", "rules.yaml")]
    assert check() == 1
    err = capsys.readouterr().err
    assert "the rule file has changed since it was applied to net.py and 1 more" in err
    assert "mutagen apply rules.yaml net.py\n" in err


def test_what_is_gone(applied: Any, capsys: pytest.CaptureFixture[str]) -> None:
    os.unlink(applied.folder / "rules.yaml")
    os.unlink(applied.folder / "parts.py")
    assert codes(capsys) == [("L103", "parts.py"), ("L104", "rules.yaml")]


def test_a_folder_in_the_place_of_a_file(applied: Any, capsys: pytest.CaptureFixture[str]) -> None:
    os.unlink(applied.folder / "parts.py")
    (applied.folder / "parts.py").mkdir()
    assert codes(capsys) == [("L103", "parts.py")]


def test_a_file_that_cannot_be_read(
    applied: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def deny(path: str) -> str | None:
        if path.endswith("parts.py"):
            raise PermissionError(13, "Permission denied", path)
        return content.digest_of(path)

    monkeypatch.setattr("mutagen.tracked.drift.digest_of", deny)
    assert codes(capsys) == [("L105", "parts.py")]


def test_shipped_rules_of_another_version(
    applied: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shipped = {"mutagen:rules/relu-to-gelu.yaml": digest(b"an older one")}
    lines = (*applied.lines(), Line("net.py", digest(b"net = 2\n"), "relu-to-gelu net.py", shipped))
    applied.lock.write_bytes(render(lines))
    assert codes(capsys) == [("L102", "mutagen.lock")]
    assert check() == 1
    err = capsys.readouterr().err
    assert "mutagen:rules/relu-to-gelu.yaml is another one in torch-mutagen" in err
    assert "`rev`" in err


def test_only_what_is_named_is_compared(applied: Any, capsys: pytest.CaptureFixture[str]) -> None:
    (applied.folder / "parts.py").write_text("parts = 3\n")
    assert codes(capsys, "net.py") == []
    assert codes(capsys, "parts.py", "net.py") == [("L101", "parts.py")]
    assert codes(capsys, "rules.yaml") == [("L101", "parts.py")], "a rule stands for all that was made by it"
    assert codes(capsys, "mutagen.lock") == [("L101", "parts.py")], "the lock file for all"


def test_names_that_nobody_tracks_are_passed_over(applied: Any, capsys: pytest.CaptureFixture[str]) -> None:
    (applied.folder / "other.py").touch()
    assert check("other.py", "README.md", "no/such.py") == 0
    assert capsys.readouterr() == ("0 files are as their rules left them\n", "")


def test_what_is_gone_is_told_whatever_is_named(applied: Any, capsys: pytest.CaptureFixture[str]) -> None:
    os.unlink(applied.folder / "parts.py")
    assert codes(capsys, "other.py") == [("L103", "parts.py")]


def test_line_ends_are_of_no_matter(applied: Any, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("net.py", "rules.yaml"):
        path = applied.folder / name
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert codes(capsys) == []
    (applied.folder / "net.py").write_bytes(b"net = 2\r")
    assert codes(capsys) == [("L101", "net.py")]


@pytest.mark.parametrize("first", [True, False])
def test_of_two_lines_that_a_merge_kept_one_must_agree(
    first: bool, applied: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    good = applied.lines()
    other = Line("net.py", digest(b"theirs"), "rules.yaml net.py", good[0].rules)
    header, *rows = render([*good, other]).decode().splitlines(keepends=True)
    applied.lock.write_text(header + "".join(rows if first else reversed(rows)))
    assert codes(capsys) == []
    (applied.folder / "net.py").write_text("neither\n")
    assert codes(capsys) == [("L101", "net.py")]


def test_the_nearest_lock_file_counts(applied: Any, capsys: pytest.CaptureFixture[str]) -> None:
    inner = applied.folder / "inner"
    inner.mkdir()
    (inner / "net.py").write_text("inner\n")
    (inner / "mutagen.lock").write_bytes(render([Line("net.py", digest(b"was\n"), "r net.py", {})]))
    assert codes(capsys) == []
    assert codes(capsys, "inner/net.py") == [("L101", "inner/net.py")]


def test_without_a_lock_file(project: Any, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["net.py"]):
        assert check(*arguments) == 2
        assert "error[L002]" in capsys.readouterr().err


def test_a_lock_file_that_is_broken(applied: Any, capsys: pytest.CaptureFixture[str]) -> None:
    applied.lock.write_text("<<<<<<< HEAD\n")
    assert check() == 2
    err = capsys.readouterr().err
    assert "error[L004]" in err
    assert "mutagen.lock:1:1" in err


def test_names_lead_back_to_their_files(project: Any) -> None:
    folder = str(project.folder)
    for path in (f"{folder}/a b/net.py", f"{os.path.dirname(folder)}/x.py", f"{content.rules_dir()}/bn-to-gn.yaml"):
        assert path_of(name_of(path, folder), folder) == path
    assert name_of(f"{content.templates_dir()}/eca.py.j2", folder) == "mutagen:templates/eca.py.j2"
    assert name_of(f"{folder}/a/net.py", folder) == "a/net.py"


def test_fixing_lets_the_recorded_runs_run_again(
    applied: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, list[str]]] = []

    def run(words: list[str], **_: Any) -> int:
        asked.append((os.getcwd(), words))
        applied.run()
        return 0

    monkeypatch.setattr("mutagen.cli.apply.command.main", run)
    assert check("--fix") == 0
    assert asked == [], "nothing has drifted"
    (applied.folder / "net.py").write_text("net = 3\n")
    (applied.folder / "sub").mkdir()
    monkeypatch.chdir(applied.folder / "sub")
    assert check("--fix", "-q") == 0
    assert asked == [(str(applied.folder), ["rules.yaml", "net.py", "--quiet"])]
    assert capsys.readouterr().err == ""


def test_fixing_tells_what_it_cannot_fix(
    applied: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from mutagen.errors import TargetError

    def fail(*_: Any, **__: Any) -> int:
        raise TargetError("T101", "the model cannot be built")

    monkeypatch.setattr("mutagen.cli.apply.command.main", fail)
    (applied.folder / "net.py").write_text("net = 3\n")
    assert check("--fix") == 2
    err = capsys.readouterr().err
    assert "error[T101]" in err
    assert "error[L101]" in err
    os.unlink(applied.folder / "rules.yaml")
    assert check("--fix") == 1, "what is gone cannot be run again"
    assert "error[L104]" in capsys.readouterr().err
    assert check("--fix", "--output-format", "json") == 2
    assert check("--fix", "--output-format", "sarif") == 2


def test_the_forms_for_machines(applied: Any, capsys: pytest.CaptureFixture[str]) -> None:
    def told(form: str) -> str:
        found = check("--output-format", form)
        out, err = capsys.readouterr()
        assert err == ""
        assert found == (1 if drifted else 0)
        return out

    drifted = False
    assert told("github") == ""
    assert json.loads(told("jsonl")) == {"schema_version": 1, "type": "check", "status": "unchanged", "files": 2}
    (run,) = json.loads(told("sarif"))["runs"]
    assert (run["results"], run["tool"]["driver"]["rules"]) == ([], [])
    drifted = True
    (applied.folder / "parts.py").write_text("parts = 3\n")
    (applied.folder / "rules.yaml").unlink()
    first, second = told("github").splitlines()
    assert first.startswith("::error title=mutagen L101,file=parts.py::the file is not as rules.yaml left it%0Ahelp: ")
    assert second.startswith("::error title=mutagen L104,file=rules.yaml::")
    *errors, whole = map(json.loads, told("jsonl").splitlines())
    assert [(it["type"], it["code"], it["path"]) for it in errors] == [
        ("error", "L101", "parts.py"),
        ("error", "L104", "rules.yaml"),
    ]
    assert (whole["type"], whole["status"], whole["files"]) == ("check", "drifted", 2)
    (run,) = json.loads(told("sarif"))["runs"]
    assert [it["ruleId"] for it in run["results"]] == [it["id"] for it in run["tool"]["driver"]["rules"]]
    assert run["invocations"] == [{"executionSuccessful": True, "toolExecutionNotifications": []}]
    place = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place == {"uri": "parts.py", "uriBaseId": "%SRCROOT%"}


def test_paths_for_a_repository_begin_at_its_root(
    applied: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (applied.folder / ".git").mkdir()
    (applied.folder / "sub").mkdir()
    (applied.folder / "parts.py").write_text("parts = 3\n")
    monkeypatch.chdir(applied.folder / "sub")
    assert check("--output-format", "github") == 1
    assert "file=parts.py::" in capsys.readouterr().out
