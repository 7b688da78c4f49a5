"""Code that asks for the class of what is replaced is told of, each with its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

FILE = Path(__file__).parent / "idioms" / "norm_groups.py"
TOLD = {
    "bn-to-gn": [
        ("isinstance(m, nn.BatchNorm2d):\n            m.momentum", "no longer holds for the 2 modules that become"),
        ("isinstance(m, (nn.BatchNorm2d, nn.LayerNorm))", "no longer holds for the 2 modules that become GroupNorm"),
        ('classname.find("BatchNorm")', "no longer holds for the 2 modules that become GroupNorm"),
    ],
    "conv-to-dsc": [('classname.find("Conv")', "holds for DepthwiseSeparableConv2d too, which lacks what is read")],
    "relu-to-gelu": [],
}


@pytest.mark.parametrize("rule", TOLD)
def test_questions_after_the_class(bench: Any, rule: str) -> None:
    path = bench.copy(FILE)
    report = bench.run(rule, path, "Net", ("1x3x16x16",), write=False)
    assert report.status == "would_change"
    text = FILE.read_text()
    for note, (place, words) in zip(report.plan.notes, TOLD[rule], strict=True):
        line = text[: text.index(place)].count("\n") + 1
        assert note.startswith(f"{path}:{line}: `{place.partition(':')[0]}` {words}")
