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


def test_the_second_attempt_starts_from_the_buffers_as_built(tmp_path: Path) -> None:
    """Only one of the norms is replaced: the statistics of the other are compared with those that it was built with."""
    file = tmp_path / "net.py"
    claim = "isinstance(self.body, nn.Conv2d)"
    wide = SOURCE.replace("CLAIM", claim).replace("3, 8, 3", "3, 16, 3").replace("8, 8, 3", "16, 16, 3")
    file.write_text(wide.replace("BatchNorm2d(8)", "BatchNorm2d(16)"))
    report = run(Options(rules="conv-to-dsc", target=str(file), inputs=("1x3x32x32",)))
    assert (report.status, report.failure) == ("applied", "")
    assert any("cannot be built: AssertionError" in note for note in report.plan.notes)


def test_what_forward_asks_of_the_old_module_is_refused_with_the_line(tmp_path: Path) -> None:
    file = tmp_path / "net.py"
    text = SOURCE.replace("        assert CLAIM\n", "").replace("8", "16")
    file.write_text(text.replace("x + self.body(x)", 'x + self.body(x) * (1 + getattr(self.body, "transposed"))'))
    report = run(Options(rules="conv-to-dsc", target=str(file), inputs=("1x3x32x32",)))
    (refusal,) = report.plan.rules[0].refused
    assert (report.status, refusal.code, refusal.path) == ("refused", "breaks-code", "body")
    assert "has no attribute 'transposed'" in refusal.message
    assert refusal.where is not None and refusal.where.line == 13


WATCHED = """\
import torch.nn as nn


def conv(width):
    return nn.Conv2d(width, width, 3, padding=1)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.one = conv(16)
        self.two = __import__("torch").nn.Conv2d(16, 16, 3, padding=1)
        self.kept = []
        WATCH

    def forward(self, x):
        return self.two(self.one(x))
"""


def test_what_others_hung_on_a_module_is_not_lost(tmp_path: Path) -> None:
    """A module that is exchanged when all is built would lose its hooks and what was put on it."""
    file = tmp_path / "net.py"
    for watch in ("self.two.register_forward_hook(lambda m, i, o: self.kept.append(o))", "self.two.stage = 4"):
        file.write_text(WATCHED.replace("WATCH", watch))
        report = run(Options(rules="conv-to-dsc", target=str(file), inputs=("1x16x32x32",)))
        assert [it.path for it in report.plan.rules[0].refused] == ["two"]
    file.write_text(WATCHED.replace("        WATCH\n", ""))
    assert run(Options(rules="conv-to-dsc", target=str(file), inputs=("1x16x32x32",))).status == "applied"
