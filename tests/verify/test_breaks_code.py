"""Code of the user that relies on what is replaced: the change comes when all is built, or is refused with its line."""

from __future__ import annotations

from pathlib import Path

from mutagen.api import Options, run
from mutagen.records.result import Report

SOURCE = """\
import torch.nn as nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.bn = nn.BatchNorm2d(8)
        self.body = nn.Conv2d(8, 8, 3, padding=1)
        assert CLAIM

    def forward(self, x):
        x = self.bn(self.conv(x))
        return x + self.body(x)
"""


def applied(folder: Path, rule: str, claim: str) -> tuple[Report, str]:
    file = folder / "net.py"
    file.write_text(SOURCE.replace("CLAIM", claim))
    report = run(Options(rules=rule, target=str(file), inputs=("1x3x32x32",)))
    return report, file.read_text()


def test_a_replacement_comes_behind_the_assertion(tmp_path: Path) -> None:
    report, text = applied(tmp_path, "bn-to-gn", "isinstance(self.bn, nn.BatchNorm2d)")
    assert report.status == "applied" and report.verdict is not None and report.verdict.proof.equal
    assert any("cannot be built: AssertionError" in note for note in report.plan.notes)
    assert (
        "        assert isinstance(self.bn, nn.BatchNorm2d)\n        if isinstance(self.bn, nn.BatchNorm2d):\n" in text
    )
    again = run(Options(rules="bn-to-gn", target=str(tmp_path / "net.py"), inputs=("1x3x32x32",)))
    assert again.status == "unchanged"


def test_an_insertion_is_refused_with_the_line(tmp_path: Path) -> None:
    report, text = applied(tmp_path, "gated-residuals", "len(list(self.children())) == 3")
    (refusal,) = report.plan.rules[0].refused
    assert (report.status, refusal.code, refusal.path) == ("refused", "breaks-code", "")
    assert refusal.where is not None and refusal.where.line == 10
    assert "layer_scale" not in text
