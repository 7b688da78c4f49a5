"""Wrap and branch where what makes a module makes others too, behind a switch, and in subclasses."""

from __future__ import annotations

import ast
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent
DATA = tomllib.loads((FOLDER / "wraps.toml").read_text())
NET, SUBCLASSED = FOLDER / "wraps" / "net.py", FOLDER / "subclasses" / "net.py"
SHAPE = ("1x3x16x16",)
TAKEN = """\
import torch.nn as nn


class Mixer(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.left = nn.Conv2d(width, width, 3, padding=1)
        self.right = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x, y):
        return self.left(x) + self.right(input=y)


def make(width):
    return nn.Conv2d(width, width, 3, padding=1)


class Net(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 1)
        self.mixers = nn.ModuleList([Mixer(width) for _ in range(2)])
        self.row = nn.Sequential(*map(make, (width, width)))

    def forward(self, x):
        x = self.stem(x)
        for mixer in self.mixers:
            x = mixer(x, x)
        return self.row(x)
"""


def rules(bench: Any, rule: str, blocks: str = "") -> str:
    file = bench.folder / "rules.yaml"
    blocks = blocks or "Refined: {serial: [body, {BatchNorm2d: {}}]}"
    file.write_text(f"version: 1\nrules:\n  - {{id: some, {rule}}}\nblocks:\n  {blocks}\n")
    return str(file)


def cases(kind: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", DATA[kind], ids=[it["name"] for it in DATA[kind]])


def check_second(bench: Any, path: Path, file: str, model: str, already: int) -> None:
    text = path.read_bytes()
    again = bench.run(file, path, model, SHAPE)
    assert again.status == "unchanged"
    assert len(again.plan.rules[0].already) == already
    assert path.read_bytes() == text


@cases("case")
def test_some_of_what_an_expression_makes(bench: Any, case: dict[str, Any]) -> None:
    path, file = bench.copy(NET), rules(bench, case["rule"], case.get("blocks", ""))
    report = bench.run(file, path, "net", SHAPE)
    bench.check_applied(report, f"wrap--{case['name']}")
    assert {it.rung for it in report.plan.edits if it.instances} == set(case["rungs"])
    moved = report.verdict.weights.moved.items()
    assert {new.replace(".body", "") for _, new in moved} == {old.replace(".body", "") for old, _ in moved}
    check_second(bench, path, file, "net", case["already"])


@cases("off")
@pytest.mark.parametrize("model", ["net", "Net"])
def test_off_unless_the_model_call_asks_for_it(bench: Any, case: dict[str, Any], model: str) -> None:
    path, file = bench.copy(NET), rules(bench, case["rule"])
    report = bench.run(file, path, model, SHAPE)
    bench.check_applied(report, f"wrap--{case['name']}")
    assert report.plan.switches == ("use_refined",)
    assert any("off by default" in note for note in report.plan.notes)
    assert "use_refined=False" in path.read_text() and "use_refined=True" not in path.read_text()
    check_second(bench, path, file, model, case["already"])


@cases("subclass")
def test_classes_stay_as_they_are(bench: Any, case: dict[str, Any]) -> None:
    path, file = bench.copy(SUBCLASSED), rules(bench, case["rule"])
    report = bench.run(file, path, "net", SHAPE)
    bench.check_applied(report, f"wrap--{case['name']}")
    assert {it.rung for it in report.plan.edits} == {"subclass"}
    before, after = _classes(SUBCLASSED.read_text()), _classes(path.read_text())
    assert before.items() <= after.items()
    check_second(bench, path, file, "net", case["already"])


def _classes(text: str) -> dict[str, str | None]:
    return {it.name: ast.get_source_segment(text, it) for it in ast.parse(text).body if isinstance(it, ast.ClassDef)}


@cases("refused")
def test_refused(bench: Any, case: dict[str, Any]) -> None:
    path = bench.copy(NET)
    report = bench.run(rules(bench, case["rule"]), path, "net", SHAPE)
    refused = [it for rule in report.plan.rules for it in rule.refused]
    assert report.status == "refused"
    assert {it.code for it in refused} == {case["code"]}
    assert all(it.advice and it.where is not None for it in refused)
    bench.check_untouched()


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("match: {path: 'mixers.*'}, wrap: {with: Refined}", "several-inputs"),
        ("match: {path: 'mixers.*.right'}, wrap: {with: Refined}", "keyword-call"),
        ("match: {path: 'row.1'}, wrap: {with: Refined, emit: flag}", "needs-split"),
        ("match: {path: 'row.*'}, wrap: {with: Refined, emit: flag}", "needs-split"),
    ],
)
def test_what_no_block_can_stand_around(bench: Any, rule: str, code: str) -> None:
    path = bench.write("net.py", TAKEN)
    report = bench.run(rules(bench, rule), path, "Net", SHAPE)
    assert report.status == "refused"
    assert {it.code for it in report.plan.rules[0].refused} == {code}
    bench.check_untouched()


