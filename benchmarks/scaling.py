"""Time against the number of modules and against the number of rules: ``python -m benchmarks.scaling``.

Each point is the fastest of some runs of ``mutagen apply --check --no-cache``. The models are chains of blocks with
four modules each; the rules replace one activation each out of two hundred. The stages are those of the report:
``trace`` includes importing torch. Growth is the exponent between the last two points: 1 is linear.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.nets import CHAIN
from benchmarks.plot import Line, svg
from benchmarks.timing import MUTAGEN, ROOT, environment, machine

MODULES = (100, 300, 1_000, 3_000, 10_000, 20_000)
RULES = (1, 3, 10, 30, 100, 200)
STAGES = ("trace", "match", "plan", "rewrite", "verify")
_ACTIVATIONS = 200
_RULE = "  - id: gelu{0}\n    match: {{path: act{0}}}\n    replace: {{with: gelu}}\n"

Row = tuple[int, dict[str, float]]


def by_modules(folder: Path, sizes: Sequence[int], runs: int) -> list[Row]:
    """Stage times of a rule that replaces the activation of every block."""
    file = folder / "chain.py"
    file.write_text(CHAIN)
    flags = ("--input", "1x4x8x8", "--timeout", "3600")
    return [
        (size, stages(["relu-to-gelu", str(file), "--model", f"Net({size // 4})", *flags], folder, runs))
        for size in sizes
    ]


def by_rules(folder: Path, counts: Sequence[int], runs: int) -> list[Row]:
    """Stage times of more and more rules, each for another activation of one model."""
    file = folder / "many.py"
    file.write_text(_many())
    rows = []
    for count in counts:
        rules = folder / f"rules{count}.yaml"
        rules.write_text("version: 1\nrules:\n" + "".join(_RULE.format(number) for number in range(count)))
        rows.append((count, stages([str(rules), str(file), "--model", "Net()", "--input", "1x4x8x8"], folder, runs)))
    return rows


def stages(arguments: Sequence[str], folder: Path, runs: int) -> dict[str, float]:
    """Seconds of each stage and of all of them, in the fastest of several runs."""
    report = folder / "report.json"
    command = [*MUTAGEN, "apply", *arguments, "--check", "--no-cache", "--output-format", "json", "-o", str(report)]
    found = []
    for _ in range(runs):
        done = subprocess.run(command, env=environment(), cwd=folder, capture_output=True, text=True, check=False)
        data = json.loads(report.read_text())
        if data["status"] != "would_change":
            raise SystemExit(f"{' '.join(command)}\n{done.stderr}")
        found.append(
            {stage: data["timing"].get(stage, 0.0) for stage in STAGES} | {"all": sum(data["timing"].values())}
        )
    return min(found, key=lambda times: times["all"])


def table(title: str, rows: Sequence[Row]) -> str:
    """The rows as text, with the growth of each column at their end."""
    columns = (*STAGES, "all")
    lines = [f"| {title} | " + " | ".join(columns) + " |", "|---:|" + "---:|" * len(columns)]
    lines += [f"| {size:,} | " + " | ".join(f"{times[name]:.2f}" for name in columns) + " |" for size, times in rows]
    lines.append("| growth | " + " | ".join(_growth(rows, name) for name in columns) + " |")
    return "\n".join(lines) + "\n"


def _growth(rows: Sequence[Row], name: str) -> str:
    (size, before), (larger, after) = rows[-2:] if len(rows) > 1 else (rows[0], rows[0])
    if size == larger or min(before[name], after[name]) < 0.05:
        return ""
    return f"{math.log(after[name] / before[name]) / math.log(larger / size):.2f}"


def _plot(title: str, x_title: str, rows: Sequence[Row]) -> str:
    names = [name for name in (*STAGES, "all") if max(times[name] for _, times in rows) >= 0.05]
    lines = [Line(name, tuple((size, max(times[name], 0.001)) for size, times in rows)) for name in names]
    return svg(title, x_title, "seconds", lines)


def _many() -> str:
    names = range(_ACTIVATIONS)
    made = "".join(f"        self.act{number} = nn.ReLU()\n" for number in names)
    called = "".join(f"        x = self.act{number}(self.conv(x))\n" for number in names)
    return (
        "from torch import nn\n\n\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        f"        self.conv = nn.Conv2d(4, 4, 1)\n{made}\n    def forward(self, x):\n{called}        return x\n"
    )


def main() -> int:
    """Print both tables and write both plots."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--most-modules", type=int, default=MODULES[-1])
    parser.add_argument("--most-rules", type=int, default=RULES[-1])
    parser.add_argument("--plots", type=Path, default=ROOT / "docs")
    arguments = parser.parse_args()
    sys.stdout.write(f"{machine()}; the fastest of {arguments.runs} runs\n\n")
    arguments.plots.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sizes = [size for size in MODULES if size <= arguments.most_modules]
        counts = [count for count in RULES if count <= arguments.most_rules]
        for what, measure, points in (("modules", by_modules, sizes), ("rules", by_rules, counts)):
            rows = measure(folder, points, arguments.runs)
            sys.stdout.write(table(what, rows) + "\n")
            plot = _plot(f"Time against the number of {what}", what, rows)
            (arguments.plots / f"scaling-{what}.svg").write_text(plot)
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
