"""Answers of the command line become outcomes; copies are put back; jobs are forked."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from corpus.command import Answer, codes
from corpus.entries import Entry
from corpus.pair import Bench, Pair, _without_change, judged, planned_alike, taken_over
from corpus.store import Result
from corpus.workspace import Workspace
from corpus.zygote import JobFailed, Zygote

BLANK = Result("m:f", "p", "r", "file", "t", "not-applicable", applicable=True)
REFUSAL = {"rules": [{"refused": [{"code": "out-of-scope", "path": "a.b", "message": "no"}]}], "status": "refused"}


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (Answer(0, {"status": "applied"}), None),
        (Answer(0, {"status": "unchanged"}), "already"),
        (Answer(1, REFUSAL), "refused"),
        (Answer(1, {"status": "failed"}), "refused"),
        (Answer(2, {}, errors="error: no such model [E101]"), "refused"),
        (Answer(2, {}, errors="error: the model failed [E110]\n  | Traceback (most recent call last):"), "refused"),
        (Answer(None), "timed-out"),
        (Answer(3, {}), "crashed"),
        (Answer(-9, {}), "crashed"),
        (Answer(0, {}), "crashed"),
        (Answer(1, {}, errors="Traceback (most recent call last):\n..."), "crashed"),
    ],
)
def test_outcomes(answer: Answer, outcome: str | None) -> None:
    result = _without_change(answer, BLANK)
    assert (result.outcome if result else None) == outcome


def test_codes() -> None:
    assert codes(Answer(1, REFUSAL)) == ("out-of-scope",)
    assert codes(Answer(1, {"status": "failed"})) == ("proof",)
    assert codes(Answer(2, {}, errors="error: no such model [E101]")) == ("E101",)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    package = tmp_path / "site" / "tinypack"
    package.mkdir(parents=True)
    (package / "__init__.py").write_bytes(b"")
    (package / "net.py").write_bytes(
        b"import torch.nn as nn\nfrom torchvision import transforms\n\n\n"
        b"def net():\n    return nn.Sequential(nn.Conv2d(16, 16, 3), nn.BatchNorm2d(16), nn.ReLU())\n"
    )
    return tmp_path / "site"


ENTRY = Entry(
    "tiny", "1", "tinypack.net", "tinypack/net.py", "net", input_shapes=((1, 16, 8, 8),), stubs=("torchvision",)
)


def test_workspace_sees_and_undoes_edits(site: Path, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "work", site)
    workspace.open(ENTRY)
    source = workspace.edited / "tinypack" / "net.py"
    old = source.read_bytes()
    assert workspace.changed(ENTRY) == ({}, {})
    source.write_bytes(b"x = 1\n")
    (workspace.edited / "tinypack" / "blocks.py").write_bytes(b"y = 2\n")
    before, after = workspace.changed(ENTRY)
    assert before == {"tinypack/net.py": old}
    assert after == {"tinypack/net.py": b"x = 1\n", "tinypack/blocks.py": b"y = 2\n"}
    workspace.restore(ENTRY)
    assert workspace.changed(ENTRY) == ({}, {})
    assert source.read_bytes() == old


def test_modules_of_other_packages_can_be_imported_beforehand(site: Path, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "work", site)
    workspace.open(ENTRY)
    source = workspace.edited / "tinypack" / "net.py"
    source.write_bytes(b"import colorsys\n" + source.read_bytes())
    roots = workspace.roots(ENTRY, edited=True)
    with Zygote() as zygote:
        names = zygote.run("imported", ENTRY, roots)
        assert "colorsys" in names
        assert not any(name.startswith(("tinypack", "torchvision")) for name in names)
    with Zygote((*names, "no.such.module")) as zygote:
        assert "colorsys" not in zygote.run("imported", ENTRY, roots)


def test_jobs_run_on_either_copy_and_failures_are_told(site: Path, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "work", site)
    workspace.open(ENTRY)
    source = workspace.edited / "tinypack" / "net.py"
    with Zygote() as zygote:
        original = workspace.roots(ENTRY, edited=False)
        edited = workspace.roots(ENTRY, edited=True)
        survey = zygote.run("survey", ENTRY, original)
        assert survey.targets["bn-to-gn"].must == ("1",)
        source.write_bytes(source.read_bytes().replace(b"nn.BatchNorm2d(16)", b"nn.GroupNorm(8, 16)"))
        zygote.run("examine", ENTRY, edited, survey, {}, workspace.found)
        verdict = zygote.run("compare", ENTRY, original, "bn-to-gn", survey, workspace.found, {})
        assert verdict.problems == []
        assert verdict.changed == 1
        source.write_bytes(b"raise SystemExit(3)\n")
        with pytest.raises(JobFailed, match="SystemExit"):
            zygote.run("examine", ENTRY, edited, survey, {}, workspace.found)
        source.write_bytes(b"import time\ntime.sleep(60)\n")
        with pytest.raises(JobFailed, match="longer than"):
            zygote.run("examine", ENTRY, edited, survey, {}, workspace.found, timeout=0.5)
        assert zygote.run("survey", ENTRY, original).classes == survey.classes
    assert os.path.exists(source)


@pytest.mark.parametrize(
    ("alike", "scope", "rule", "taken"),
    [
        ({"r", "other"}, "package", "r", True),
        ({"other"}, "package", "r", False),
        ({"r", "other"}, "package", "other", False),  # what was refused is tried
        ({"r", "other"}, "file", "r", False),
    ],
)
def test_what_both_scopes_plan_alike_is_judged_once(
    site: Path, tmp_path: Path, alike: set[str], scope: str, rule: str, taken: bool
) -> None:
    proved = Result(ENTRY.key, "tinypack", "r", "file", "old", "proved", applicable=True, lines=3)
    refused = Result(ENTRY.key, "tinypack", "other", "file", "old", "refused", applicable=True)
    bench = Bench(Workspace(tmp_path, site), None, None, judged([proved, refused]))  # type: ignore[arg-type]
    result = taken_over(Pair(ENTRY, rule, rule, scope, None, 1.0), bench, alike)  # type: ignore[arg-type]
    assert (result is not None) == taken
    if result is not None:
        assert (result.scope, result.outcome, result.tool, result.lines) == ("package", "proved", "old", 3)


SHARED = b"""\
from torch import nn