def test_what_torch_does_with_what_a_function_returns_is_no_part_of_the_wrap(bench: Any) -> None:
    path = bench.write("net.py", TAKEN)
    report = bench.run(rules(bench, "match: {path: 'row.*'}, wrap: {with: Refined}"), path, "Net", SHAPE)
    assert report.status == "applied" and report.verdict.proof.equal
    assert "return Refined(nn.Conv2d(width, width, 3, padding=1), width)" in path.read_text()


UNITS = """\
import torch.nn as nn


class Unit(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x):
        return self.conv(x)
"""
USER = """\
import torch.nn as nn

from .units import Unit


class Net(nn.Module):
    def __init__(self, width=8, deep=False):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 1)
        self.first = Unit(width)
        if not deep:
            return
        self.second = Unit(width)

    def forward(self, x):
        return self.first(self.stem(x))
"""


def test_where_nothing_can_follow_what_another_file_builds_its_class_has_a_subclass(bench: Any) -> None:
    for name, text in (("__init__", ""), ("units", UNITS), ("other", USER), ("net", USER)):
        path = bench.write(f"pack/{name}.py", text)
    file = rules(bench, "match: {path: first.conv}, wrap: {with: Refined}")
    report = bench.run(file, path, "Net", SHAPE)
    assert report.status == "applied" and report.verdict.proof.equal
    assert "class RefinedUnit(Unit):" in path.read_text() and "self.first = RefinedUnit(width)" in path.read_text()
    assert "self.second = Unit(width)" in path.read_text()
    assert [it for it in bench.bytes() if bench.bytes()[it] != bench.original[it]] == [str(path)]
    check_second(bench, path, file, "Net", 1)


BUILDER = (
    UNITS
    + """

def build(width, depth):
    units = [Unit(width) for _ in range(depth)]
    return nn.Sequential(*units)
"""
)
BUILT = """\
import torch.nn as nn

from .units import build


class Net(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 1)
        self.units = build(width, 4)

    def forward(self, x):
        return self.units(self.stem(x))
"""


@pytest.mark.parametrize(
    ("path", "written"),
    [
        (
            "units.*",
            "                if isinstance(child, Unit):\n                    setattr(parent, name, Refined(child))",
        ),
        (
            "units.{1,2}",
            "        self.units[1] = Refined(self.units[1])\n        self.units[2] = Refined(self.units[2])",
        ),
    ],
)
def test_classes_of_other_files_are_wrapped_where_all_is_built(bench: Any, path: str, written: str) -> None:
    for name, text in (("__init__", ""), ("units", BUILDER), ("other", BUILT), ("net", BUILT)):
        net = bench.write(f"pack/{name}.py", text)
    rule = f"match: {{type: Unit, path: '{path}'}}, wrap: {{with: Refined}}"
    file = rules(bench, rule, "Refined: {serial: [body, {Dropout: {p: 0.1}}]}")
    report = bench.run(file, net, "Net", SHAPE)
    assert report.status == "applied" and report.verdict.proof.equal
    assert written in net.read_text()
    assert bench.run(file, net, "Net", SHAPE).status == "unchanged"


def test_no_switch_for_what_another_file_makes(bench: Any) -> None:
    for name, text in (("__init__", ""), ("units", UNITS), ("other", USER), ("net", USER)):
        path = bench.write(f"pack/{name}.py", text)
    report = bench.run(rules(bench, "match: {path: first.conv}, wrap: {with: Refined, emit: flag}"), path, "Net", SHAPE)
    assert report.status == "refused"
    assert {it.code for it in report.plan.rules[0].refused} == {"out-of-scope"}
    bench.check_untouched()


