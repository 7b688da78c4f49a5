"""Runs the real command line in a folder of its own and tells what it said and what it left behind."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mutagen.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
SHAPE = ("--input", "1x3x8x8")
NET = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, width=4):
        super().__init__()
        self.conv = nn.Conv2d(3, width, 3)
        self.act = nn.ReLU()

    def forward(self, x):
        return self.act(self.conv(x))
"""


@dataclass(frozen=True)
class Done:
    """A finished command; ``left`` are files that were not there before, in the folder or the temporary one."""

    code: int
    out: str
    err: str
    changed: tuple[str, ...]
    left: tuple[str, ...]

    def refuse(self, code: str, place: str = "", *, hint: str = "", clean: bool = True) -> None:
        """Check all that holds for every error of the user: exit code, code, place, cure, nothing touched."""
        assert self.code == 2, self
        assert f"error[{code}]: " in self.err, self.err
        assert place in re.findall(r"^ *--> (.*)$", self.err, re.MULTILINE) if place else "-->" not in self.err, (
            self.err
        )
        assert re.search(r"^ *help: .*\w", self.err, re.MULTILINE) and hint in self.err, self.err
        self.be_calm()
        if clean:
            assert (self.out, self.changed, self.left) == ("", (), ())

    def be_calm(self) -> None:
        """No traceback of mutagen, no frame of its files, no talk of a bug."""
        assert not re.search(r"^Traceback|mutagen/\w+/\w+\.py|bug in mutagen", self.out + self.err, re.MULTILINE), self


@dataclass(frozen=True)
class Desk:
    """A folder with ``net.py``, a temporary folder, and the environment for commands."""

    folder: Path
    temp: Path
    extra: dict[str, str] = field(default_factory=dict)

    def write(self, name: str, text: str) -> str:
        """Write a file of the folder; returns its name."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
        return name

    def net(self, name: str, first: str) -> str:
        """The model with something in front of it."""
        return self.write(name, f"{first}\n{NET}")

    def environment(self) -> dict[str, str]:
        """As a user has it, with a temporary folder that nobody else uses."""
        path = os.pathsep.join([*filter(None, [self.extra.get("PYTHONPATH")]), str(ROOT)])
        own = {"OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": str(self.temp), "COLUMNS": "100"}
        return {**os.environ, **own, **self.extra, "PYTHONPATH": path}

    def start(self, *arguments: str, stdout: int = subprocess.PIPE) -> subprocess.Popen[str]:
        """Start a command and do not wait for it."""
        return subprocess.Popen(
            [sys.executable, "-m", "mutagen", *arguments],
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.folder,
            env=self.environment(),
        )

    def finish(self, running: subprocess.Popen[str], before: Mapping[str, bytes]) -> Done:
        """Wait for a command; ``before`` is what was there when it began."""
        out, err = running.communicate(timeout=100)
        after = self.files()
        changed = tuple(name for name, data in before.items() if after.get(name) != data)
        return Done(running.returncode, out, err, changed, tuple(sorted(after.keys() - before.keys())))

    def run(self, *arguments: str) -> Done:
        """Run a command to its end."""
        before = self.files()
        return self.finish(self.start(*arguments), before)

    def apply(self, target: str, *arguments: str, rules: str = "relu-to-gelu") -> Done:
        """Run ``mutagen apply``."""
        return self.run("apply", rules, target, *arguments)

    def quick(self, target: str, *arguments: str, rules: str = "relu-to-gelu") -> Done:
        """Run ``mutagen apply`` in this process, for what ends before a model is built."""
        before, out, err = self.files(), io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.chdir(self.folder)
            patch.setattr(tempfile, "tempdir", str(self.temp))
            code = main(["apply", rules, target, *arguments])
        after = self.files()
        changed = tuple(name for name, data in before.items() if after.get(name) != data)
        return Done(code, out.getvalue(), err.getvalue(), changed, tuple(sorted(after.keys() - before.keys())))

    def files(self) -> dict[str, bytes]:
        """All files of both folders, folders with no content."""
        found = [path for top in (self.folder, self.temp) for path in top.rglob("*")]
        top = self.folder.parent
        return {str(path.relative_to(top)): b"" if path.is_dir() else path.read_bytes() for path in found}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path / "project", tmp_path / "temp")
    desk.folder.mkdir()
    desk.temp.mkdir()
    desk.write("net.py", NET)
    return desk


@pytest.fixture
def shape() -> tuple[str, ...]:
    return SHAPE
