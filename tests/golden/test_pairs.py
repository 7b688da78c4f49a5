"""Two rules in one file: what each of them can do alone they do together, whichever comes first.

Some pairs run with all tests; ``--every-pair`` runs all pairs on all samples, which takes minutes.
"""

from __future__ import annotations

import ast
import itertools

import pytest

from mutagen.errors import ErrorGroup, MutagenError
from mutagen.records.result import Report
from tests.golden.conftest import Bench
from tests.golden.drawn.models import SOME, Model

SAMPLES = tuple({it.target: it for it in reversed(SOME)}.values())

CONV = "match: {type: Conv2d, where: {kernel_size: 3, stride: 1, groups: 1, out_channels: {ge: 8}}}"
RULES = {
    "dsc": """
    match: {type: Conv2d, where: {kernel_size: {gt: 1}, groups: 1, in_channels: {ge: 8}}}
    replace: {with: DepthwiseSeparableConv2d}""",
    "eca": """
    match: {block: residual}
    insert: {block: ECA, at: branch-end}""",
    "gate": """
    match: {edge: residual}
    insert: {block: LayerScale, at: branch, args: {init: 0.0}}""",
    "skips": """
    match: {edge: skip}
    insert: {block: AttentionGate2d, at: skip}""",
    "gn": """
    match: {type: BatchNorm2d}
    replace: {with: GroupNorm, args: {num_groups: auto}}""",
    "gelu": """
    match: {op: relu}
    replace: {with: gelu}""",
    "se": """
    match: {block: squeeze-excite}
    replace: {with: ECA}""",
    "dilate": f"""
    {CONV}
    set: {{dilation: 2, padding: auto}}""",
    "third": """
    match: {type: Conv2d, only: {nth: 3}}
    insert: {block: ECA, at: after}""",
    "pattern": """
    match: {pattern: "relu(bn(conv(x)))", conv: {type: Conv2d, where: {kernel_size: 3, in_channels: {ge: 8}}}}
    replace:
      conv: {with: DepthwiseSeparableConv2d}
      bn: {with: GroupNorm}
      relu: {with: gelu}""",
    "second": """
    match: {edge: residual, only: {every: 2}}
    insert: {block: ECA, at: branch}""",
}
FEW = [("eca", "third"), ("second", "gate"), ("third", "dsc"), ("gn", "second"), ("pattern", "gate")]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    every = metafunc.config.getoption("--every-pair")
    pairs = list(itertools.permutations(RULES, 2)) if every else FEW
    samples = SAMPLES if every else [it for it in SAMPLES if it.target in ("resnet_cifar.py", "mobilenet_like.py")]
    cases = [(sample, *pair) for sample in samples for pair in pairs]
    metafunc.parametrize("sample, one, other", cases, ids=[f"{it.target}-{one}-{two}" for it, one, two in cases])


def rules_of(*names: str) -> str:
    return "version: 1\nrules:\n" + "".join(f"  - id: {name}\n    optional: true{RULES[name]}\n" for name in names)


def run(bench: Bench, sample: Model, *names: str) -> Report | MutagenError:
    rules = bench.write("rules.yaml", rules_of(*names))
    try:
        return bench.run(str(rules), bench.folder / sample.target, sample.call, sample.inputs)
    except MutagenError as error:
        return error


def fresh(bench: Bench, sample: Model) -> None:
    for name, file in sample.files:
        bench.write(name, file.read_bytes())


def test_two_rules_do_together_what_each_does_alone(bench: Bench, sample: Model, one: str, other: str) -> None:
    alone = {}
    for name in (one, other):
        fresh(bench, sample)
        alone[name] = run(bench, sample, name)
    fresh(bench, sample)
    report = run(bench, sample, one, other)
    if isinstance(report, MutagenError):
        codes = {it.code for it in (report.errors if isinstance(report, ErrorGroup) else (report,))}
        known = {it.code for it in alone.values() if isinstance(it, MutagenError)}
        assert codes <= known | {"M002", "P010", "P011"}, report
        return
    assert report.status != "failed", report.failure
    if report.status == "refused":
        refused = {it.code for rule in report.plan.rules for it in rule.refused}
        known = {
            it.code
            for each in alone.values()
            if isinstance(each, Report)
            for rule in each.plan.rules
            for it in rule.refused
        }
        assert refused <= known, [str(it) for rule in report.plan.rules for it in rule.refused]
        return
    if report.status != "applied":
        return
    for change in report.files:
        ast.parse(change.after)
    again = run(bench, sample, one, other)
    assert isinstance(again, Report), again
    assert not again.plan.edits, [(it.rule, it.new) for it in again.plan.edits]
