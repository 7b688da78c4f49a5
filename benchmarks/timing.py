"""Runs commands in turn and compares the medians of their times."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MUTAGEN = (sys.executable, "-m", "mutagen")


@dataclass(frozen=True)
class Ratio:
    """Medians in seconds of a command and its floor, and the fastest runs; ``limit`` is what the ratio may be."""

    name: str
    command: float
    floor: float
    limit: float
    fastest: tuple[float, float]

    @property
    def value(self) -> float:
        """The command's time as a multiple of its floor's."""
        return self.command / self.floor

    def __str__(self) -> str:
        judged = "ok" if self.value <= self.limit else "TOO SLOW"
        times = f"{self.command:6.2f} s / {self.floor:6.2f} s"
        fastest = f"fastest {self.fastest[0]:.2f} / {self.fastest[1]:.2f} = {self.fastest[0] / self.fastest[1]:4.2f}"
        return f"{self.name:<34} {times} = {self.value:4.2f} (limit {self.limit}) {judged}; {fastest}"


def ratio(
    name: str, command: Sequence[str], floor: Sequence[str], *, limit: float, runs: int, folder: Path | None = None
) -> Ratio:
    """Run both in turn, after one unmeasured run of each."""
    times = in_turn({"floor": floor, "command": command}, runs=runs, folder=folder)
    command_times, floor_times = times["command"], times["floor"]
    fastest = min(command_times), min(floor_times)
    return Ratio(name, statistics.median(command_times), statistics.median(floor_times), limit, fastest)


def in_turn(commands: Mapping[str, Sequence[str]], *, runs: int, folder: Path | None = None) -> dict[str, list[float]]:
    """Seconds of each run of each command, in turn, after one unmeasured run of each."""
    times: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(runs + 1):
        for name, line in commands.items():
            took = seconds(line, folder)
            if turn:
                times[name].append(took)
    return times


def seconds(line: Sequence[str], folder: Path | None = None) -> float:
    """How long a command takes; what ends with another code than 0 or 1 ends the benchmark."""
    start = time.perf_counter()
    done = subprocess.run(line, env=environment(), cwd=folder, capture_output=True, text=True, check=False)
    took = time.perf_counter() - start
    if done.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(line)}\n{done.stdout}{done.stderr}")
    return took


def environment() -> dict[str, str]:
    """The environment of an installation, where modules are compiled once."""
    rest = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**rest, "PYTHONPATH": str(ROOT)}


def machine() -> str:
    """The machine in words."""
    from importlib.metadata import version

    threads = os.environ.get("OMP_NUM_THREADS", "all")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return (
        f"{platform.system()} {platform.machine()}, {cores} cores, {threads} threads for torch, "
        f"Python {platform.python_version()}, torch {version('torch')}"
    )
