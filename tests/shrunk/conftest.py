"""A model that would take 131 GB, changed by the whole of mutagen."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mutagen.api import Options, run
from mutagen.records.result import Report
from mutagen.sandbox.runner import Host

NET = """\
import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.up = nn.Linear(width, 4 * width)
        self.act = nn.ReLU()
        self.down = nn.Linear(4 * width, width)

    def forward(self, x):
        return x + self.down(self.act(self.up(self.norm(x))))


class Net(nn.Module):
    def __init__(self, width=18432, depth=12, deep=True):
        super().__init__()
        self.embed = nn.Embedding(100, width)
        self.blocks = nn.ModuleList(Block(width) for _ in range(depth))
        self.last = nn.ReLU() if deep else nn.Identity()
        self.head = nn.Linear(width, 10)

    def forward(self, ids):
        x = self.embed(ids)
        for block in self.blocks:
            x = block(x)
        return self.head(self.last(x).mean(1))
"""
GELU = "version: 1\nrules:\n  - {id: gelu, match: %s, replace: {with: gelu}}\n"
LIMIT = 4 << 30


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with Host(memory_bytes=LIMIT) as host:
        yield host


class Shop:
    """A folder with ``net.py``; ``apply`` changes it by a rule that replaces ReLUs that ``match`` selects."""

    def __init__(self, folder: Path, host: Host) -> None:
        self.file = folder / "net.py"
        self.file.write_text(NET)
        self._rules = folder / "rules.yaml"
        self._host = host

    def edit(self, old: str, new: str) -> None:
        text = self.file.read_text()
        assert old in text
        self.file.write_text(text.replace(old, textwrap.dedent(new)))

    def apply(self, match: str = "{op: relu}", **more: object) -> Report:
        self._rules.write_text(match if "version" in match else GELU % match)
        self._host.end_sessions()
        options = Options(str(self._rules), str(self.file), model="Net()", inputs=("1x8:int64",), memory=LIMIT)
        return run(replace(options, **more), self._host)  # type: ignore[arg-type]

    @property
    def text(self) -> str:
        return self.file.read_text()


@pytest.fixture
def shop(tmp_path: Path, host: Host) -> Shop:
    return Shop(tmp_path, host)
