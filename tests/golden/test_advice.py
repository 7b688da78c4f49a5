"""Refusals whose advice is followed: what was refused is applied then."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent
CASES = tomllib.loads((FOLDER / "advice.toml").read_text())["case"]
SHAPES = {
    case["model"]: case["inputs"]
    for case in tomllib.loads((FOLDER / "idioms.toml").read_text())["case"]
    if "inputs" in case
}


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_advice_works(bench: Any, case: dict[str, Any]) -> None:
    path = bench.copy(FOLDER / "idioms" / f"{case['model']}.py")
    shapes = tuple(SHAPES.get(case["model"], ["1x3x16x16"]))
    refused = bench.run(case["rule"], path, "Net", shapes)
    found = [it for outcome in refused.plan.rules for it in outcome.refused]
    assert refused.status == "refused" and {it.code for it in found} == {case["code"]}
    assert all(case["says"] in it.advice for it in found[:1])
    rules = case["rule"]
    for old, new in case.get("follow", ()):
        text = path.read_text()
        assert text.count(old) == 1, old
        path.write_text(text.replace(old, new))
    if "rule_text" in case:
        rules = str(path.with_name("rule.yaml"))
        Path(rules).write_text(case["rule_text"])
    report = bench.run(rules, path, "Net", shapes)
    assert report.status == "applied", [
        (it.code, it.message) for outcome in report.plan.rules for it in outcome.refused
    ]
    assert report.verdict is not None and report.verdict.proof.equal
    assert bench.run(rules, path, "Net", shapes).status == "unchanged"


def test_at_least_ten_are_tried() -> None:
    assert len(CASES) >= 10
    assert len({case["code"] for case in CASES}) >= 7
