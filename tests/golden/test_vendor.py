"""Library modules copied into the project on request: the package stays as it is, the copies are changed."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from mutagen.errors import TargetError

FOLDER = Path(__file__).parent
PACKAGES = FOLDER / "library" / "site-packages"
CASES = tomllib.loads((FOLDER / "vendor.toml").read_text())["case"]
APPLIED = [case for case in CASES if "copies" in case]
REFUSED = [case for case in CASES if "refused" in case]
SHAPE = ("1x3x16x16",)


@pytest.fixture(scope="module")
def host(library_host: Any) -> Any:
    return library_host


def name(case: dict[str, Any]) -> str:
    return f"vendor-{Path(case['model']).stem}-{case['call']}--{case['rule']}"


def installed() -> dict[Path, bytes]:
    return {it: it.read_bytes() for it in PACKAGES.rglob("*.py")}


def started(bench: Any, case: dict[str, Any], **more: object) -> Any:
    path = bench.copy(FOLDER / case["model"])
    return bench.run(case["rule"], path, case["call"], SHAPE, vendor=True, **more)


@pytest.mark.parametrize("case", APPLIED, ids=map(name, APPLIED))
def test_applied(bench: Any, case: dict[str, Any]) -> None:
    before = installed()
    report = started(bench, case)
    assert report.status == "applied"
    assert report.verdict.proof.equal
    bench.check_golden(report.files, name(case))
    made = {Path(it.path).name for it in report.files if it.before is None}
    assert made == set(case["copies"])
    for file in made:
        assert (
            f"# Copied from {'zoohub' if file == 'tiny.py' else 'blockzoo'}/{file}" in (bench.folder / file).read_text()
        )
    written = bench.bytes()
    path = bench.folder / Path(case["model"]).name
    assert bench.run(case["rule"], path, case["call"], SHAPE, vendor=True).status == "unchanged"
    assert bench.bytes() == written
    assert installed() == before


@pytest.mark.parametrize("case", REFUSED, ids=map(name, REFUSED))
def test_refused(bench: Any, case: dict[str, Any]) -> None:
    report = started(bench, case)
    assert report.status == "refused"
    assert {it.code for outcome in report.plan.rules for it in outcome.refused} == set(case["refused"])
    bench.check_untouched()


def test_a_model_out_of_a_registry_is_out_of_reach(bench: Any) -> None:
    (case,) = [case for case in CASES if "error" in case]
    with pytest.raises(TargetError) as caught:
        started(bench, case)
    assert caught.value.code == case["error"]
    assert caught.value.hint
    bench.check_untouched()


def test_what_needs_no_library_is_changed_without_copies(bench: Any) -> None:
    path = bench.copy(FOLDER / "library" / "models" / "direct.py")
    report = bench.run("gated-residuals", path, "Net", SHAPE, vendor=True)
    assert report.status == "applied"
    assert [Path(it.path).name for it in report.files] == ["direct.py"]


def test_a_copy_that_was_changed_is_not_used_for_another_model(bench: Any) -> None:
    started(bench, APPLIED[3])
    tiny = (bench.folder / "tiny.py").read_bytes()
    source = (FOLDER / "vendor" / "own.py").read_text()
    other = bench.write("other.py", source)
    with pytest.raises(TargetError) as caught:
        bench.run("relu-to-gelu", other, "Net", SHAPE, vendor=True)
    assert caught.value.code == "T224"
    assert (bench.folder / "tiny.py").read_bytes() == tiny


def test_a_copy_that_is_as_new_is_used_again(bench: Any) -> None:
    bench.write("own.py", (FOLDER / "vendor" / "own.py").read_bytes())
    report = bench.run("relu-to-gelu", bench.folder / "own.py", "Net", SHAPE, vendor=True, write=False)
    new = next(it.after for it in report.files if it.before is None)
    copied = bench.write("tiny.py", new.replace(b"nn.GELU()", b"nn.ReLU()"))
    report = bench.run("relu-to-gelu", bench.folder / "own.py", "Net", SHAPE, vendor=True)
    assert report.status == "applied"
    assert {Path(it.path).name for it in report.files} == {"own.py", "tiny.py"}
    assert copied.read_bytes() == new


def test_a_taken_name_is_left_alone(bench: Any) -> None:
    taken = bench.write("tiny.py", "answer = 42\n")
    report = started(bench, APPLIED[3])
    assert report.status == "applied"
    assert taken.read_text() == "answer = 42\n"
    assert "from zoohub_tiny import tiny" in (bench.folder / "own.py").read_text()


def test_in_a_package_copies_are_imported_relatively(bench: Any) -> None:
    bench.write("pack/__init__.py", "")
    path = bench.write("pack/own.py", (FOLDER / "vendor" / "own.py").read_bytes())
    report = bench.run("relu-to-gelu", path, "Net", SHAPE, vendor=True)
    assert report.status == "applied"
    assert "from .tiny import tiny" in path.read_text()
    copied = (bench.folder / "pack" / "tiny.py").read_text()
    assert copied.startswith("#!/usr/bin/env python\n# -*- coding: utf-8 -*-\n# Copied from zoohub/tiny.py")
    assert "from zoohub import registry\n" in copied
    assert "        from zoohub.parts import twice\n" in copied
    assert "register_model" not in copied
    assert any("without @register_model" in it for it in report.notes)


OWN = """import importlib

from torch import nn
{imports}

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = {made}

    def forward(self, x):
        return self.body(x)
"""


UNUSED = """

def unused():
    from zoohub import tiny

    return tiny()
"""


@pytest.mark.parametrize(
    ("imports", "made", "code"),
    [
        ("", "importlib.import_module('zoohub').tiny()", "T223"),
        (UNUSED, "importlib.import_module('zoohub').tiny()", "T225"),
        ("from helper import build", "build()", "T222"),
        ("import zoohub, math", "zoohub.tiny()", None),
        ("import zoohub\n\ntiny = zoohub_tiny = None", "zoohub.tiny()", "T221"),
        ("import blockzoo.blocks as one, math", "one.BasicBlock(3, 3)", "T221"),
        ("import blockzoo.blocks as one", "one.BasicBlock(3, 3)", None),
    ],
)
def test_imports_that_copies_can_and_cannot_follow(bench: Any, imports: str, made: str, code: str | None) -> None:
    helper = "from zoohub import tiny\n\n\ndef build():\n    return tiny()\n"
    bench.write("helper.py", helper)
    bench.write("another.py", "import helper\n")
    path = bench.write("net.py", OWN.format(imports=imports, made=made))
    if code is None:
        assert bench.run("relu-to-gelu", path, "Net", SHAPE, vendor=True).status == "applied"
        return
    with pytest.raises(TargetError) as caught:
        bench.run("relu-to-gelu", path, "Net", SHAPE, vendor=True)
    assert caught.value.code == code, caught.value
    assert caught.value.hint
    bench.check_untouched()


def test_every_patch_is_used() -> None:
    stored = {it.name for it in (FOLDER / "patches").glob("vendor-*")}
    assert stored == {f"{name(case)}.patch" for case in APPLIED}
