"""Mutagen as a library: typed results, nothing written before write(), nothing printed, no torch in the caller."""

from __future__ import annotations

import ast
import dataclasses
import importlib.util
import inspect
import os
import subprocess
import sys
import types
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import mutagen
from mutagen.cli.apply import command as apply_command
from mutagen.errors import ClashError, MutagenError, ProofError, TargetError
from mutagen.library.target import place_of
from mutagen.records.options import Options
from mutagen.tracked.check import check

ROOT = Path(__file__).parents[2]
NET = """\
import torch.nn as nn


class Net(nn.Module):
    def __init__(self, width=4):
        super().__init__()
        print("building <b>loudly</b>")
        self.conv = nn.Conv2d(3, width, 3)
        self.act = nn.ReLU()

    def forward(self, x):
        return self.act(self.conv(x))
"""
RULES = "version: 1\nrules:\n  - id: gelu\n    match: {op: relu}\n    replace: {with: gelu}\n"
HOW: dict[str, Any] = {"model": "Net(4)", "input": "2x3x8x8"}


@pytest.fixture(scope="module")
def host() -> Iterator[mutagen.Host]:
    with mutagen.Host() as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "net.py").write_text(NET)
    (tmp_path / "rules.yaml").write_text(RULES)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def imported(file: Path) -> types.ModuleType:
    """A module that somebody imported from a file, without torch."""
    stub = file.with_name("plain.py")
    stub.write_text("class Net: ...\nclass Outer:\n    class Inner: ...\ndef build(): ...\n")
    spec = importlib.util.spec_from_file_location("plain", stub)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["plain"] = module
    spec.loader.exec_module(module)
    return module


