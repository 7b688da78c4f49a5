from __future__ import annotations

from pathlib import Path

import pytest

from mutagen.records.plan import Edit, Plan, Refusal, RulePlan
from mutagen.records.result import Case, Check, Counts, FileChange, Proof, Report, Verdict, Weights
from mutagen.records.span import Span
from mutagen.records.target import Call


@pytest.fixture
def report(tmp_path: Path) -> Report:
    """An applied report: two sites in one file, four cases, one refusal that the rule allows."""
    file = str(tmp_path / "pkg" / "model.py")
    first, second = Span(file, 12, 8, 12, 30), Span(file, 20, 4, 21, 9)
    plan = Plan(
        schema_version=1,
        file=file,
        call=Call("Net"),
        inputs=(),
        hashes={file: "00"},
        edits=(
            Edit(first, "nn.Conv2d(a, b, 3)", "Dsc(a, b, 3)", "dsc", "site", "all are selected", ("l.0", "l.1")),
            Edit(second, "", "self.eca = ECA(\n    planes)\n", "eca", "forward", "beside the branch", ("l",)),
        ),
        rules=(
            RulePlan(
                "dsc",
                matched=("l.0", "l.1", "m"),
                planned=("l.0", "l.1"),
                refused=(
                    Refusal(
                        "dsc", "m", "in-library", "it stands in a library", "leave it out", Span("/x.py", 1, 0, 1, 2)
                    ),
                ),
                sites=(f"{file}:12:9",),
            ),
            RulePlan("eca", matched=("l",), planned=("l",), sites=(f"{file}:20:5",)),
        ),
    )
    cases = tuple(Case("eval", ((2, 3, 8, 8),), equal=True, max_abs_diff=0.0) for _ in range(4))
    verdict = Verdict(
        proof=Proof(equal=True, bit_equal=True, max_abs_diff=0.0, cases=cases),
        checks=(Check("second run", "pass", "plans nothing"),),
        counts=Counts((1_000_000, 1_012_288), (10, 10), (5_000, 4_000), {"fft": 2}),
        weights=Weights(
            tuple(f"k{i}" for i in range(120)), {"conv.weight": "conv.0.weight"}, ("eca.weight",), ("old",)
        ),
    )
    return Report(
        status="applied",
        plan=plan,
        trace_method="fx",
        nodes=69,
        modules=68,
        files=(FileChange(file, b"a\nb\n", b"a\nc\nd\n"),),
        verdict=verdict,
        timing={"trace": 0.12345, "verify": 1.0},
    )