def conv(a, b):
    return nn.Conv2d(a, b, 3)
"""
NET = b"""\
from torch import nn

from tinypack.shared import conv


class Net(nn.Sequential):
    def __init__(self):
        super().__init__(conv(16, 16), nn.BatchNorm2d(16), nn.ReLU())
"""


def test_plans_are_alike_where_only_the_file_itself_is_edited(site: Path, tmp_path: Path) -> None:
    """The convolution is made in a file that another uses: in the default scope it is edited elsewhere."""
    package = site / "tinypack"
    package.joinpath("shared.py").write_bytes(SHARED)
    package.joinpath("other.py").write_bytes(b"from tinypack.shared import conv\n")
    package.joinpath("net.py").write_bytes(NET)
    entry = replace(ENTRY, factory="Net")
    workspace = Workspace(tmp_path / "work", site)
    workspace.open(entry)
    rules = {"bn-to-gn": "bn-to-gn", "conv-to-dsc": "conv-to-dsc", "gated-skips": "gated-skips"}
    known = [Result(entry.key, "tinypack", rule, "file", "old", "proved", applicable=True) for rule in rules]
    with Zygote() as zygote:
        bench = Bench(workspace, zygote, None, judged(known))
        assert planned_alike(entry, rules, bench, 60.0) == {"bn-to-gn"}  # gated-skips matches nothing
        assert planned_alike(entry, rules, replace(bench, judged={}), 60.0) == frozenset()