def test_as_a_script_in_a_process_of_its_own(folder: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    script = ROOT / "tests/library/typed_use.py"
    done = subprocess.run([sys.executable, script], cwd=folder, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


CELLS = """
import mutagen, sys
class Net: ...
try:
    mutagen.apply("rules.yaml", Net)
except mutagen.TargetError as error:
    assert error.code == "T023", error
else:
    raise AssertionError

import torch
from net import Net
model = Net(4)
result = mutagen.apply("rules.yaml", Net, model="Net(4)", input="2x3x8x8")
assert "patch</summary>" in result._repr_html_()
result.write()

for name in ("net",):
    del sys.modules[name]
from net import Net
assert isinstance(Net(4).act, torch.nn.GELU)
assert Net(4)(torch.zeros(1, 3, 8, 8)).shape == (1, 4, 6, 6)
"""


def test_as_cells_of_a_notebook_that_uses_torch_itself(folder: Path) -> None:
    (folder / "net.py").write_text(NET.replace('        print("building <b>loudly</b>")\n', ""))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(folder)]), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-"]
    done = subprocess.run(command, cwd=folder, env=environment, input=CELLS, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_nothing_is_written_and_nothing_is_said_before_write(
    folder: Path, host: mutagen.Host, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    before = tree(folder)
    with caplog.at_level("INFO", logger="mutagen"):
        result = mutagen.apply("rules.yaml", "net.py", lock=True, host=host, **HOW)
        planned = mutagen.plan("rules.yaml", "net.py", host=host, **HOW)
    _ = (
        result.diff,
        result.patch,
        repr(result),
        str(result),
        result._repr_html_(),
        planned._repr_html_(),
        planned.json,
    )
    assert tree(folder) == before
    assert capfd.readouterr() == ("", "")
    assert [(it.name, it.getMessage()) for it in caplog.records] == [("mutagen", "rules.yaml on net.py: would_change")]

    result.write()
    assert set(tree(folder)) == {*before, "mutagen.lock"}
    assert not check([]).errors
    assert capfd.readouterr() == ("", "")


def test_what_changed_since_is_not_overwritten(folder: Path, host: mutagen.Host) -> None:
    result = mutagen.apply("rules.yaml", "net.py", host=host, **HOW)
    planned = mutagen.plan("rules.yaml", "net.py", host=host, **HOW)
    (folder / "net.py").write_text(NET + "# edited\n")
    with pytest.raises(ClashError) as raised:
        result.write()
    assert raised.value.code == "W005"
    with pytest.raises(ClashError) as raised:
        _ = planned.diff
    assert raised.value.code == "F105"
    assert (folder / "net.py").read_text() == NET + "# edited\n"


def test_what_is_refused_is_a_result_that_cannot_be_written(folder: Path, host: mutagen.Host) -> None:
    text = NET.replace("self.act(self.conv(x))", "self.act(self.conv(x)) + self.conv.weight.sum()")
    (folder / "net.py").write_text(text)
    rules = (
        "version: 1\nrules:\n  - id: dsc\n    match: {type: Conv2d}\n    replace: {with: DepthwiseSeparableConv2d}\n"
    )
    (folder / "rules.yaml").write_text(rules)
    before = tree(folder)
    result = mutagen.apply("rules.yaml", "net.py", host=host, **HOW)
    assert result.status in ("refused", "failed")
    assert (result.files, result.diff) == ((), "")
    assert result.refused and result.refused[0].advice
    with pytest.raises(ProofError) as raised:
        result.write()
    assert raised.value.code == "W012"
    assert "nothing written" in raised.value.message
    assert "refused[" in result._repr_html_()
    assert tree(folder) == before


def test_a_plan_can_be_proved_and_written(folder: Path, host: mutagen.Host) -> None:
    planned = mutagen.plan("rules.yaml", "net.py", host=host, **HOW)
    assert str(planned) == "1 site in 1 file would change, not proved"
    assert planned.refused == ()
    assert "+        self.act = nn.GELU()" in planned.diff
    assert '"schema_version": 1' in planned.json
    result = planned.prove(host)
    assert result.diff == planned.diff
    result.write()
    assert "nn.GELU()" in (folder / "net.py").read_text()


def test_an_answer_that_is_known_needs_no_torch(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = mutagen.apply("rules.yaml", "net.py", **HOW)
    monkeypatch.setattr("mutagen.library.result.Host", None)  # nothing could be run
    again = mutagen.apply("rules.yaml", "net.py", **HOW)
    assert again.diff == first.diff != ""
    again.write()
    assert "nn.GELU()" in (folder / "net.py").read_text()


def test_unchanged_results_keep_the_lock_file_up(folder: Path, host: mutagen.Host) -> None:
    mutagen.apply("rules.yaml", "net.py", lock=True, host=host, **HOW).write()
    (folder / "net.py").write_text((folder / "net.py").read_text() + "# formatted\n")
    assert check([]).errors
    result = mutagen.apply("rules.yaml", "net.py", host=host, **HOW)
    assert result.status == "unchanged"
    assert check([]).errors, "looking writes nothing"
    assert result.write() is result
    assert not check([]).errors


def test_errors_are_exceptions_of_one_tree(folder: Path) -> None:
    for name in mutagen.__all__:
        public = getattr(mutagen, name)
        if isinstance(public, type) and issubclass(public, Exception):
            assert issubclass(public, mutagen.MutagenError)
    with pytest.raises(mutagen.RuleError):
        mutagen.apply("no-such-rules", "net.py", **HOW)
    with pytest.raises(mutagen.TargetError) as raised:
        mutagen.plan("rules.yaml", "absent.py")
    assert str(raised.value).endswith(f"[{raised.value.code}]")
    (folder / "rules.yaml").write_text(RULES.replace("match", "mtach").replace("with", "wiht"))
    with pytest.raises(mutagen.ErrorGroup) as group:
        mutagen.apply("rules.yaml", "net.py", **HOW)
    assert all(isinstance(error, MutagenError) for error in group.value.errors)


def test_targets_may_be_files_modules_classes_and_functions(folder: Path) -> None:
    module = imported(folder / "net.py")
    file = str(folder / "plain.py")
    assert place_of("pkg.module") == ("pkg.module", None)
    assert place_of(Path("net.py")) == ("net.py", None)
    assert place_of(module) == (file, None)
    assert place_of(module.Net) == (file, "Net")
    assert place_of(module.build) == (file, "build")
    assert place_of(module.Outer.Inner) == (file, None), "only what a call can name"


def test_targets_without_a_file_are_told_as_such(folder: Path) -> None:
    cell: dict[str, Any] = {"__name__": "__main__"}
    exec(compile("class Net: ...\ndef build(): ...", "<ipython-input-1>", "exec"), cell)
    for target, code in ((cell["Net"], "T023"), (cell["build"], "T023"), (cell["Net"](), "T024"), (3, "T024")):
        with pytest.raises(TargetError) as raised:
            place_of(target)
        assert raised.value.code == code
        assert raised.value.hint


class _Balance(HTMLParser):
    """Fails where a tag is not closed, and collects the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.tags: set[str] = set()
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.add(tag)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.seen.append(data)


def test_the_notebook_shows_sentence_costs_and_patch(folder: Path, host: mutagen.Host) -> None:
    (folder / "net.py").write_text(NET.replace("self.act = nn.ReLU()", "self.act = nn.ReLU()  # <script>&"))
    result = mutagen.apply("rules.yaml", "net.py", host=host, **HOW)
    page = _Balance(result._repr_html_())
    text = "".join(page.seen)
    assert str(result) in text
    assert "parameters112112+0" in text
    assert "+        self.act = nn.GELU()  # <script>&\n" in text
    assert "script" not in page.tags
    plan = _Balance(mutagen.plan("rules.yaml", "net.py", host=host, **HOW)._repr_html_())
    assert "not proved" in "".join(plan.seen)


def test_all_that_is_public_is_named_once_for_people_and_type_checkers() -> None:
    stub = ast.parse((ROOT / "mutagen/__init__.pyi").read_text())
    named = {
        alias.asname: node.module for node in stub.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    given = {node.target.id for node in stub.body if isinstance(node, ast.AnnAssign)}  # type: ignore[union-attr]
    (listed,) = (ast.literal_eval(node.value) for node in stub.body if isinstance(node, ast.Assign))
    assert listed == mutagen.__all__ == sorted(mutagen.__all__)
    assert named == mutagen._HOMES
    assert {*named, *given} == set(mutagen.__all__) == set(dir(mutagen))
    assert (ROOT / "mutagen/py.typed").exists()


def test_arguments_are_called_as_the_flags_are() -> None:
    flags = {name.removeprefix("--") for it in apply_command.params for name in (*it.opts, *it.secondary_opts)}
    for function in (mutagen.plan, mutagen.apply):
        named = {name for name, it in inspect.signature(function).parameters.items() if it.kind is it.KEYWORD_ONLY}
        assert {name.replace("_", "-") for name in named - {"host", "cache"}} <= flags
    assert "no-cache" in flags
    fields = {it.name for it in dataclasses.fields(Options)}
    named = {"input": "inputs", "prove_input": "prove_inputs", "config": "config_file"}
    given = {named.get(name, name) for name in inspect.signature(mutagen.apply).parameters}
    configured = {"entry", "exclude", "per_file_ignores", "settings"}
    assert fields - given - configured == {"write", "plan_file"}, "options that Python code cannot give"


def test_the_configuration_holds_in_python_too(folder: Path, host: mutagen.Host) -> None:
    table = '[[tool.mutagen.targets]]\ntarget = "net.py"\nmodel = "Net(4)"\ninputs = ["2x3x8x8"]\n'
    (folder / "pyproject.toml").write_text(table)
    assert mutagen.apply("rules.yaml", "net.py", host=host).status == "would_change"
    (folder / "pyproject.toml").write_text(f'[tool.mutagen]\nexclude = ["net.py"]\n{table}')
    (folder / "other.toml").write_text(f"[tool.mutagen]\n{table}")
    excluded = mutagen.apply("rules.yaml", "net.py", host=host)
    assert [it.code for it in excluded.refused] == ["excluded"]
    for way in ({"isolated": True, **HOW}, {"config": folder / "other.toml"}):
        assert mutagen.apply("rules.yaml", "net.py", host=host, **way).status == "would_change"
