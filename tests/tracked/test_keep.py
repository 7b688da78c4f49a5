"""What a run puts down: the files and their lines together or not at all, and what other runs said of them."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from mutagen.errors import ClashError, UserError
from mutagen.records.options import Options
from mutagen.records.plan import Plan
from mutagen.records.target import Call
from mutagen.tracked.check import check
from mutagen.tracked.command import FLAGS, command_of
from mutagen.tracked.content import digest
from mutagen.tracked.keep import keep
from mutagen.tracked.place import nearest_lock, new_lock
from mutagen.write import transaction
from tests.tracked.conftest import refused


def shas(project: Any) -> dict[tuple[str, str], str]:
    return {(line.file, line.run): line.sha256 for line in project.lines()}


def test_a_run_puts_down_its_files_and_what_it_was_made_of(project: Any) -> None:
    project.run({"net.py": "net = 2\n", "new/eca.py": "class ECA: ...\n"})
    assert (project.folder / "net.py").read_text() == "net = 2\n"
    assert [line.file for line in project.lines()] == ["net.py", "new/eca.py", "parts.py"]
    (line, *_) = project.lines()
    assert line.sha256 == digest(b"net = 2\n")
    assert line.run == "rules.yaml net.py"
    assert line.rules == {"rules.yaml": digest(b"version: 1\n")}
    assert not check([]).errors


def test_nothing_is_put_down_where_nobody_asks(project: Any) -> None:
    project.run({"net.py": "net = 2\n"}, lock=False)
    assert (project.folder / "net.py").read_text() == "net = 2\n"
    assert not project.lock.exists()


def test_a_lock_file_that_is_there_is_kept_up_unasked(project: Any) -> None:
    project.run({"net.py": "net = 2\n"})
    project.run({"net.py": "net = 3\n"}, lock=False)
    assert not check([]).errors


def test_a_run_with_nothing_to_do_takes_files_as_they_are(project: Any) -> None:
    project.run({"net.py": "net = 2\n"})
    (project.folder / "net.py").write_text("net = 2  # formatted\n")
    assert check([]).errors
    project.run()
    assert not check([]).errors
    before = project.lock.stat()
    project.run()
    assert project.lock.stat().st_ino == before.st_ino, "what says the same is not written"


def test_another_run_goes_on_from_what_it_left(project: Any) -> None:
    project.run({"net.py": "net = 2\n"})
    project.run({"net.py": "net = 3\n"}, rules="others.yaml")
    assert shas(project)["net.py", "rules.yaml net.py"] == digest(b"net = 3\n")
    assert not check([]).errors


def test_another_run_does_not_hide_an_edit_in_between(project: Any) -> None:
    project.run({"net.py": "net = 2\n"})
    (project.folder / "net.py").write_text("by hand\n")
    project.run({"net.py": "by hand, then others\n"}, rules="others.yaml")
    (error,) = check([]).errors
    assert (error.code, error.hint.splitlines()[1:]) == ("L101", ["mutagen apply rules.yaml net.py"])


def test_the_same_run_replaces_its_lines_and_leaves_others(project: Any) -> None:
    project.run({"net.py": "net = 2\n"}, inputs=("1x3",))
    project.run(rules="others.yaml")
    report = replace(project.report(), tracked={})
    keep(report, project.options(inputs=("1x4",)), root=str(project.folder))
    assert sorted(shas(project)) == [
        ("net.py", "others.yaml net.py"),
        ("net.py", "rules.yaml net.py --input 1x4"),
        ("parts.py", "others.yaml net.py"),
    ]


def test_a_replayed_plan_moves_lines_on_and_makes_none(project: Any) -> None:
    project.run({"net.py": "net = 2\n"})
    before = set(shas(project))
    keep(replace(project.report({"net.py": "net = 3\n"}), made_of={}), project.options("", plan_file="p.json"), root="")
    assert set(shas(project)) == before
    assert not check([]).errors


def test_what_may_stay_refused_stands(project: Any) -> None:
    plan = Plan(1, "net.py", Call("Net"), (), {})
    report = project.report(status="refused")
    assert project.report().stands
    assert not project.report({"net.py": "net = 2\n"}).stands
    assert replace(report, plan=replace(plan, rules=(refused("allow"),))).stands
    assert not replace(report, plan=replace(plan, rules=(refused("refuse"),))).stands
    assert not project.report(status="failed").stands


@pytest.mark.parametrize("name", ["net.py", "parts.py", "rules.yaml"])
def test_nothing_is_written_where_something_changed_during_the_run(project: Any, name: str) -> None:
    report = project.report({"net.py": "net = 2\n"})
    (project.folder / name).write_text("changed meanwhile\n")
    before = (project.folder / "net.py").read_bytes()
    with pytest.raises(ClashError) as raised:
        keep(report, project.options(), root=str(project.folder))
    assert raised.value.code == "W005"
    assert (project.folder / "net.py").read_bytes() == before
    assert not project.lock.exists()


@pytest.mark.parametrize("stuck", ["net.py", "mutagen.lock"])
def test_a_rename_that_fails_takes_back_both(project: Any, stuck: str, monkeypatch: pytest.MonkeyPatch) -> None:
    project.run({"net.py": "net = 2\n"})
    before = project.lock.read_bytes()
    real = os.replace

    def fail(source: str, target: str) -> None:
        if target.endswith(stuck):
            raise OSError(28, "No space left on device", source, None, target)
        real(source, target)

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(UserError) as raised:
        project.run({"net.py": "net = 3\n"})
    assert raised.value.code == "W003"
    assert (project.folder / "net.py").read_text() == "net = 2\n"
    assert project.lock.read_bytes() == before
    assert not check([]).errors


def test_a_crash_between_the_renames_is_completed(project: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    project.run({"net.py": "net = 2\n"})
    real = os.replace

    def crash(source: str, target: str) -> None:
        real(source, target)
        if target.endswith((".py", ".lock")):
            os._exit(9)

    child = os.fork()
    if not child:
        monkeypatch.setattr(os, "replace", crash)
        project.run({"net.py": "net = 3\n"})
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert check([]).errors, "half is written"
    assert transaction.recover(project.folder).outcome == "replayed"
    assert (project.folder / "net.py").read_text() == "net = 3\n"
    assert not check([]).errors


def test_a_lock_file_that_cannot_be_read_keeps_everything_as_it_is(project: Any) -> None:
    project.lock.write_text("<<<<<<< HEAD\n")
    with pytest.raises(UserError) as raised:
        project.run({"net.py": "net = 2\n"})
    assert raised.value.code == "L004"
    assert (project.folder / "net.py").read_text() == "net = 1\n"


CHILD = """
import sys
from pathlib import Path
from tests.tracked.conftest import Project
from mutagen.tracked.keep import keep
from mutagen.records.result import FileChange
from dataclasses import fields, replace
top, name = Path(sys.argv[1]), sys.argv[2]
project = Project(top)
print("ready", flush=True)
sys.stdin.readline()
for turn in range(6):
    file = top / name / "net.py"
    report = replace(project.report(), tracked={}, plan=replace(project.report().plan, file=str(file)))
    change = FileChange(str(file), file.read_bytes(), b"turn %d\\n" % turn)
    keep(replace(report, files=(change,)), project.options(), root=str(top / name))