STACK = """\
import torch.nn as nn


class Stack(nn.Module):
    def __init__(self, width, depth):
        super().__init__()
        self.layers = nn.ModuleList()
        for _ in range(depth):
            self.layers.append(nn.ModuleList([nn.Conv2d(width, width, 1), nn.BatchNorm2d(width)]))
        self.blocks = nn.Sequential(*[nn.Conv2d(width, width, 3, padding=1) for _ in range(depth)])

    def forward(self, x):
        for conv, norm in self.layers:
            x = norm(conv(x))
        return self.blocks(x)


class Net(nn.Module):
    def __init__(self, width=8, depth=2):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 1)
        self.stack = Stack(width, depth)

    def forward(self, x):
        return self.stack(self.stem(x))
"""


@pytest.mark.parametrize(
    ("path", "lines"),
    [
        (
            "stack.layers.*.1",
            ["for layer in self.layers:", "    layer[1] = Refined(layer[1], layer[1].num_features)"],
        ),
        (
            "stack.blocks.*",
            ["for i, block in enumerate(self.blocks):", "    self.blocks[i] = Refined(block, block.out_channels)"],
        ),
        ("stack.blocks.1", ["self.blocks[1] = Refined(self.blocks[1], self.blocks[1].out_channels)"]),
        (
            "stack.{blocks.0,layers.0.0}",
            [
                "self.layers[0][0] = Refined(self.layers[0][0], self.layers[0][0].out_channels)",
                "self.blocks[0] = Refined(self.blocks[0], self.blocks[0].out_channels)",
            ],
        ),
    ],
)
def test_a_subclass_goes_through_a_list_of_which_every_part_is_meant(bench: Any, path: str, lines: list[str]) -> None:
    net = bench.write("net.py", STACK)
    file = rules(bench, f"match: {{path: '{path}'}}, wrap: {{with: Refined, emit: subclass}}")
    report = bench.run(file, net, "Net", SHAPE)
    assert report.status == "applied" and report.verdict.proof.equal
    last = net.read_text().partition("super().__init__(*args, **kwargs)\n")[2].partition("\n\n\n")[0]
    assert last == "\n".join(f"        {line}" for line in lines)
    assert bench.run(file, net, "Net", SHAPE).status == "unchanged"


def test_what_a_function_returns_elsewhere_stays(bench: Any) -> None:
    path = bench.copy(NET)
    file = rules(bench, "match: {type: ReLU, path: 'layer*.*.act'}, wrap: {with: Refined}")
    report = bench.run(file, path, "net", SHAPE)
    assert report.status == "applied" and report.verdict.proof.equal
    assert "return nn.GELU()" in path.read_text()
    assert set(report.plan.rules[0].planned) == {f"layer1.{n}.act" for n in range(3)}


@pytest.mark.parametrize("name", ["one-stage", "by-its-class", "comprehension"])
def test_a_condition_that_selects_others_fails_the_proof(
    bench: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mutagen.actions import insert_wrap

    plain = insert_wrap.chosen

    def otherwise(rule: Any, parts: Any) -> Any:
        return plain(rule, [replace(it, condition=f"not ({it.condition})") for it in parts])

    monkeypatch.setattr(insert_wrap, "chosen", otherwise)
    case = next(it for it in DATA["case"] if it["name"] == name)
    path = bench.copy(NET)
    report = bench.run(rules(bench, case["rule"]), path, "net", SHAPE)
    assert report.status in ("failed", "refused")
    bench.check_untouched()


def test_a_change_that_is_there_without_the_switch_too_fails(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mutagen.actions.parting_text.repr", lambda value: "True", raising=False)
    path = bench.copy(NET)
    report = bench.run(rules(bench, DATA["off"][0]["rule"]), path, "net", SHAPE)
    assert report.status == "failed" or any(it.refused for it in report.plan.rules)
    bench.check_untouched()


def test_every_patch_is_used() -> None:
    stored = {it.name for it in (FOLDER / "patches").glob("wrap--*")}
    assert stored == {f"wrap--{it['name']}.patch" for kind in ("case", "off", "subclass") for it in DATA[kind]}
