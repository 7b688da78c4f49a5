"""What the tool writes, beside what the owner of the file would have typed.

The patches were written by hand before the tool was run on these models. ``same`` is the goal. ``equal-but`` names each
difference: ``instead`` texts that the tool writes in the place of others, ``spared`` lines that it does without,
``moved`` for a block that stands elsewhere; but for these the results must be the same. ``other-way`` is a ``rung`` by
which as few ``lines`` are added to the owner's code, and says why the owner's is not taken.
"""

from __future__ import annotations

import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from mutagen.api import Options, run
from mutagen.records.result import Report
from mutagen.sandbox.runner import Host

FOLDER = Path(__file__).parent
CASES = tomllib.loads((FOLDER / "cases.toml").read_text())["case"]


def name_of(case: dict[str, Any]) -> str:
    return f"{case['model']}--{case['rule']}"


def by_hand(path: Path, case: dict[str, Any]) -> str:
    """The file as the owner leaves it; the file itself stays."""
    before = path.read_bytes()
    subprocess.run(["git", "init", "-q", str(path.parent)], check=True, capture_output=True)
    patch = FOLDER / "patches" / f"{name_of(case)}.patch"
    subprocess.run(["git", "apply", "--whitespace=nowarn", str(patch)], cwd=path.parent, check=True)
    after = path.read_text()
    path.write_bytes(before)
    return after


def applied(path: Path, case: dict[str, Any], host: Host) -> Report:
    own = FOLDER / "rules" / f"{case['rule']}.yaml"
    rules = str(own) if own.exists() else case["rule"]
    try:
        return run(Options(rules=rules, target=str(path), model=case["call"], inputs=(case["input"],)), host)
    finally:
        host.end_sessions()


def allowed(hand: str, case: dict[str, Any]) -> str:
    """What was typed by hand, with the differences that the case names; each must be one."""
    for old, new in case.get("instead", {}).items():
        assert old in hand
        hand = hand.replace(old, new)
    for line in case.get("spared", ()):
        assert f"{line}\n" in hand
        hand = hand.replace(f"{line}\n", "", 1)
    return hand


@pytest.mark.parametrize("case", CASES, ids=[name_of(case) for case in CASES])
def test_as_typed_by_hand(tmp_path: Path, host: Host, case: dict[str, Any]) -> None:
    path = tmp_path / f"{case['model']}.py"
    shutil.copy(FOLDER / "models" / path.name, path)
    hand = by_hand(path, case)
    report = applied(path, case, host)
    tool = path.read_text()
    refused = {it.code for rule in report.plan.rules for it in rule.refused}
    assert report.status == "applied", refused
    if case["outcome"] == "same":
        assert tool == hand
        return
    assert tool != hand
    assert case["why"]
    if case["outcome"] == "equal-but":
        assert_equal_but(tool, hand, case)
    else:
        assert case["outcome"] == "other-way"
        assert {it.rung for it in report.plan.edits} == {case["rung"]}
        assert sum(it.new.strip().count("\n") + 1 for it in report.plan.edits) <= case["lines"]


def assert_equal_but(tool: str, hand: str, case: dict[str, Any]) -> None:
    wanted = allowed(hand, case)
    if case.get("moved"):
        assert sorted(tool.splitlines()) == sorted(wanted.splitlines())
    else:
        assert tool == wanted


def test_every_model_and_patch_has_a_case() -> None:
    assert {it.stem for it in (FOLDER / "models").glob("*.py")} == {case["model"] for case in CASES}
    assert {it.stem for it in (FOLDER / "patches").glob("*.patch")} == {name_of(case) for case in CASES}


def test_most_are_the_same() -> None:
    same = [case for case in CASES if case["outcome"] == "same"]
    assert len({case["model"] for case in CASES}) == 20
    assert len(same) >= 0.8 * len(CASES)
