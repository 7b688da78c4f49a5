"""Several targets at a time come out as if they had been taken one after the other."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType

import pytest

from mutagen.cli.outcomes import run_all
from mutagen.errors import ClashError
from mutagen.records.options import Options
from mutagen.records.result import FileChange

ROOT = Path(__file__).resolve().parents[2]


class Part:
    def __init__(self):
        self.ended = 0

    def end(self):
        self.ended += 1


class Host:
    def __init__(self):
        self.parts = []
        self.stopped = threading.Event()

    def stop(self):
        self.stopped.set()

    def part(self, *, watched):
        self.parts.append(Part())
        return self.parts[-1]


@dataclass
class Work:
    """Stands in for ``mutagen.api``: ``meet`` runs wait for each other; every run would change its target."""

    make: object
    meet: threading.Barrier | None = None
    sources: dict = field(default_factory=dict)
    fails: set = field(default_factory=set)
    ran: list = field(default_factory=list)
    wrote: list = field(default_factory=list)

    def run(self, options, part):
        self.ran.append((options.target, options.write))
        if self.meet and not options.write:
            self.meet.wait(timeout=10)
        if options.target in self.fails and not options.write:
            raise ClashError("W005", "the file has changed")
        report = self.make("would_change", options.target)
        report = replace(report, sources=self.sources.get(options.target, ()))
        return self.written(report, options) if options.write else report

    def written(self, report, options):
        self.wrote.append(options.target)
        return replace(report, status="applied")


@pytest.fixture
def work(make_report, monkeypatch):
    work, module = Work(make_report), ModuleType("mutagen.api")
    module.run, module.written = work.run, work.written
    monkeypatch.setitem(sys.modules, "mutagen.api", module)
    return work


def options(*targets, write=True):
    return [Options(rules="r", target=target, write=write) for target in targets]


def test_they_run_at_the_same_time_and_are_written_in_order(work):
    work.meet = threading.Barrier(3)
    host = Host()
    outcomes = run_all(options("c.py", "a.py", "b.py"), host, jobs=3)
    assert [(it.target, it.status) for it in outcomes] == [(name, "applied") for name in ("c.py", "a.py", "b.py")]
    assert work.wrote == ["c.py", "a.py", "b.py"]
    assert sorted(work.ran) == [("a.py", False), ("b.py", False), ("c.py", False)]
    assert [part.ended for part in host.parts] == [1, 1, 1]


def test_one_by_one_without_the_flag(work):
    work.meet = threading.Barrier(2)  # would break if two ran without writing
    assert [it.status for it in run_all(options("a.py", "b.py"), Host(), jobs=1)] == ["applied", "applied"]
    assert work.ran == [("a.py", True), ("b.py", True)]


def test_nothing_is_written_where_nothing_is_to_be(work):
    outcomes = run_all(options("a.py", "b.py", write=False), Host(), jobs=2)
    assert [it.status for it in outcomes] == ["would_change", "would_change"] and work.wrote == []


def test_a_target_that_saw_what_another_has_changed_is_run_again(work, tmp_path):
    work.sources = {"b.py": (str(tmp_path / "a.py"),), "c.py": (str(tmp_path / "d.py"),)}
    outcomes = run_all(options("a.py", "b.py", "c.py"), Host(), jobs=2)
    assert [it.status for it in outcomes] == ["applied"] * 3
    assert work.ran[3:] == [("b.py", True)]


def test_a_target_that_failed_is_run_again_when_something_was_written(work):
    work.fails = {"a.py", "c.py"}
    outcomes = run_all(options("a.py", "b.py", "c.py"), Host(), jobs=2)
    assert [it.status for it in outcomes] == ["failed", "applied", "applied"]
    assert isinstance(outcomes[0].error, ClashError)


def test_targets_that_would_make_the_same_file(work, monkeypatch):
    made = work.make

    def make(status, name):
        report = made(status, name)
        return replace(report, files=(*report.files, FileChange("/blocks.py", None, b"")))

    work.make = make
    run_all(options("a.py", "b.py"), Host(), jobs=2)
    assert work.ran[2:] == [("b.py", True)]


def test_a_write_that_fails_is_the_outcome_of_its_target_alone(work, monkeypatch):
    good = work.written

    def written(report, options):
        if options.target == "a.py":
            raise ClashError("W005", "the file has changed")
        return good(report, options)

    sys.modules["mutagen.api"].written = written
    assert [it.status for it in run_all(options("a.py", "b.py"), Host(), jobs=2)] == ["failed", "applied"]


def test_an_interrupt_ends_what_is_at_work(work, monkeypatch):
    host, begun = Host(), threading.Event()

    def run(options, part):
        if options.target == "a.py":
            begun.set()
            assert host.stopped.wait(timeout=10)
            raise ClashError("E207", "closed")
        assert begun.wait(timeout=10)
        raise KeyboardInterrupt

    sys.modules["mutagen.api"].run = run
    with pytest.raises(KeyboardInterrupt):
        run_all(options("b.py", "a.py", "c.py"), host, jobs=2)
    assert host.stopped.is_set()


NET = """\
{first}
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.act = nn.Conv2d(3, {width}, 3), nn.ReLU()

    def forward(self, x):
        return self.act(self.conv(x))
"""


def test_real_targets(tmp_path):
    names = [f"net{width}.py" for width in (4, 5, 6)]
    for width, name in zip((4, 5, 6), names, strict=True):
        (tmp_path / name).write_text(NET.format(width=width, first=""))
    command = [sys.executable, "-m", "mutagen", "apply", "relu-to-gelu", *names, "--input", "1x3x8x8", "-j", "2"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    places = [done.stdout.index(name) for name in names]
    assert places == sorted(places)
    assert all("nn.GELU()" in (tmp_path / name).read_text() for name in names)


def _is_there(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_an_interrupted_command_ends_all_that_it_began(tmp_path):
    slow = "import os, time\nopen(os.environ['BEGUN'] + '/' + str(os.getpid()), 'w').close()\ntime.sleep(60)"
    (tmp_path / "begun").mkdir()
    for name in ("a.py", "b.py", "c.py"):
        (tmp_path / name).write_text(NET.format(width=4, first=slow))
    command = [sys.executable, "-m", "mutagen", "apply", "relu-to-gelu", "a.py", "b.py", "c.py", "-j", "2"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "BEGUN": str(tmp_path / "begun")}
    running = subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 60
    while len(list((tmp_path / "begun").iterdir())) < 4 and time.monotonic() < end:  # two sessions for each target
        time.sleep(0.1)
    begun = [int(path.name) for path in (tmp_path / "begun").iterdir()]
    assert len(begun) == 4
    running.send_signal(signal.SIGINT)
    start = time.monotonic()
    _, err = running.communicate(timeout=20)
    assert (running.returncode, err.strip()) == (130, "interrupted") and time.monotonic() - start < 10
    end = time.monotonic() + 5  # what was killed is there until its parent has looked
    while any(_is_there(pid) for pid in begun) and time.monotonic() < end:
        time.sleep(0.05)
    for pid in begun:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
