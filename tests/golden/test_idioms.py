"""Ways in which models are written: applied with a golden patch, or refused with a code and nothing written."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent
CASES = tomllib.loads((FOLDER / "idioms.toml").read_text())["case"]
APPLIED = [(case, rule) for case in CASES for rule in case.get("applied", ())]
REFUSED = [(case, rule, code) for case in CASES for rule, code in case.get("refused", {}).items()]


def place(case: dict[str, Any]) -> Path:
    """The fixture of a case: a file, or a folder that is a package."""
    file = FOLDER / "idioms" / f"{case['model']}.py"
    return file if file.exists() else file.with_suffix("")


def target(copied: Path) -> Path:
    return copied if copied.is_file() else copied / "net.py"


def shapes(case: dict[str, Any]) -> tuple[str, ...]:
    return tuple(case.get("inputs", ["1x3x16x16"]))


@pytest.mark.parametrize(("case", "rule"), APPLIED, ids=[f"{case['model']}-{rule}" for case, rule in APPLIED])
def test_applied(bench: Any, case: dict[str, Any], rule: str) -> None:
    path = target(bench.copy(place(case)))
    bench.check_applied(bench.run(rule, path, "Net", shapes(case)), f"idiom-{case['model']}--{rule}")
    written = bench.bytes()
    assert bench.run(rule, path, "Net", shapes(case)).status == "unchanged"
    assert bench.bytes() == written


@pytest.mark.parametrize(
    ("case", "rule", "code"), REFUSED, ids=[f"{case['model']}-{rule}-{code}" for case, rule, code in REFUSED]
)
def test_refused(bench: Any, case: dict[str, Any], rule: str, code: str) -> None:
    path = target(bench.copy(place(case)))
    report = bench.run(rule, path, "Net", shapes(case))
    refusals = [it for outcome in report.plan.rules for it in outcome.refused]
    assert report.status == "refused"
    assert {it.code for it in refusals} == {code}
    assert all(it.where is not None and it.where.file in bench.original and it.advice for it in refusals)
    bench.check_untouched()


def test_every_idiom_is_used() -> None:
    there = {it.stem for it in (FOLDER / "idioms").iterdir() if it.name != "__pycache__"}
    assert there == {case["model"] for case in CASES}
    stored = {it.name for it in (FOLDER / "patches").glob("idiom-*")}
    assert stored == {f"idiom-{case['model']}--{rule}.patch" for case, rule in APPLIED}
