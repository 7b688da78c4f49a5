"""A project whose model reads a good deal while it is built, and the answer to one run on it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mutagen.api import run
from mutagen.cache.answers import known_answer
from mutagen.cache.folder import VARIABLE, answers_folder
from mutagen.records.options import Options
from mutagen.records.result import Report

FILES = {
    "pyproject.toml": "",
    "rule.yaml": "version: 1\nrules:\n  - id: gelu\n    match: {op: relu}\n    replace: {with: gelu}\n",
    "helper.py": "WIDTH = 4\n",
    "data/widths.txt": "4\n",
    "data/scale.txt": "4\n",
    "data/wide.txt": "4\n",
    "net.py": """\
import os
from pathlib import Path

import torch
from torch import nn

import helper

try:
    import optional
except ImportError:
    optional = None

HERE = Path(__file__).parent
WIDTH = int((HERE / "data" / "widths.txt").read_text())
EXTRA = os.path.exists(HERE / "data" / "extra.txt")
NAMES = sorted(os.listdir(HERE / "data"))
KIND = os.environ.get("NET_KIND", "plain")


class Net(nn.Module):
    def __init__(self, width=helper.WIDTH):
        super().__init__()
        self.conv = nn.Conv2d(3, width, 3)
        self.act = nn.ReLU()

    def forward(self, x):
        y = self.act(self.conv(x))
        return y * int((HERE / "data" / "scale.txt").read_text()) if self.training else y


def wide():
    return Net(int((HERE / "data" / "wide.txt").read_text()))
""",
}


class Desk:
    """The project; ``options`` are those of the run whose answer is kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.options = Options(
            rules=str(folder / "rule.yaml"),
            target=str(folder / "net.py"),
            model="Net()",
            inputs=("1x3x8x8",),
            write=False,
            cache=True,
        )

    def answer(self, **more: object) -> Report | None:
        """The answer that is at hand."""
        return known_answer(replace(self.options, **more))  # type: ignore[arg-type]

    @property
    def kept(self) -> list[Path]:
        return sorted(answers_folder().glob("*"))


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Desk, Report]]:
    """A project and the report of the run that was made on it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, str(tmp_path_factory.mktemp("answers") / "of" / "mine"))
        yield _ran(Desk(tmp_path_factory.mktemp("project")))


def _ran(desk: Desk) -> tuple[Desk, Report]:
    for name, text in FILES.items():
        (desk.folder / name).parent.mkdir(exist_ok=True)
        (desk.folder / name).write_text(text)
    assert "NET_KIND" not in os.environ
    report = run(desk.options)
    assert report.status == "would_change" and report.verdict is not None and report.verdict.proof.equal
    return desk, report


@pytest.fixture
def desk(ran: tuple[Desk, Report]) -> Iterator[Desk]:
    """The project, in which the answer stands before and after a test."""
    desk, _ = ran
    assert desk.answer() is not None
    before = {path: path.read_bytes() for path in desk.kept}
    yield desk
    for path in desk.kept:
        path.unlink()
    for path, data in before.items():
        path.write_bytes(data)
    assert desk.answer() is not None
