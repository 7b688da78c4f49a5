"""Others that can do a part of the job, on the same files in the same run: ``python -m benchmarks.peers``.

The job is GELU in the place of every ReLU. Told are the time, how many of the ReLUs that run are left by the edit,
whether the file is the user's own with the rest of it untouched, and what a second run still changes.

- LibCST: a codemod that visits the file and replaces the callees that are called ReLU.
- ast-grep: three patterns (``pip install ast-grep-cli``; left out where it is not installed).
- torch.fx: modules replaced in the traced graph and ``replace_pattern`` for functions, written by ``to_folder``.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.nets import RESNET18, THOUSAND, UNET, Net
from benchmarks.timing import MUTAGEN, environment, machine, seconds

LIBCST = """
import sys
import libcst as cst
from libcst import matchers as m

NAMES = {"ReLU": "GELU", "relu": "gelu"}
LIBRARY = m.Name("nn") | m.Name("F") | m.Name("torch") | m.Attribute(value=m.Name("torch"))


class Codemod(cst.CSTTransformer):
    def leave_Call(self, before, after):
        if m.matches(after.func, m.Attribute(value=LIBRARY, attr=m.Name("ReLU") | m.Name("relu"))):
            name = cst.Name(NAMES[after.func.attr.value])
            args = [it for it in after.args if not (it.keyword and it.keyword.value == "inplace")]
            if name.value == "GELU":
                args = []
            return after.with_changes(func=after.func.with_changes(attr=name), args=args)
        return after


for path in sys.argv[1:]:
    code = cst.parse_module(open(path).read()).visit(Codemod()).code
    open(path, "w").write(code)
"""

FX = """
import importlib, sys
import torch
from torch import fx, nn
from torch.nn import functional as F

folder, module, call, out = sys.argv[1:]
sys.path.insert(0, folder)
traced = fx.symbolic_trace(eval(call, vars(importlib.import_module(module))).eval())
for name, child in list(traced.named_modules()):
    if isinstance(child, nn.ReLU):
        parent, _, last = name.rpartition(".")
        setattr(traced.get_submodule(parent), last, nn.GELU())
fx.replace_pattern(traced, lambda x: F.relu(x), lambda x: F.gelu(x))
traced.recompile()
traced.to_folder(out, "Edited")
"""

LEFT = """
import importlib, sys
import torch
from torch import nn

folder, module, call, shape = sys.argv[1:]
sys.path.insert(0, folder)
count = 0


class Mode(torch.overrides.TorchFunctionMode):
    def __torch_function__(self, func, types, args=(), kwargs=None):
        global count
        count += getattr(func, "__name__", "") in ("relu", "relu_")
        with torch._C.DisableTorchFunctionSubclass():
            return func(*args, **(kwargs or {}))


model = eval(call, vars(importlib.import_module(module))).eval()
with torch.no_grad(), Mode():
    model(torch.randn([int(size) for size in shape.split("x")]))
print(count)
"""


@dataclass(frozen=True)
class Peer:
    """A tool; ``command`` for a file of a net in a folder, ``result`` says what to import afterwards and to build."""

    name: str
    command: Callable[[Net, Path, Path], Sequence[str]]
    result: Callable[[Net, str], tuple[str, str]]
    in_place: bool = True


def _module(net: Net, name: str) -> str:
    return f"{name}.{Path(net.file).stem}" if net.source.is_dir() else name


def _files(net: Net, file: Path) -> list[str]:
    return [str(path) for path in sorted(file.parent.glob("*.py"))] if net.source.is_dir() else [str(file)]


def _own(net: Net, name: str) -> tuple[str, str]:
    return _module(net, name), net.call


def _mutagen(net: Net, file: Path, folder: Path) -> Sequence[str]:
    return [*MUTAGEN, "apply", "relu-to-gelu", str(file), *net.flags, "--quiet", "--no-cache"]


def _libcst(net: Net, file: Path, folder: Path) -> Sequence[str]:
    return [sys.executable, "-c", LIBCST, *_files(net, file)]


def _ast_grep(net: Net, file: Path, folder: Path) -> Sequence[str]:
    tool = shutil.which("ast-grep") or str(Path(sys.executable).with_name("ast-grep"))
    pairs = (("nn.ReLU($$$A)", "nn.GELU()"), ("F.relu($X)", "F.gelu($X)"), ("torch.relu($X)", "F.gelu($X)"))
    line = " && ".join(
        f"{tool} run -l py -p '{before}' -r '{after}' --update-all {' '.join(_files(net, file))}; true"
        for before, after in pairs
    )
    return ["sh", "-c", line]


def _fx(net: Net, file: Path, folder: Path) -> Sequence[str]:
    module = _module(net, file.parent.name if net.source.is_dir() else file.stem)
    return [sys.executable, "-c", FX, str(folder), module, net.call, str(folder / "by_fx")]


PEERS = (
    Peer("mutagen", _mutagen, _own),
    Peer("LibCST codemod", _libcst, _own),
    Peer("ast-grep", _ast_grep, _own),
    Peer("torch.fx to_folder", _fx, lambda net, name: ("by_fx", "Edited()"), in_place=False),
)


def judged(peer: Peer, net: Net, runs: int) -> str:
    """One row of the table."""
    times: list[float] = []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            file = net.copy(folder, "work")
            before = _text(net, file)
            command = peer.command(net, file, folder)
            times.append(seconds(command, folder))
            after = _text(net, file)
            left = _left(*peer.result(net, "work"), net=net, folder=folder)
            again = "-"
            if peer.in_place:
                seconds(command, folder)
                again = "nothing" if _text(net, file) == after else "changes"
            kept = f"{_same(before, after)} of {len(before)} lines kept" if peer.in_place else "new files, flattened"
    return f"| {net.name} | {peer.name} | {statistics.median(times):.2f} | {left} | {kept} | {again} |"


def _text(net: Net, file: Path) -> list[str]:
    return [line for path in _files(net, file) for line in Path(path).read_text().splitlines()]


def _same(before: Sequence[str], after: Sequence[str]) -> int:
    import difflib

    return sum(
        block.size for block in difflib.SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
    )


def _left(module: str, call: str, *, net: Net, folder: Path) -> str:
    command = [sys.executable, "-c", LEFT, str(folder), module, call, net.shape]
    done = subprocess.run(command, env=environment(), cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else "does not run: " + done.stderr.strip().splitlines()[-1]


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    sys.stdout.write(f"{machine()}; medians of {arguments.runs} runs\n\n")
    sys.stdout.write(
        "| model | tool | seconds | ReLUs left | the user's file | second run |\n|---|---|---:|---:|---|---|\n"
    )
    for net in (RESNET18, UNET, replace(THOUSAND, name="ResNet-32", call="resnet32()")):
        for peer in PEERS:
            if peer.name == "ast-grep" and shutil.which(_ast_grep(net, Path("x.py"), Path())[2].split()[0]) is None:
                continue
            sys.stdout.write(judged(peer, net, arguments.runs) + "\n")
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
