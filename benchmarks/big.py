"""A transformer of seven billion parameters, planned without values: ``python -m benchmarks.big``.

Needs the package transformers. Its Llama is copied into a project, as a user would who wants to change it, and every
residual branch is given a gate. ``plan`` matches and plans the full configuration; it may take twice the time of
importing torch and the same classes of transformers, and hold 1.5 GB in all its processes together.
``rewrite`` and ``proof`` are the stages of ``apply``, which proves with a smaller configuration.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MODEL = (
    "--model",
    "LlamaForCausalLM(transformers.LlamaConfig())",
    "--input",
    "input_ids=1x16:int64",
    "--device",
    "meta",
    "--timeout",
    "600",
)
SMALL = "hidden_size=64, intermediate_size=128, num_attention_heads=4, vocab_size=100"
SMALLER = ("--prove-with", f"LlamaForCausalLM(transformers.LlamaConfig(num_hidden_layers=2, {SMALL}))")
RATIO, MEMORY = 2.0, 1.5e9
_FLOOR = "import torch, transformers; transformers.LlamaConfig, transformers.LlamaForCausalLM"
_TICK = 0.05


def project(folder: Path) -> Path:
    """The modeling file of transformers as a file of the user's, with absolute imports."""
    spec = importlib.util.find_spec("transformers")
    if spec is None or spec.origin is None:
        raise SystemExit("this needs the package transformers: pip install transformers")
    source = Path(spec.origin).parent / "models" / "llama" / "modeling_llama.py"
    text = re.sub(r"^from \.\.\.(\w[\w.]*) import", r"from transformers.\1 import", source.read_text(), flags=re.M)
    text = re.sub(r"^from \.\.\. import", "from transformers import", text, flags=re.M)
    text = re.sub(r"^from \.(\w+) import", r"from transformers.models.llama.\1 import", text, flags=re.M)
    target = folder / "modeling_llama.py"
    target.write_text(text)
    return target


@dataclass(frozen=True)
class Cost:
    """Seconds by the clock, seconds of processors, and the most bytes in all processes together, shared ones once."""

    wall: float
    work: float
    held: float


def measure(line: Sequence[str]) -> Cost:
    """What a command takes with all its processes."""
    before, start, most = _work(), time.perf_counter(), 0.0
    running = subprocess.Popen(line, env=_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    while running.poll() is None:
        most = max(most, sum(_held(pid) for pid in _tree(running.pid)))
        time.sleep(_TICK)
    seconds = time.perf_counter() - start
    if running.returncode:
        raise SystemExit(f"{' '.join(line)}\n{running.communicate()[1]}")
    return Cost(seconds, _work() - before, most)


def _work() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}


def _tree(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(inner for child in children for inner in _tree(int(child)))]


def _held(pid: int) -> float:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    found = re.search(r"^Pss:\s+(\d+) kB", text, flags=re.M)
    return int(found[1]) * 1024 if found else 0.0


def main() -> int:
    """Print the figures; 1 if one is over its limit."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        target = project(Path(folder))
        command = [sys.executable, "-m", "mutagen", "plan", "gated-residuals", str(target), *MODEL, "-o", os.devnull]
        floor = [sys.executable, "-c", _FLOOR]
        pairs = [(measure(floor), measure(command)) for _ in range(runs + 1)][1:]
        stages = apply_stages(target)
    base, plan = ([pair[index] for pair in pairs] for index in (0, 1))
    wall = _median(it.wall for it in plan) / _median(it.wall for it in base)
    work = _median(it.work for it in plan) / _median(it.work for it in base)
    memory = max(it.held for it in plan)
    for name, costs in (("floor", base), ("plan", plan)):
        times = f"{_median(it.wall for it in costs):6.2f} s, of processors {_median(it.work for it in costs):6.2f} s"
        sys.stdout.write(f"{name:<8} {times}, {max(it.held for it in costs) / 1e9:.2f} GB\n")
    sys.stdout.write(f"ratio    {wall:6.2f}  , of processors {work:6.2f}   (limit {RATIO}; {MEMORY / 1e9} GB)\n")
    sys.stdout.write(f"rewrite  {stages['rewrite']:6.2f} s\nproof    {stages['verify']:6.2f} s\n")
    return int(wall > RATIO or memory > MEMORY)


def _median(values: Iterable[float]) -> float:
    return statistics.median(values)


def apply_stages(target: Path) -> dict[str, float]:
    """Seconds of each stage of a whole run, which must be proved."""
    line = [sys.executable, "-m", "mutagen", "apply", "gated-residuals", str(target), *MODEL, *SMALLER]
    done = subprocess.run(
        [*line, "--check", "--output-format", "json"], env=_environment(), capture_output=True, text=True, check=False
    )
    report = json.loads(done.stdout or "{}")
    if report.get("status") != "would_change":
        raise SystemExit(f"{' '.join(line)}\n{done.stdout}{done.stderr}")
    return dict(report["timing"])


if __name__ == "__main__":
    sys.exit(main())
