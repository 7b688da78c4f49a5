"""`emit: subclass`: the classes stay as they are, subclasses behind them carry the change."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

NET = Path(__file__).parent / "subclasses" / "net.py"
SHAPE = ("1x3x16x16",)
RULES = {
    "eca": "match: {edge: residual}\n    insert: {block: ECA, at: branch, emit: subclass}",
    "end": "match: {block: residual}\n    insert: {block: LayerScale, at: branch-end, emit: subclass}",
    "gn": "match: {type: BatchNorm2d}\n    replace: {with: GroupNorm, args: {num_groups: auto}, emit: subclass}",
    "dsc": "match: {type: Conv2d, path: 'stage*.conv*'}\n    replace: {with: DepthwiseSeparableConv2d, emit: subclass}",
    "after": "match: {path: 'stage*.norm{1,2}'}\n    insert: {block: ECA, at: after, emit: subclass}",
    "before": "match: {path: 'stage*.gate'}\n    insert: {block: LayerScale, at: before, emit: subclass}",
    "output": "match: {type: '*Block'}\n    insert: {block: ECA, at: output, emit: subclass}",
    "se": "match: {block: squeeze-excite}\n    replace: {with: ECA, emit: subclass}",
}
REFUSED = {
    "a call of a function": ("match: {op: relu}\n    replace: {with: gelu, emit: subclass}", "net", ""),
    "beside one module": (
        "match: {path: stage1.norm1}\n    insert: {block: ECA, at: after, emit: subclass}",
        "net",
        "stage1.norm1",
    ),
    "asked for by name": (
        "match: {type: Block}\n    insert: {block: ECA, at: output, emit: subclass}",
        "net",
        "stage1",
    ),
    "around what is asked for": (
        "match: {edge: residual, inside: {type: Block}}\n    insert: {block: ECA, at: branch, emit: subclass}",
        "net",
        "stage2",
    ),
    "some of the instances": (
        "match: {edge: residual, path: stage1}\n    insert: {block: ECA, at: branch, emit: subclass}",
        "net",
        "stage1",
    ),
    "the model itself": (
        "match: {path: norm}\n    replace: {with: GroupNorm, args: {num_groups: 4}, emit: subclass}",
        "Net(Block)",
        "norm",
    ),
}


def rules(bench: Any, text: str) -> str:
    path = bench.folder / "rules.yaml"
    path.write_text(f"version: 1\nrules:\n  - id: some\n    {text}\n")
    return str(path)


def classes(text: str) -> dict[str, str | None]:
    return {it.name: ast.get_source_segment(text, it) for it in ast.parse(text).body if isinstance(it, ast.ClassDef)}


@pytest.mark.parametrize("name", RULES)
def test_classes_stay_as_they_are(bench: Any, name: str) -> None:
    path = bench.copy(NET)
    report = bench.run(rules(bench, RULES[name]), path, "net", SHAPE)
    bench.check_applied(report, f"emit-subclass--{name}")
    assert {it.rung for it in report.plan.edits} == {"subclass"}
    before, after = classes(NET.read_text()), classes(path.read_text())
    assert before.items() <= after.items()
    assert "    model = Net(Block, widths=(16, 64))\n" in path.read_text()
    written = bench.bytes()
    assert bench.run(rules(bench, RULES[name]), path, "net", SHAPE).status == "unchanged"
    assert bench.bytes() == written


@pytest.mark.parametrize("name", REFUSED)
def test_refused(bench: Any, name: str) -> None:
    text, model, place = REFUSED[name]
    path = bench.copy(NET)
    report = bench.run(rules(bench, text), path, model, SHAPE)
    refused = report.plan.rules[0].refused
    assert report.status == "refused"
    assert {it.code for it in refused} == {"no-subclass"}
    assert place in {it.path for it in refused}
    assert all("emit" in it.advice and it.where is not None for it in refused)
    bench.check_untouched()


def test_what_the_refusal_advises_works(bench: Any) -> None:
    text, model, _ = REFUSED["some of the instances"]
    path = bench.copy(NET)
    report = bench.run(rules(bench, text.replace(", emit: subclass", "")), path, model, SHAPE)
    assert report.status == "applied"


def test_a_subclass_whose_name_is_taken_is_refused(bench: Any) -> None:
    path = bench.write("net.py", NET.read_text() + "\n\nEcaBlock = None\n")
    report = bench.run(rules(bench, RULES["eca"]), path, "net", SHAPE)
    assert report.status == "refused"
    assert "EcaBlock is taken" in report.plan.rules[0].refused[0].message
    bench.check_untouched()


def test_every_golden_patch_has_a_rule() -> None:
    stored = {it.name for it in (NET.parents[1] / "patches").glob("emit-*")}
    assert stored == {f"emit-subclass--{name}.patch" for name in RULES}
