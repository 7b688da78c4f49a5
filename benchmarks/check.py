"""`mutagen check` over many tracked files, against reading and hashing them in Python with the same imports."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from pathlib import Path

from benchmarks.timing import MUTAGEN, machine, ratio
from mutagen.tracked.content import digest
from mutagen.tracked.lockfile import Line, render
from mutagen.tracked.place import NAME

LIMIT = 3.0
_IMPORTS = "import click, hashlib, json, re, shlex"
_FLOOR = f"""\
{_IMPORTS}, sys
from pathlib import Path
for path in Path(sys.argv[1]).rglob("*.py"):
    hashlib.sha256(path.read_bytes()).hexdigest()
"""


def project(folder: Path, count: int) -> None:
    """Files of 2 to 40 kB in packages of twenty, all tracked, by five rule files."""
    chance = random.Random(count)
    rules = [folder / f"rules/{number}.yaml" for number in range(5)]
    (folder / "rules").mkdir()
    for rule in rules:
        rule.write_text(f"version: 1\n# {rule.name}\n", encoding="utf-8")
    lines = []
    for number in range(count):
        file = folder / f"models/family_{number // 20:02}/net_{number:03}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(_source(chance), encoding="utf-8")
        name, rule = file.relative_to(folder).as_posix(), rules[number % 5]
        made_of = {rule.relative_to(folder).as_posix(): digest(rule.read_bytes())}
        run = f"rules/{rule.name} {name} --model 'Net(3)' --input 1x3x64x64"
        lines.append(Line(name, digest(file.read_bytes()), run, made_of))
    (folder / NAME).write_bytes(render(lines))


def _source(chance: random.Random) -> str:
    return "".join(f"layer_{chance.random()} = nn.Conv2d({n}, {n}, 3)\n" for n in range(chance.randint(50, 900)))


def main() -> int:
    """Print the ratios, of all files and of as many by name; 1 if one is over its limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=500)
    parser.add_argument("--runs", type=int, default=9)
    given = parser.parse_args()
    sys.stdout.write(f"{machine()}; medians of {given.runs} runs\n")
    over = False
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        project(folder, given.files)
        floor = [sys.executable, "-c", _FLOOR, name]
        named = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*.py"))]
        for what, files in (("check", []), ("check FILE...", named)):
            line = [*MUTAGEN, "check", *files]
            found = ratio(f"{what}, {given.files} files", line, floor, limit=LIMIT, runs=given.runs, folder=folder)
            sys.stdout.write(f"{found}\n")
            over = over or found.value > found.limit
    return int(over)


if __name__ == "__main__":
    sys.exit(main())
