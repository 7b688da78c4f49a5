"""A command line in a warm process answers, prints and fails as in a process of its own."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from corpus.command import Answer, apply
from corpus.warm import Warm

SOURCE = "import torch.nn as nn\n\n\ndef net():\n    return nn.Sequential(nn.Conv2d(16, 16, 3), nn.BatchNorm2d(16))\n"


def answer(arguments: list[str], folder: Path, warm: Warm | None, *, timeout: float = 120.0) -> Answer:
    target = [str(folder / "tinynet.py"), "--model", "net()", "--input", "1x16x8x8"]
    return apply([*arguments, *target], roots=(str(folder),), timeout=timeout, warm=warm)


@pytest.mark.parametrize(("rule", "code"), [("bn-to-gn", 0), ("gated-residuals", 2), ("no-such-rule", 2)])
def test_the_same_answer(rule: str, code: int, tmp_path: Path) -> None:
    found = []
    source = tmp_path / "tinynet.py"
    with Warm() as warm:
        for way in (None, warm):
            source.write_text(SOURCE)
            before = Path.cwd(), os.environ.copy()
            one = answer([rule], tmp_path, way)
            assert (Path.cwd(), os.environ.copy()) == before
            report = {name: value for name, value in one.report.items() if name not in {"timing", "report_id"}}
            found.append((one.code, report, one.errors, source.read_text()))
    assert found[0] == found[1]
    assert found[0][0] == code
    assert ("GroupNorm" in found[0][3]) is (code == 0)


def test_a_command_that_takes_too_long_is_ended_and_the_next_one_runs(tmp_path: Path) -> None:
    source = tmp_path / "tinynet.py"
    with Warm() as warm:
        source.write_text("import time\ntime.sleep(60)\n")
        assert answer(["bn-to-gn"], tmp_path, warm, timeout=2.0).code is None
        source.write_text(SOURCE)
        assert answer(["bn-to-gn", "--check"], tmp_path, warm).code == 1
