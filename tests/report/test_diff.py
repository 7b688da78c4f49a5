from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from mutagen.records.result import FileChange
from mutagen.report.diff import line_counts, render
from mutagen.report.paths import report_root

LONG = "".join(f"line {number}\n" for number in range(40)).encode()

CASES = {
    "one line": (b"a\nb\nc\n", b"a\nB\nc\n"),
    "two hunks": (LONG, LONG.replace(b"line 3\n", b"three\n").replace(b"line 30\n", b"thirty\n\n")),
    "carriage returns": (b"a\r\nb\r\nc\r\n", b"a\r\nB\r\nx\r\nc\r\n"),
    "mixed ends of lines": (b"a\r\nb\nc\r\n", b"a\r\nB\nc\r\n"),
    "no newline at the end": (b"a\nb", b"a\nB"),
    "newline added": (b"a\nb", b"a\nb\n"),
    "newline removed": (b"a\nb\n", b"a\nb"),
    "latin-1": ("# größe\nx = 1\n".encode("latin-1"), "# größe\nx = 2  # ä\n".encode("latin-1")),
    "utf-8 with a mark": (b"\xef\xbb\xbfa = 1\n", b"\xef\xbb\xbfa = 2\n"),
    "form feed and other separators": (b"a\n\x0c\nb\x0bc\x85\n", b"a\n\x0c\nb\x0bC\x85\n"),
    "null bytes": (b"a\x00b\nc\n", b"a\x00b\nd\n"),
    "lines that look like a patch": (b"-- a\n++ b\n@@ x\n", b"-- a\n++ c\n@@ x\n"),
    "emptied": (b"a\nb\n", b""),
    "filled": (b"", b"a\nb\n"),
    "lone carriage return": (b"a\rb\nc\n", b"a\rb\nd\n"),
}


def git(folder: Path, *arguments: str, patch: bytes = b"") -> None:
    command = ["git", "-c", "core.autocrlf=false", "-c", "core.safecrlf=false", *arguments]
    done = subprocess.run(command, cwd=folder, input=patch, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repo"
    (folder / "package").mkdir(parents=True)
    git(folder, "init", "-q")
    return folder


@pytest.mark.parametrize(("before", "after"), CASES.values(), ids=CASES.keys())
def test_git_applies_the_patch_and_takes_it_back(before: bytes, after: bytes, repository: Path) -> None:
    path = repository / "package" / "model.py"
    path.write_bytes(before)
    patch = render([FileChange(str(path), before, after)], root=repository)
    git(repository, "apply", "--check", "-", patch=patch)
    git(repository, "apply", "--whitespace=nowarn", "-", patch=patch)
    assert path.read_bytes() == after
    git(repository, "apply", "--whitespace=nowarn", "-R", "-", patch=patch)
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", ["new.py", "a b.py", "größe.py", 'quo"te.py', "back\\slash.py", "tab\there.py"])
@pytest.mark.parametrize("is_new", [True, False])
def test_git_applies_patches_of_new_files_and_odd_names(name: str, is_new: bool, repository: Path) -> None:
    path = repository / "package" / name
    if not is_new:
        path.write_bytes(b"x = 1\n")
    patch = render([FileChange(str(path), None if is_new else b"x = 1\n", b"x = 2\n")], root=repository)
    git(repository, "apply", "-", patch=patch)
    assert path.read_bytes() == b"x = 2\n"
    git(repository, "apply", "-R", "-", patch=patch)
    assert not path.exists() if is_new else path.read_bytes() == b"x = 1\n"


def test_git_applies_several_files_at_once(repository: Path) -> None:
    one, two, empty = (repository / name for name in ("one.py", "two.py", "empty.py"))
    one.write_bytes(b"a\n")
    changes = [
        FileChange(str(one), b"a\n", b"b\n"),
        FileChange(str(two), None, b"c"),
        FileChange(str(empty), None, b""),
    ]
    patch = render(changes, root=repository)
    git(repository, "apply", "-", patch=patch)
    assert (one.read_bytes(), two.read_bytes(), empty.read_bytes()) == (b"b\n", b"c", b"")


def test_patch_has_relative_paths_and_the_marks_of_git(tmp_path: Path) -> None:
    changes = [
        FileChange(str(tmp_path / "pkg" / "m.py"), b"a\nb", b"a\nc\n"),
        FileChange(str(tmp_path / "n.py"), None, b"x"),
        FileChange(str(tmp_path / "same.py"), b"x", b"x"),
    ]
    assert render(changes, root=tmp_path).decode() == (
        "diff --git a/pkg/m.py b/pkg/m.py\n"
        "--- a/pkg/m.py\n"
        "+++ b/pkg/m.py\n"
        "@@ -1,2 +1,2 @@\n"
        " a\n"
        "-b\n"
        "\\ No newline at end of file\n"
        "+c\n"
        "diff --git a/n.py b/n.py\n"
        "new file mode 100644\n"
        "--- /dev/null\n"
        "+++ b/n.py\n"
        "@@ -0,0 +1 @@\n"
        "+x\n"
        "\\ No newline at end of file\n"
    )


def test_nothing_changed_gives_no_patch(tmp_path: Path) -> None:
    assert render([], root=tmp_path) == b""


def test_line_counts_are_those_of_the_patch() -> None:
    assert line_counts(FileChange("m.py", b"a\nb\nc\n", b"a\nx\ny\n")) == (2, 2)
    assert line_counts(FileChange("m.py", None, b"a\nb")) == (2, 0)
    assert line_counts(FileChange("m.py", b"a\n", b"a\n")) == (0, 0)


def test_root_is_the_git_root_then_the_working_directory_then_the_common_folder(tmp_path: Path) -> None:
    inside = tmp_path / "repo" / "pkg"
    inside.mkdir(parents=True)
    files = [str(inside / "m.py"), str(inside / "sub" / "n.py")]
    assert report_root(files, tmp_path) == tmp_path
    assert report_root(files, tmp_path / "elsewhere") == inside
    (tmp_path / "repo" / ".git").write_text("gitdir: somewhere\n")
    assert report_root(files, tmp_path) == tmp_path / "repo"
    assert report_root([], inside) == tmp_path / "repo"
