"""Rules with patterns on samples and on models of their own: chains are changed whole or not at all."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent
SAMPLES = FOLDER.parents[1] / "samples"
CASES = tomllib.loads((FOLDER / "patterns.toml").read_text())["case"]
APPLIED = [case for case in CASES if "refused" not in case]
REFUSED = [case for case in CASES if "refused" in case]
EXAMPLE = """
  - id: dw-gn-gelu
    match: {pattern: "relu(bn(conv(x)))", conv: {type: Conv2d, where: {kernel_size: 3}}}    # names are captures
    replace:
      conv: {with: DepthwiseSeparableConv2d}
      bn: {with: GroupNorm}
      relu: {with: gelu}
"""


def _run(bench: Any, case: dict[str, Any], path: Path) -> Any:
    rules = bench.folder / "rules.yaml"
    rules.write_text(f"version: 1\nrules:\n{case.get('rules', EXAMPLE)}")
    return bench.run(str(rules), path, case.get("call", "Net"), (case.get("input", "1x3x32x32"),))


def _copied(bench: Any, case: dict[str, Any]) -> Path:
    if "model" in case:
        return bench.copy(FOLDER / "chains" / f"{case['model']}.py")
    sample = Path(case["sample"])
    copy = bench.copy(SAMPLES / sample.parts[0])
    return copy if copy.suffix == ".py" else copy / sample.name


@pytest.mark.parametrize("case", APPLIED, ids=[case["name"] for case in APPLIED])
def test_applied(bench: Any, case: dict[str, Any]) -> None:
    path = _copied(bench, case)
    report = _run(bench, case, path)
    assert report.plan.rules[-1].explanation == case["words"]
    bench.check_applied(report, f"pattern-{case['name']}")
    written = bench.bytes()
    again = _run(bench, case, path)
    assert again.status == ("refused" if "partial" in case.get("rules", "") else "unchanged")
    assert again.plan.edits == ()
    assert bench.bytes() == written


@pytest.mark.parametrize("case", REFUSED, ids=[case["name"] for case in REFUSED])
def test_refused(bench: Any, case: dict[str, Any]) -> None:
    path = _copied(bench, case)
    report = _run(bench, case, path)
    refusals = [it for outcome in report.plan.rules for it in outcome.refused]
    assert report.status == "refused"
    assert {it.code for it in refusals} == {case["refused"]}
    assert all(it.where is not None and it.message.startswith("the chain stays as it is, its ") for it in refusals)
    bench.check_untouched()


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("cat(conv(x), x)", "1 calls of cat seen; 1 read no conv; 0 matched"),
        ("mul(sigmoid(conv(x)), y)", "1 calls of mul seen; 1 matched"),
        ("mul(sigmoid(conv(x)), conv1(y))", "1 calls of mul seen; 1 read no conv1; 0 matched"),
        ("add(bn(conv(x)), x)", "2 calls of add seen; 2 read another x; 0 matched"),
        ("add(y, bn(conv(relu(bn1(conv1(y))))))", "2 calls of add seen; 2 matched"),
    ],
)
def test_operands_in_their_order_and_by_name(bench: Any, pattern: str, words: str) -> None:
    """A concatenation has an order, a sum and a product have none; one name is one tensor."""
    path = bench.copy(FOLDER / "chains" / "gated.py")
    rule = f'  - {{id: a, optional: true, match: {{pattern: "{pattern}"}}, set: {{conv: {{padding_mode: reflect}}}}}}'
    report = _run(bench, {"rules": rule}, path)
    assert report.plan.rules[0].explanation == words


LAYERS = """import torch.nn as nn


class ConvNorm(nn.Module):
    def __init__(self, cin, cout):
        super().__init__()
        self.conv = nn.Conv2d(cin, cout, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(cout)

    def forward(self, x):
        return self.norm(self.conv(x))
"""
NET = """import torch.nn as nn

from layers import ConvNorm


class Unit(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv1 = ConvNorm(width, width)
        self.act = nn.ReLU()
        self.conv2 = ConvNorm(width, width)

    def forward(self, x):
        y = self.conv2(self.act(self.conv1(x)))
        return x + y


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = ConvNorm(3, 16)
        self.units = nn.Sequential(Unit(16), Unit(16))

    def forward(self, x):
        return self.units(self.stem(x))
"""


def test_a_part_that_a_shared_file_makes_has_its_block_where_it_is_read(bench: Any) -> None:
    """Beside the module nothing can stand; its branch ends in a file that may be edited."""
    bench.write("layers.py", LAYERS)
    bench.write("other.py", "from layers import ConvNorm\n")
    path = bench.write("net.py", NET)
    pattern = "add(x, norm2(conv2(act(norm1(conv1(x))))))"
    rule = f'  - {{id: a, match: {{pattern: "{pattern}"}}, insert: {{norm2: {{block: ECA, at: output}}}}}}'
    report = _run(bench, {"rules": rule}, path)
    assert report.status == "applied"
    assert report.verdict.proof.equal
    assert "        y = self.eca(y)\n        return x + y\n" in path.read_text()
    assert (bench.folder / "layers.py").read_text() == LAYERS
    assert _run(bench, {"rules": rule}, path).status == "unchanged"


def test_an_operand_is_told_from_a_shortcut_by_what_both_read(bench: Any) -> None:
    """Without that a shortcut that ends in a norm is an operand as good as the branch."""
    bench.write("layers.py", LAYERS)
    path = bench.write("net.py", NET)
    rule = '  - {id: a, match: {pattern: "add(x, norm(conv(y)))"}, set: {norm: {eps: 0.001}}}'
    report = _run(bench, {"rules": rule}, path)
    matched = report.plan.rules[0].matched
    assert matched == ("units.0.conv2.norm", "stem.norm", "units.1.conv2.norm")


def test_every_file_is_used() -> None:
    assert {it.stem for it in (FOLDER / "chains").glob("*.py")} == {case["model"] for case in CASES if "model" in case}
    stored = {it.stem for it in (FOLDER / "patches").glob("pattern-*")}
    assert stored == {f"pattern-{case['name']}" for case in APPLIED}
