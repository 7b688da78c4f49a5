"""Rules that speak of modules one by one: arguments that are set, blocks that stand before or behind them."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent
CASES = tomllib.loads((FOLDER / "modules.toml").read_text())["case"]
APPLIED = [case for case in CASES if "refused" not in case]
REFUSED = [case for case in CASES if "refused" in case]


def _rules(bench: Any, case: dict[str, Any]) -> str:
    text = f"version: 1\nrules:\n  - id: {case['name']}\n    match: {case['match']}\n    {case['action']}\n"
    place = bench.folder / "rule.yaml"
    place.write_text(text)
    return str(place)


def _file(case: dict[str, Any]) -> Path:
    if "sample" in case:
        return FOLDER.parents[1] / "samples" / f"{case['sample']}.py"
    return FOLDER / "modules" / f"{case['model']}.py"


@pytest.mark.parametrize("case", APPLIED, ids=[case["name"] for case in APPLIED])
def test_applied(bench: Any, case: dict[str, Any]) -> None:
    path = bench.copy(_file(case))
    call, shape = case.get("call", "Net"), (case.get("input", "1x3x16x16"),)
    report = bench.run(_rules(bench, case), path, call, shape)
    bench.check_applied(report, f"module-{case['name']}")
    assert len(report.verdict.weights.moved) == case.get("moved", 0)
    if not case.get("lost") and not any(word in case["action"] for word in ("kernel_size", "bias")):
        assert report.verdict.weights.lost == ()
    written = bench.bytes()
    assert bench.run(_rules(bench, case), path, call, shape).status == "unchanged"
    assert bench.bytes() == written


@pytest.mark.parametrize("case", REFUSED, ids=[case["name"] for case in REFUSED])
def test_refused(bench: Any, case: dict[str, Any]) -> None:
    path = bench.copy(_file(case))
    report = bench.run(_rules(bench, case), path, "Net", ("1x3x16x16",))
    refusals = [it for outcome in report.plan.rules for it in outcome.refused]
    assert report.status == "refused"
    assert {it.code for it in refusals} == {case["refused"]}
    assert all(it.where is not None and it.where.file == str(path) and it.advice for it in refusals)
    bench.check_untouched()


def test_every_file_is_used() -> None:
    assert {it.stem for it in (FOLDER / "modules").glob("*.py")} == {case["model"] for case in CASES if "model" in case}
    stored = {it.stem for it in (FOLDER / "patches").glob("module-*")}
    assert stored == {f"module-{case['name']}" for case in APPLIED}
