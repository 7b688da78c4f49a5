"""Code of the user's that relies on what is replaced refuses the edit, with its line."""

from __future__ import annotations

from pathlib import Path

from mutagen.api import Options, run

SOURCE = """\
import torch.nn as nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.bn = nn.BatchNorm2d(8)
        assert isinstance(self.bn, nn.BatchNorm2d)

    def forward(self, x):
        return self.bn(self.conv(x))
"""


def test_assertion_on_the_old_class(tmp_path: Path) -> None:
    file = tmp_path / "net.py"
    file.write_text(SOURCE)
    report = run(Options(rules="bn-to-gn", target=str(file), inputs=("1x3x32x32",)))
    (refusal,) = report.plan.rules[0].refused
    assert (report.status, refusal.code, refusal.path) == ("refused", "breaks-code", "bn")
    assert refusal.where is not None and refusal.where.line == 9
    assert file.read_text() == SOURCE