"""


def test_runs_side_by_side_lose_no_line(project: Any) -> None:
    names = ["a", "b", "c"]
    root = Path(__file__).parents[2]
    for name in names:
        (project.folder / name).mkdir()
        (project.folder / name / "net.py").write_text("old\n")
    command = [sys.executable, "-c", CHILD, str(project.folder)]
    options: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": root}
    children = [subprocess.Popen([*command, name], **options) for name in names]
    for child in children:
        assert child.stdout.readline() == "ready\n"
    for child in children:
        child.stdin.write("\n")
        child.stdin.close()
    codes = [child.wait() for child in children]
    for child in children:
        child.stdout.close()
    assert codes == [0, 0, 0]
    assert [line.file for line in project.lines()] == [f"{name}/net.py" for name in names]
    assert not check([]).errors


def test_where_a_lock_file_is_made(tmp_path: Path) -> None:
    (tmp_path / "repo/pkg/models").mkdir(parents=True)
    models = str(tmp_path / "repo/pkg/models")
    assert new_lock(models).startswith(str(tmp_path)) or nearest_lock(models) is None
    (tmp_path / "repo/.git").mkdir()
    assert new_lock(models) == str(tmp_path / "repo/mutagen.lock")
    (tmp_path / "repo/pkg/pyproject.toml").touch()
    assert new_lock(models) == str(tmp_path / "repo/pkg/mutagen.lock")
    assert nearest_lock(models) is None
    (tmp_path / "repo/mutagen.lock").touch()
    assert nearest_lock(models) == str(tmp_path / "repo/mutagen.lock")


def test_every_option_is_in_the_command_or_does_not_change_the_result() -> None:
    names = {field.name for field in fields(Options)}
    configured = {"entry", "exclude", "per_file_ignores", "settings"}  # a run again reads the configuration again
    assert names - set(FLAGS) - configured == {"rules", "target", "write", "cache", "lock", "plan_file"}


def test_the_command_has_what_was_given_and_paths_from_the_lock_file(project: Any) -> None:
    folder = str(project.folder)
    target = f"{folder}/net.py"
    assert command_of(project.options(), target, folder) == "rules.yaml net.py"
    options = project.options(
        "relu-to-gelu",
        model="Net('x', [1, 2])",
        select=("a",),
        ignore=("b*",),
        inputs=("1x3x8x8", "ids=1x4:int64"),
        inputs_from="net.py:make",
        vendor=True,
        timeout=600.0,
        memory=2**30,
        cache=True,
        write=False,
        config_file="sub/other.toml",
        isolated=True,
    )
    (project.folder / "sub").mkdir()
    (project.folder / "sub/other.toml").touch()
    assert shlex.split(command_of(options, target, f"{folder}/sub")) == shlex.split(
        """relu-to-gelu ../net.py --model "Net('x', [1, 2])" --select a --ignore b* --input 1x3x8x8
        --input ids=1x4:int64 --inputs-from ../net.py:make --vendor --timeout 600 --memory 1073741824
        --config other.toml --isolated"""
    )
