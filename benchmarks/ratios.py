"""Ratios of mutagen's run times to their floors, measured in turn on one machine: ``python -m benchmarks.ratios``.

``help``: ``mutagen --help`` against ``python -c "import click, rich"``; at most 3.
``apply``: ``mutagen apply`` on a ResNet-18, by a rule that adds and one that replaces, against one process that imports
torch, builds and runs the original and the edited model once; at most 1.6.

Machines are noisy, so each command is run several times in turn with its floor and the medians are compared.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MODEL = ROOT / "samples" / "resnet_torchvision_style.py"
SHAPE = (1, 3, 224, 224)

_FLOOR = """
import importlib.util, sys
import torch
for path in sys.argv[1:]:
    spec = importlib.util.spec_from_file_location("model", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with torch.no_grad():
        module.resnet18().eval()(torch.randn({shape}))
"""


@dataclass(frozen=True)
class Ratio:
    """Medians in seconds of a command and its floor; ``limit`` is what the ratio may be."""

    name: str
    command: float
    floor: float
    limit: float

    @property
    def value(self) -> float:
        """The command's time as a multiple of its floor's."""
        return self.command / self.floor

    def __str__(self) -> str:
        judged = "ok" if self.value <= self.limit else "TOO SLOW"
        times = f"{self.command:6.2f} s / {self.floor:6.2f} s"
        return f"{self.name:<24} {times} = {self.value:4.2f} (limit {self.limit}) {judged}"


def measure(name: str, command: Sequence[str], floor: Sequence[str], *, limit: float, runs: int) -> Ratio:
    """Run both in turn, after one unmeasured run of each."""
    times: dict[str, list[float]] = {"command": [], "floor": []}
    for turn in range(runs + 1):
        for kind, line in (("floor", floor), ("command", command)):
            seconds = _seconds(line)
            if turn:
                times[kind].append(seconds)
    return Ratio(name, statistics.median(times["command"]), statistics.median(times["floor"]), limit)


def _seconds(line: Sequence[str]) -> float:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    start = time.perf_counter()
    done = subprocess.run(line, env=environment, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(line)}\n{done.stdout}{done.stderr}")
    return time.perf_counter() - start


def help_ratio(runs: int) -> Ratio:
    """``--help`` must need no more than the libraries it shows itself with."""
    command = [sys.executable, "-m", "mutagen", "--help"]
    return measure("help", command, [sys.executable, "-c", "import click, rich"], limit=3.0, runs=runs)


def apply_ratio(rule: str, folder: Path, runs: int) -> Ratio:
    """The whole of ``apply`` but the writing, so that each run finds the same file."""
    shape = "x".join(map(str, SHAPE))
    flags = ["--model", "resnet18()", "--input", shape]
    original, edited = folder / f"{rule}_before.py".replace("-", "_"), folder / f"{rule}_after.py".replace("-", "_")
    for path in (original, edited):
        shutil.copy(MODEL, path)
    apply = [sys.executable, "-m", "mutagen", "apply", rule]
    subprocess.run([*apply, str(edited), *flags], env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True)
    floor = [sys.executable, "-c", _FLOOR.format(shape=SHAPE), str(original), str(edited)]
    return measure(f"apply {rule}", [*apply, str(original), *flags, "--check"], floor, limit=1.6, runs=runs)


def main() -> int:
    """Print the ratios; 1 if one is over its limit."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--rules", default="eca-after-blocks,conv-to-dsc")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = [help_ratio(arguments.runs)]
        found += [apply_ratio(rule, Path(folder), arguments.runs) for rule in arguments.rules.split(",")]
    for ratio in found:
        line = json.dumps(vars(ratio) | {"ratio": ratio.value}) if arguments.json else str(ratio)
        sys.stdout.write(line + "\n")
    return int(any(ratio.value > ratio.limit for ratio in found))


if __name__ == "__main__":
    sys.exit(main())
