"""Ratios of mutagen's run times to their floors, measured in turn on one machine: ``python -m benchmarks.ratios``.

``help``: ``mutagen --help`` against ``python -c "import click, rich"``; at most 3.
``apply``: ``mutagen apply --check --no-cache`` on a ResNet-18, a U-Net and a net of 1,000 modules, against one process
that imports torch, builds and runs the original and the edited model once; at most 1.25.
``unchanged``: a run on a model where nothing is to do and nothing has changed since the run before, against importing
click, rich, pydantic and ruamel.yaml; at most 2.

Machines are noisy, so each command is run several times in turn with its floor and the medians are compared.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.nets import RESNET18, RESNET18_DSC, THOUSAND, UNET, Net
from benchmarks.timing import MUTAGEN, Ratio, environment, machine, ratio

NETS = {"eca": RESNET18, "dsc": RESNET18_DSC, "unet": UNET, "thousand": THOUSAND}


def help_ratio(runs: int) -> Ratio:
    """``--help`` must need no more than the libraries it shows itself with."""
    floor = [sys.executable, "-c", "import click, rich"]
    return ratio("help", [*MUTAGEN, "--help"], floor, limit=3.0, runs=runs)


def apply_ratio(net: Net, folder: Path, runs: int) -> Ratio:
    """The whole of ``apply`` but the writing, so that each run finds the same file."""
    original, edited = net.copy(folder, "original"), net.copy(folder, "edited")
    _apply(net, edited, folder)
    floor = [sys.executable, "-c", net.floor(folder, ("original", "edited"))]
    command = [*MUTAGEN, "apply", net.rule, str(original), *net.flags, "--check", "--no-cache"]
    return ratio(f"apply {net.rule}, {net.name}", command, floor, limit=1.25, runs=runs)


def unchanged_ratio(net: Net, folder: Path, runs: int) -> Ratio:
    """A run that was made before, on a model that stands as the rule wants it."""
    file = net.copy(folder, "again")
    _apply(net, file, folder)
    floor = [sys.executable, "-c", "import click, rich, pydantic, ruamel.yaml"]
    command = [*MUTAGEN, "apply", net.rule, str(file), *net.flags]
    return ratio(f"unchanged {net.rule}, {net.name}", command, floor, limit=2.0, runs=runs)


def _apply(net: Net, file: Path, folder: Path) -> None:
    command = [*MUTAGEN, "apply", net.rule, str(file), *net.flags, "--quiet"]
    subprocess.run(command, env=environment(), cwd=folder, check=True, stdout=subprocess.DEVNULL)


def main() -> int:
    """Print the ratios; 1 if one is over its limit."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--nets", nargs="*", choices=NETS, help="only the ratios of apply, for these models")
    arguments = parser.parse_args()
    if not arguments.json:
        sys.stdout.write(f"{machine()}; medians of {arguments.runs} runs\n")
    over = False
    for found in _ratios(arguments.runs, arguments.nets):
        line = json.dumps(vars(found) | {"ratio": found.value}) if arguments.json else str(found)
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
        over = over or found.value > found.limit
    return int(over)


def _ratios(runs: int, names: list[str] | None) -> Iterator[Ratio]:
    if names is None:
        yield help_ratio(runs)
    for name in names or NETS:
        with tempfile.TemporaryDirectory() as folder:
            yield apply_ratio(NETS[name], Path(folder), runs)
    if names is None:
        with tempfile.TemporaryDirectory() as folder:
            yield unchanged_ratio(RESNET18, Path(folder), runs)


if __name__ == "__main__":
    sys.exit(main())
