"""Rules whose matches combine tests, on the samples."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent
SAMPLES = FOLDER.parents[1] / "samples"
CASES = tomllib.loads((FOLDER / "matches.toml").read_text())["case"]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_applied(bench: Any, case: dict[str, Any]) -> None:
    path = bench.copy(SAMPLES / case["target"])
    rules = bench.folder / "rules.yaml"
    rules.write_text(case["rules"])
    report = bench.run(str(rules), path, case["model"], (case["input"],))
    assert report.plan.rules[-1].explanation == case["words"]
    bench.check_applied(report, f"match-{case['name']}")
    written = bench.bytes()
    again = bench.run(str(rules), path, case["model"], (case["input"],))
    assert again.status == "unchanged"
    assert bench.bytes() == written


def test_every_patch_has_a_case() -> None:
    assert {it.stem for it in (FOLDER / "patches").glob("match-*")} == {f"match-{case['name']}" for case in CASES}
