"""What the passes of a proof cost by themselves: ``python -m benchmarks.passes``.

A proof runs the original and its graph forward, and the edited graph and the edited source forward and backward, in
each of its cases. Here the two models run these passes with nothing around them: no proof of these cases can take less
than importing torch, building both and, on two cores, half of the passes.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.nets import RESNET18, THOUSAND, UNET, Net
from benchmarks.timing import MUTAGEN, environment, machine

PROGRAM = """
import importlib, json, sys, time
start = time.perf_counter()
import torch
imported = time.perf_counter()
sys.path.insert(0, {folder!r})
models = [eval({call!r}, vars(importlib.import_module(name + {inside!r}))) for name in ("original", "edited")]
built = time.perf_counter()
for mode, shape in {cases!r}:
    x = torch.randn(shape)
    for model in models:
        model.train(mode == "train")
        with torch.no_grad():
            if model is models[0]:
                model(x), model(x)  # the original, and its graph against it
        model(x).sum().backward()  # the edited graph, the edited source
print(json.dumps([imported - start, built - imported, time.perf_counter() - built]))
"""


def measured(net: Net, folder: Path) -> tuple[int, list[float]]:
    """The number of cases of the proof, and seconds of importing torch, of building both models, of all passes."""
    original, edited = net.copy(folder, "original"), net.copy(folder, "edited")
    command = [*MUTAGEN, "apply", net.rule, str(edited), *net.flags, "--output-format", "json", "--no-cache"]
    report = json.loads(_run(command))
    cases = [(case["mode"], tuple(case["shapes"][0])) for case in report["proof"]["cases"]]
    inside = f".{Path(net.file).stem}" if net.source.is_dir() else ""
    program = PROGRAM.format(folder=str(folder), call=net.call, inside=inside, cases=cases)
    assert original.read_bytes() != edited.read_bytes() or net.source.is_dir()
    tries = [json.loads(_run([sys.executable, "-c", program])) for _ in range(3)]
    return len(cases), [min(column) for column in zip(*tries, strict=True)]


def _run(command: list[str]) -> bytes:
    return subprocess.run(command, env=environment(), check=True, stdout=subprocess.PIPE).stdout


def main() -> int:
    """Print, for each net, what the passes cost and the least time of a proof on two cores."""
    sys.stdout.write(f"{machine()}; fastest of three\n")
    for net in (RESNET18, UNET, THOUSAND):
        with tempfile.TemporaryDirectory() as folder:
            cases, (imported, built, passes) = measured(net, Path(folder))
        least = imported + (built + passes) / 2
        sys.stdout.write(
            f"{net.name:<16} import {imported:.2f} s, build {built:.2f} s, passes of {cases} cases {passes:.2f} s: "
            f"at least {least:.2f} s on two cores\n"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
