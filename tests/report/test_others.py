from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from mutagen.records.collateral import Changed, Collateral, Swap
from mutagen.records.result import Report
from mutagen.report.others import lines

NORMS = Changed((100, 100), (Swap("BatchNorm2d", "GroupNorm", 16),))
BLOCKS = Changed((1000, 1024), (Swap(None, "ECA", 8), Swap("SE", None, 1)))


def test_models_with_the_same_change_share_a_line(report: Report, tmp_path: Path) -> None:
    told = replace(
        report,
        collateral=(
            Collateral("resnet34", "m.py", True, True, NORMS),
            Collateral("resnet50", "m.py", True, True, BLOCKS),
            Collateral("resnet101", "m.py", True, True, NORMS),
            Collateral("vgg11", "m.py", True, True),
            Collateral("big", "m.py", None, None, note="big took longer than 10 s"),
            Collateral("far", "m.py", False, None, note="far(...) cannot be built"),
        ),
        importers={str(tmp_path / "m.py"): tuple(str(tmp_path / f"train{n}.py") for n in range(6))},
    )
    assert list(lines(told, root=tmp_path)) == [
        "also changed: resnet34, resnet101: 16 BatchNorm2d → GroupNorm",
        "also changed: resnet50: 8 new ECA, 1 SE gone, +24 (+2.40 %) parameters",
        "unchanged: vgg11",
        "not compared: big: big took longer than 10 s",
        "not compared: far: far(...) cannot be built",
        "m.py is imported by train0.py, train1.py, train2.py, train3.py and 2 more",
    ]
    assert list(lines(told, root=tmp_path, full=True))[-1].endswith("train4.py, train5.py")


def test_nothing_to_say(report: Report, tmp_path: Path) -> None:
    assert list(lines(report, root=tmp_path)) == []
