"""The text of a lock file: one line a file and run, merged by git, and every fault with its line."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from mutagen.errors import ErrorGroup, UserError
from mutagen.tracked.lockfile import Line, parse, render

RULES = {"rules.yaml": "aa", "mutagen:templates/eca.py.j2": "bb"}


def line(file: str, sha256: str = "00", run: str = "rules.yaml net.py") -> Line:
    return Line(file, sha256, run, RULES)


def test_what_is_written_is_read_again_in_order_of_names() -> None:
    odd = ["b.py", "a b.py", 'quo"te.py', "línea\nneu.py", "层/net.py"]
    lines = [line(name) for name in odd]
    text = render(lines)
    assert parse(text, "mutagen.lock") == tuple(sorted(lines, key=lambda it: it.file))
    rows = [row for row in text.decode().split("\n") if row and not row.startswith("#")]
    assert len(rows) == len(odd)
    assert "层/net.py" in text.decode()


def test_the_order_in_which_lines_came_does_not_show() -> None:
    lines = [line("a.py"), line("a.py", run="b.yaml net.py"), line("b.py")]
    assert render(lines) == render(reversed(lines))


def test_runs_are_the_same_by_rules_target_and_model() -> None:
    first = line("a.py", run="rules.yaml net.py --model 'Net(1)' --input 1x3")
    assert first.identity == line("b.py", run="rules.yaml net.py --model 'Net(1)' --scope package").identity
    for other in (
        "rules.yaml net.py",
        "rules.yaml net.py --model 'Net(1)' --select gelu",
        "rules.yaml net.py --model 'Net(2)'",
        "b.yaml net.py --model 'Net(1)'",
    ):
        assert first.identity != line("a.py", run=other).identity


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("nonsense\n", "L003", 1),
        ("# mutagen.lock 1\n{broken\n", "L003", 2),
        ('{"file": "a.py"}\n', "L003", 1),
        ('{"file": 1, "sha256": "0", "run": "a b", "rules": {}}\n', "L003", 1),
        ('{"file": "a", "sha256": "0", "run": "a b", "rules": {"x": 1}}\n', "L003", 1),
        ('{"file": "a", "sha256": "0", "run": "a", "rules": {}}\n', "L003", 1),
        ('{"file": "a", "sha256": "0", "run": "a \'b", "rules": {}}\n', "L003", 1),
        ("# mutagen.lock 1\n<<<<<<< HEAD\n", "L004", 2),
        ("# mutagen.lock 2: of the future\n", "L005", 1),
    ],
)
def test_a_wrong_row_is_told_with_its_line(text: str, code: str, place: int) -> None:
    with pytest.raises(UserError) as raised:
        parse(text.encode(), "mutagen.lock")
    assert (raised.value.code, raised.value.place and raised.value.place.line) == (code, place)
    assert raised.value.hint


def test_all_wrong_rows_are_told_at_once() -> None:
    with pytest.raises(ErrorGroup) as raised:
        parse(b"x\n\n# fine\ny\n", "mutagen.lock")
    assert [error.place.line for error in raised.value.errors if error.place] == [1, 4]


def test_bytes_that_are_no_text() -> None:
    with pytest.raises(UserError) as raised:
        parse(b"\xff\xfe", "mutagen.lock")
    assert raised.value.code == "L003"


def git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    who = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"]
    return subprocess.run(["git", *who, *arguments], cwd=folder, capture_output=True, text=True, check=False)


def merged(folder: Path, base: list[Line], ours: list[Line], theirs: list[Line], *, union: bool = False) -> bool:
    """Whether git merges two versions of a lock file without a conflict."""
    lock = folder / "mutagen.lock"
    git(folder, "init", "-q")
    if union:
        (folder / ".gitattributes").write_text("mutagen.lock merge=union\n")
    for branch, lines in (("main", base), ("theirs", theirs), ("ours", ours)):
        if branch != "main":
            git(folder, "checkout", "-q", "main")
            git(folder, "checkout", "-qb", branch)
        lock.write_bytes(render(lines))
        git(folder, "add", "-A")
        git(folder, "commit", "-qm", branch)
    return git(folder, "merge", "-q", "theirs").returncode == 0


def test_branches_that_change_different_files_merge_without_a_word(tmp_path: Path) -> None:
    base = [line(f"{name}.py") for name in "acegikm"]
    ours = [line("a.py", "11"), line("b.py"), *base[1:]]
    theirs = [*base[:4], line("h.py"), *base[4:6], line("m.py", "22")]
    assert merged(tmp_path, base, ours, theirs)
    found = {it.file: it.sha256 for it in parse((tmp_path / "mutagen.lock").read_bytes(), "")}
    assert found == {**dict.fromkeys((f"{name}.py" for name in "acegikm"), "00"), "b.py": "00", "h.py": "00"} | {
        "a.py": "11",
        "m.py": "22",
    }


def test_after_a_conflict_the_lines_of_both_sides_are_kept(tmp_path: Path) -> None:
    base, ours, theirs = [line("a.py")], [line("a.py", "11")], [line("a.py", "22"), line("b.py")]
    assert not merged(tmp_path, base, ours, theirs)
    text = (tmp_path / "mutagen.lock").read_text()
    with pytest.raises((UserError, ErrorGroup)) as raised:
        parse(text.encode(), "")
    errors = raised.value.errors if isinstance(raised.value, ErrorGroup) else (raised.value,)
    assert {error.code for error in errors} == {"L004"}
    rows = [row for row in text.splitlines() if not row.startswith(("<", "=", ">"))]
    assert {it.sha256 for it in parse("\n".join(rows).encode(), "")} == {"11", "22", "00"}


def test_git_keeps_both_by_itself_where_it_is_told_to(tmp_path: Path) -> None:
    base, ours, theirs = [line("a.py")], [line("a.py", "11")], [line("a.py", "22"), line("b.py")]
    assert merged(tmp_path, base, ours, theirs, union=True)
    assert len(parse((tmp_path / "mutagen.lock").read_bytes(), "")) == 3
