"""The configuration: everything that is wrong at once, with file, line and a suggestion."""

from __future__ import annotations

from pathlib import Path

import pytest

from mutagen.config.find import config_for, entry_for
from mutagen.config.read import read_config
from mutagen.errors import ErrorGroup, UserError
from mutagen.records.config import Config, Entry

WHOLE = """\
[project]
name = "nets"

[tool.mutagen]
rules = ["rules/own.yaml", "eca-after-blocks"]
exclude = ["legacy"]
scope = "package"
style = "module"

[[tool.mutagen.targets]]
target = "nets/a.py"
model = "Net(3)"
inputs = ["1x3x32x32", "ids=1x4:int64"]
rules = ["bn-to-gn"]

[[tool.mutagen.targets]]
target = "nets.b"
inputs-from = "data.py:make"
prove-with = "Net(depth=1)"
prove-inputs = ["1x3x8x8"]

[tool.mutagen.per-file-ignores]
"nets/old_*.py" = ["bn-to-gn"]
"""


def read(folder: Path, text: str) -> Config | None:
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    return read_config(folder / "pyproject.toml")


def errors(folder: Path, text: str) -> list[UserError]:
    with pytest.raises((UserError, ErrorGroup)) as caught:
        read(folder, text)
    return list(caught.value.errors) if isinstance(caught.value, ErrorGroup) else [caught.value]


def test_a_whole_configuration_with_paths_in_full(tmp_path: Path) -> None:
    (tmp_path / "data.py").touch()
    config = read(tmp_path, WHOLE)
    first = Entry(f"{tmp_path}/nets/a.py", "Net(3)", ("1x3x32x32", "ids=1x4:int64"), rules=("bn-to-gn",))
    second = Entry(
        "nets.b", inputs_from=f"{tmp_path}/data.py:make", prove_with="Net(depth=1)", prove_inputs=("1x3x8x8",)
    )
    assert config == Config(
        str(tmp_path / "pyproject.toml"),
        rules=(f"{tmp_path}/rules/own.yaml", "eca-after-blocks"),
        targets=(first, second),
        exclude=("legacy",),
        per_file_ignores=(("nets/old_*.py", ("bn-to-gn",)),),
        scope="package",
        style="module",
    )


@pytest.mark.parametrize("text", ["", "[tool.ruff]\n", "[project]\nmutagen = 1\n"])
def test_a_file_without_the_table_says_nothing(text: str, tmp_path: Path) -> None:
    assert read(tmp_path, text) is None


@pytest.mark.parametrize(
    ("text", "code", "line", "column", "said"),
    [
        ("[tool.mutagen]\nrule = []\n", "C202", 2, 1, "did you mean 'rules'?"),
        ('[tool.mutagen]\n\n  "exlude" = []\n', "C202", 3, 3, "did you mean 'exclude'?"),
        ("[tool]\nmutagen.rulez = []\n", "C202", 2, 1, "did you mean 'rules'?"),
        ("[tool]\nmutagen = {rulez = []}\n", "C202", 2, 1, "did you mean 'rules'?"),
        ("tool.mutagen = 3\n", "C203", 1, 1, "[tool.mutagen]"),
        ('[tool.mutagen]\nrules = "a"\n', "C203", 2, 1, "a list of texts"),
        ("[tool.mutagen]\nrules = [1]\n", "C203", 2, 1, "a list of texts"),
        ('[tool.mutagen]\nscope = "all"\n', "C203", 2, 1, "'file' or 'package'"),
        ("[tool.mutagen]\ntargets = 3\n", "C203", 2, 1, "[[tool.mutagen.targets]]"),
        ("[[tool.mutagen.targets]]\nmodel = 'Net()'\n", "C204", 1, 3, "model.py"),
        (
            "[[tool.mutagen.targets]]\ntarget = 'a.py'\n[[tool.mutagen.targets]]\ntarget = 'b.py'\nmodle = 'N()'\n",
            "C202",
            5,
            1,
            "did you mean 'model'?",
        ),
        ("[tool.mutagen.per-file-ignores]\n'a.py' = 'b'\n", "C203", 1, 2, "a list of rule ids"),
    ],
)
def test_what_is_wrong_has_a_place_and_a_cure(
    text: str, code: str, line: int, column: int, said: str, tmp_path: Path
) -> None:
    (error,) = errors(tmp_path, text)
    assert (error.code, error.place.line, error.place.column) == (code, line, column)
    assert error.place.file == str(tmp_path / "pyproject.toml")
    assert said in error.hint


def test_all_errors_come_at_once_in_their_order(tmp_path: Path) -> None:
    found = errors(tmp_path, "[tool.mutagen]\nexclude = 1\na = 2\n[[tool.mutagen.targets]]\nb = 3\n")
    assert [(it.code, it.place.line) for it in found] == [("C203", 2), ("C202", 3), ("C204", 4), ("C202", 5)]


@pytest.mark.parametrize("data", [b"[tool.mutagen\n", b"a = 1\na = 2\n", b"# caf\xe9\n"])
def test_what_is_no_toml_is_an_error(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes(data)
    with pytest.raises(UserError) as caught:
        read_config(tmp_path / "pyproject.toml")
    assert caught.value.code == "C201"


def test_the_nearest_table_wins_and_nothing_is_merged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = tmp_path / "a/b/c"
    inner.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text('[tool.mutagen]\nexclude = ["x"]\n')
    (tmp_path / "a/pyproject.toml").write_text("[tool.mutagen]\nrules = ['bn-to-gn']\n")
    (tmp_path / "a/b/pyproject.toml").write_text("[tool.other]\n")
    (inner / "net.py").touch()
    for path in (str(inner / "net.py"), str(inner)):
        found = config_for(path)
        assert found is not None
        assert (found.file, found.rules, found.exclude) == (str(tmp_path / "a/pyproject.toml"), ("bn-to-gn",), ())
    monkeypatch.chdir(tmp_path)
    assert config_for(None) == config_for("no.such.module") != config_for(str(inner))
    assert config_for(str(inner), given="pyproject.toml") == config_for(None)
    with pytest.raises(UserError) as caught:
        config_for(None, given="a/b/pyproject.toml")
    assert caught.value.code == "C205"


def test_a_broken_file_is_an_error_only_where_it_speaks_of_us(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.other\n")
    assert config_for(str(tmp_path)) is None
    (tmp_path / "pyproject.toml").write_text("[tool.mutagen\n")
    with pytest.raises(UserError) as caught:
        config_for(str(tmp_path))
    assert caught.value.code == "C201"


def test_an_entry_is_found_by_file_or_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = read(tmp_path, WHOLE)
    assert config is not None
    (tmp_path / "nets").mkdir()
    (tmp_path / "link.py").symlink_to(tmp_path / "nets/a.py")
    monkeypatch.chdir(tmp_path / "nets")
    assert entry_for(config, "a.py") is entry_for(config, "../link.py") is config.targets[0]
    assert entry_for(config, "nets.b") is config.targets[1]
    assert entry_for(config, "b.py") is None
