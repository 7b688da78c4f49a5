"""What [tool.mutagen] says belongs to what was proved; the rest of pyproject.toml does not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mutagen.cli.main import main
from mutagen.config.find import config_for
from mutagen.config.settings import settings_of

ENTRY = '[[tool.mutagen.targets]]\ntarget = "net.py"\nmodel = "Net(3)"\n'
ALL = f'[tool.mutagen]\nexclude = ["a/**", "b.py"]\nscope = "package"\n{ENTRY}'


def found(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[tuple[str, str]]:
    code = main(["check", *arguments, "--output-format", "json"])
    data = json.loads(capsys.readouterr().out)
    assert code == (1 if data["errors"] else 0)
    return [(it["code"], it["path"]) for it in data["errors"]]


def applied(project: Any, text: str, **more: object) -> Path:
    """The configuration, with which the rules were applied."""
    file = Path(project.folder / "pyproject.toml")
    file.write_text(text)
    config = None if more.get("isolated") else config_for("net.py")
    project.run({"net.py": "net = 2\n"}, settings=settings_of(config, "net.py"), **more)
    return file


@pytest.mark.parametrize(
    ("before", "after", "drifted"),
    [
        ("", ALL, True),
        (ALL, "", True),
        (ALL, ALL.replace('"b.py"', '"c.py"'), True),
        (ALL, ALL.replace("package", "file"), True),
        (ALL, ALL.replace("Net(3)", "Net(4)"), True),
        (ALL, ALL.replace(ENTRY, ""), True),
        ("", "[tool.mutagen.per-file-ignores]\n'net.py' = ['gelu']\n", True),
        (ALL, f"# why\n[tool.other]\nexclude = []\n{ALL}", False),
        (ALL, ALL.replace('["a/**", "b.py"]', '["b.py", "a/**"]'), False),
        (ALL, ALL + ENTRY.replace("net.py", "other.py").replace("3", "5"), False),
        ("", '[tool.mutagen]\nrules = ["bn-to-gn"]\n', False),
    ],
)
def test_what_counts(before: str, after: str, drifted: bool, project: Any, capsys: pytest.CaptureFixture[str]) -> None:
    file = applied(project, before)
    assert found(capsys) == found(capsys, "net.py") == []
    file.write_text(after)
    assert found(capsys) == ([("L106", "pyproject.toml" if after else "mutagen.lock")] if drifted else [])
    file.write_text(before)
    assert found(capsys) == []


def test_it_is_told_with_the_command_that_proves_it_anew(project: Any, capsys: pytest.CaptureFixture[str]) -> None:
    applied(project, "").write_text(ALL)
    assert main(["check"]) == 1
    assert capsys.readouterr().err == (
        "error[L106]: the configuration has changed since rules.yaml was applied to net.py and 1 more\n"
        "  --> pyproject.toml\n"
        "  help: take the change back, or let it run again:\n"
        "        mutagen apply rules.yaml net.py\n"
    )
    project.run({"net.py": "net = 3\n"}, settings=settings_of(config_for("net.py"), "net.py"))
    assert found(capsys) == []


def test_the_file_can_be_named(project: Any, capsys: pytest.CaptureFixture[str]) -> None:
    applied(project, "").write_text(ALL)
    (project.folder / "sub").mkdir()
    (project.folder / "sub/pyproject.toml").write_text(ALL)
    assert found(capsys, "pyproject.toml") == [("L106", "pyproject.toml")]
    assert found(capsys, "sub/pyproject.toml") == found(capsys, "others.yaml") == []


def test_runs_that_read_no_configuration_or_another_one(project: Any, capsys: pytest.CaptureFixture[str]) -> None:
    file = applied(project, ALL, isolated=True)
    assert found(capsys) == []
    file.write_text("")
    assert found(capsys) == []
    other = project.folder / "other.toml"
    other.write_text(ALL)
    settings = settings_of(config_for(None, given="other.toml"), "net.py")
    project.run({"net.py": "net = 4\n"}, settings=settings, config_file="other.toml")
    assert found(capsys) == []
    other.write_text(ALL.replace("package", "file"))
    assert found(capsys) == [("L106", "other.toml")]


def test_a_project_may_lie_elsewhere(tmp_path: Path) -> None:
    found = set()
    for name in ("a", "b"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "net.py").touch()
        (folder / "make.py").touch()
        entry = ENTRY + 'inputs-from = "make.py:inputs"\n'
        (folder / "pyproject.toml").write_text(ALL.replace(ENTRY, entry))
        found.add(settings_of(config_for(str(folder)), str(folder / "net.py")))
    assert len(found) == 1 and "" not in found
