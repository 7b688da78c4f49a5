from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from mutagen.records.collateral import Changed, Collateral, Swap
from mutagen.records.result import Case, Proof, Report
from mutagen.report.json import render, render_all


def test_every_key_and_value_of_the_schema(report: Report, tmp_path: Path) -> None:
    file = str(tmp_path / "pkg/model.py")
    changed = Changed((10, 12), (Swap(None, "ECA", 2),))
    others = (
        Collateral("resnet34", file, True, True, changed),
        Collateral("big", file, None, None, note="it took longer than 10 s"),
    )
    report = replace(report, collateral=others, importers={file: (str(tmp_path / "pkg/train.py"),)})
    case = {"mode": "eval", "shapes": [[2, 3, 8, 8]], "equal": True, "max_abs_diff": 0.0, "note": ""}
    assert json.loads(render(report, root=tmp_path)) == {
        "schema_version": 1,
        "status": "applied",
        "trace": {"method": "fx", "nodes": 69, "modules": 68, "device": "cpu"},
        "rules": [
            {
                "id": "dsc",
                "matched": ["l.0", "l.1", "m"],
                "proved": ["l.0", "l.1"],
                "already": [],
                "spared": [],
                "refused": [
                    {
                        "path": "m",
                        "code": "in-library",
                        "message": "it stands in a library",
                        "advice": "leave it out",
                        "where": "/x.py:1:1",
                    }
                ],
                "sites": ["pkg/model.py:12:9"],
            },
            {
                "id": "eca",
                "matched": ["l"],
                "proved": ["l"],
                "already": [],
                "spared": [],
                "refused": [],
                "sites": ["pkg/model.py:20:5"],
            },
        ],
        "files": [
            {
                "path": "pkg/model.py",
                "edits": [
                    {"rule": "dsc", "rung": "site", "start_line": 12, "end_line": 12, "instances": ["l.0", "l.1"]},
                    {"rule": "eca", "rung": "forward", "start_line": 20, "end_line": 21, "instances": ["l"]},
                ],
                "added_lines": 2,
                "removed_lines": 1,
                "imported_by": ["pkg/train.py"],
            }
        ],
        "proof": {"equal": True, "max_abs_diff": 0.0, "cases": [case] * 4, "kind": "model", "on": None},
        "verify": {"checks": [{"name": "second run", "status": "pass", "detail": "plans nothing"}]},
        "counts": {
            "params": {"before": 1_000_000, "after": 1_012_288},
            "buffers": {"before": 10, "after": 10},
            "macs": {"before": 5_000, "after": 4_000, "uncounted": {"fft": 2}},
        },
        "weights": {
            "kept": [f"k{i}" for i in range(120)],
            "moved": ["conv.weight"],
            "new": ["eca.weight"],
            "lost": ["old"],
            "remap": {"conv.weight": "conv.0.weight"},
        },
        "collateral": [
            {
                "name": "resnet34",
                "file": "pkg/model.py",
                "built_before": True,
                "built_after": True,
                "changed": {
                    "params": {"before": 10, "after": 12},
                    "classes": [{"before": None, "after": "ECA", "count": 2}],
                },
                "note": "",
            },
            {
                "name": "big",
                "file": "pkg/model.py",
                "built_before": None,
                "built_after": None,
                "changed": None,
                "note": "it took longer than 10 s",
            },
        ],
        "notes": [],
        "failure": "",
        "claims": [],
        "timing": {"trace": 0.123, "verify": 1.0},
    }


def test_schema_version_comes_first_and_the_text_is_stable(report: Report, tmp_path: Path) -> None:
    text = render(report, root=tmp_path)
    assert text.startswith('{\n  "schema_version": 1,\n  "status"')
    assert text.endswith("}\n")
    assert text == render(report, root=tmp_path)


def test_nothing_is_proved_without_a_proof(report: Report, tmp_path: Path) -> None:
    data = json.loads(render(replace(report, status="refused", verdict=None, files=()), root=tmp_path))
    assert [rule["proved"] for rule in data["rules"]] == [[], []]
    assert (data["proof"], data["counts"], data["weights"], data["verify"]) == (None, None, None, {"checks": []})


def test_a_failed_proof_proves_nothing_and_infinity_is_null(report: Report, tmp_path: Path) -> None:
    assert report.verdict is not None
    case = Case("train", ((1,),), equal=False, max_abs_diff=float("nan"))
    proof = Proof(equal=False, bit_equal=False, max_abs_diff=float("inf"), cases=(case,))
    failed = replace(report, status="failed", verdict=replace(report.verdict, proof=proof))
    data = json.loads(render(failed, root=tmp_path))
    assert [rule["proved"] for rule in data["rules"]] == [[], []]
    assert data["proof"]["max_abs_diff"] is None
    assert data["proof"]["cases"][0]["max_abs_diff"] is None


def test_several_targets_share_one_status() -> None:
    assert json.loads(render_all([{"a": 1}, {"b": 2}], status="refused")) == {
        "schema_version": 1,
        "status": "refused",
        "reports": [{"a": 1}, {"b": 2}],
    }


def test_a_proof_on_a_smaller_configuration_says_so(report: Report, tmp_path: Path) -> None:
    assert report.verdict is not None
    proof = replace(report.verdict.proof, kind="shrunk", on="Net(2)")
    data = json.loads(
        render(replace(report, device="meta", verdict=replace(report.verdict, proof=proof)), root=tmp_path)
    )
    assert (data["proof"]["kind"], data["proof"]["on"], data["trace"]["device"]) == ("shrunk", "Net(2)", "meta")
