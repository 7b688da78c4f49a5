"""Several rules of one file are one transaction: the first one takes a target, and all or nothing is written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mutagen.errors import ClashError, RuleError
from tests.golden.conftest import ROOT

SOURCE = """\
import torch.nn as nn


class Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv = nn.Conv2d(c, c, 3, padding=1)
        self.norm = nn.BatchNorm2d(c)
        self.act = nn.ReLU()

    def forward(self, x):
        return x + self.act(self.norm(self.conv(x)))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, padding=1)
        self.stem_act = nn.ReLU()
        self.block = Block(16)
        self.head = nn.Linear(16, 4)

    def forward(self, x):
        x = self.block(self.stem_act(self.stem(x)))
        return self.head(x.mean((2, 3)))
"""
DSC = "{id: dsc, match: {type: Conv2d, path: block.conv}, replace: {with: DepthwiseSeparableConv2d}}"
GELU = "{id: gelu, match: {op: relu}, replace: {with: gelu}}"
GATE = "{id: gate, match: {edge: residual}, insert: {block: LayerScale, at: branch}}"
KEEP = "{id: keep, match: {path: stem_act}, skip: true}"


@pytest.fixture
def target(bench: Any) -> Path:
    return bench.write("net.py", SOURCE)


def applied(bench: Any, target: Path, *rules: str) -> Any:
    path = bench.folder / "rules.yaml"
    path.write_text("version: 1\nrules:\n" + "".join(f"  - {rule}\n" for rule in rules))
    return bench.run(str(path), target, "Net()", ("1x3x16x16",))


def planned(report: Any) -> dict[str, tuple[str, ...]]:
    return {rule.rule: rule.planned for rule in report.plan.rules}


def test_rules_that_touch_different_things_are_written_together(bench: Any, target: Path) -> None:
    report = applied(bench, target, DSC, GELU, GATE)
    assert report.status == "applied"
    assert planned(report)["dsc"] == ("block.conv",)
    text = target.read_text()
    assert all(word in text for word in ("DepthwiseSeparableConv2d(c, c, 3", "GELU", "LayerScale("))
    again = applied(bench, target, DSC, GELU, GATE)
    assert again.status == "unchanged"


def test_the_first_rule_takes_a_target_and_the_next_gets_the_rest(bench: Any, target: Path) -> None:
    first = "{id: first, match: {op: relu, inside: {type: Block}}, replace: {with: gelu}}"
    report = applied(bench, target, first, GELU)
    assert planned(report) == {"first": ("block.act",), "gelu": ("stem_act",)}
    assert target.read_text().count("nn.GELU()") == 2


def test_skip_reserves_for_all_rules_behind_it(bench: Any, target: Path) -> None:
    report = applied(bench, target, KEEP, GELU)
    assert planned(report)["gelu"] == ("block.act",)
    assert "self.stem_act = nn.ReLU()" in target.read_text()
    bench_again = applied(bench, target, KEEP, GELU)
    assert bench_again.status == "unchanged"


def test_one_rule_that_matches_nothing_keeps_all_from_being_written(bench: Any, target: Path) -> None:
    typo = "{id: typo, match: {path: blok.conv}, replace: {with: DepthwiseSeparableConv2d}}"
    with pytest.raises(RuleError) as raised:
        applied(bench, target, GELU, typo)
    assert (raised.value.code, raised.value.place.line) == ("M001", 4)
    bench.check_untouched()


def test_one_refusal_keeps_all_from_being_written(bench: Any, target: Path) -> None:
    gates = "{id: gates, match: {path: head}, insert: {block: AttentionGate2d, at: after}}"
    report = applied(bench, target, GELU, gates)
    assert report.status == "refused"
    bench.check_untouched()


def test_a_module_and_its_call_are_one_target(bench: Any, target: Path) -> None:
    modules = "{id: modules, match: {type: ReLU}, remove: true}"
    report = applied(bench, target, GELU, modules)
    assert planned(report) == {"gelu": ("stem_act", "block.act"), "modules": ()}
    assert target.read_text().count("nn.GELU()") == 2


def test_the_module_may_come_first(bench: Any, target: Path) -> None:
    modules = "{id: modules, match: {type: ReLU, path: stem_act}, remove: true}"
    report = applied(bench, target, modules, GELU)
    assert planned(report) == {"modules": ("stem_act",), "gelu": ("block.act",)}
    text = target.read_text()
    assert (text.count("nn.ReLU()"), text.count("nn.GELU()")) == (0, 1)
    assert applied(bench, target, modules, GELU).status == "unchanged"


SHARED = """\
import torch.nn as nn


def norm(c):
    return nn.BatchNorm2d(c)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.one = norm(16)
        self.two = norm(16)

    def forward(self, x):
        return self.two(self.one(x))
"""


def test_two_rules_on_one_expression_are_a_conflict_with_both_names(bench: Any) -> None:
    target = bench.write("net.py", SHARED)
    one, two = (
        f"{{id: {name}, match: {{type: BatchNorm2d, path: {path}}}, {action}}}"
        for name, path, action in (
            ("first", "one", "replace: {with: GroupNorm, args: {num_groups: 4}}"),
            ("second", "two", "replace: {with: GroupNorm, args: {num_groups: 2}}"),
        )
    )
    path = bench.folder / "rules.yaml"
    path.write_text(f"version: 1\nrules:\n  - {one}\n  - {two}\n")
    with pytest.raises(ClashError) as raised:
        bench.run(str(path), target, "Net()", ("1x16x16x16",))
    assert raised.value.code == "P010"
    assert "rules first and second both" in raised.value.message
    bench.check_untouched()


INLINE = """import torch.nn as nn
import torch.nn.functional as F


class Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv = nn.Conv2d(c, c, 3, padding=1)
        self.norm = nn.BatchNorm2d(c)

    def forward(self, x):
        return x + F.relu(self.norm(self.conv(x)))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.block = Block(16)
        self.block2 = Block(16)

    def forward(self, x):
        return self.block2(self.block(x))
"""
WITHIN = [
    "{id: branch-end, match: {block: residual}, insert: {block: ECA, at: branch-end}}",
    "{id: gate, match: {edge: residual}, insert: {block: LayerScale, at: branch}}",
    "{id: gelu, match: {op: relu}, replace: {with: gelu}}",
    "{id: norm, match: {type: BatchNorm2d}, insert: {block: ECA, at: after}}",
]


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 0, 1), (2, 0, 3, 1)])
def test_rules_may_work_within_one_expression(bench: Any, order: tuple[int, ...]) -> None:
    target = bench.write("net.py", INLINE)
    path = bench.folder / "rules.yaml"
    path.write_text("version: 1\nrules:\n" + "".join(f"  - {WITHIN[it]}\n" for it in order))
    report = bench.run(str(path), target, "Net()", ("1x16x16x16",))
    assert report.status == "applied", report.failure
    text = target.read_text()
    assert "return x + self.layer_scale(self.eca2(F.gelu(self.eca(self.norm(self.conv(x))))))" in text
    assert bench.run(str(path), target, "Net()", ("1x16x16x16",)).status == "unchanged"


def test_of_two_on_one_edge_the_first_comes_first(bench: Any) -> None:
    target = bench.write("net.py", INLINE)
    path = bench.folder / "rules.yaml"
    path.write_text(f"version: 1\nrules:\n  - {WITHIN[1]}\n  - {WITHIN[0]}\n")
    assert bench.run(str(path), target, "Net()", ("1x16x16x16",)).status == "applied"
    assert "x + self.eca(self.layer_scale(F.relu(" in target.read_text()


def test_what_can_only_go_into_a_module_does_not_come_behind_a_line_of_forward(bench: Any) -> None:
    """Seven blocks in one loop: every second one can be told from the others only when all of them are built."""
    target = bench.copy(ROOT / "samples" / "resnet_cifar.py")
    rules = (WITHIN[1], "{id: second, match: {edge: residual, only: {every: 2}}, insert: {block: ECA, at: branch}}")
    path = bench.folder / "rules.yaml"
    path.write_text(f"version: 1\nrules:\n  - {rules[0]}\n  - {rules[1]}\n")
    with pytest.raises(ClashError) as raised:
        bench.run(str(path), target, "resnet20()", ("2x3x16x16",))
    assert (raised.value.code, raised.value.place.line) == ("P011", 4)
    bench.check_untouched()
    path.write_text(f"version: 1\nrules:\n  - {rules[1]}\n  - {rules[0]}\n")  # the advice
    assert bench.run(str(path), target, "resnet20()", ("2x3x16x16",)).status == "applied"


def test_a_module_is_replaced_and_put_beside_another(bench: Any, target: Path) -> None:
    """Both rules name what they make after the one module."""
    beside = "{id: beside, match: {path: block.conv}, insert: {block: ECA, at: after, strategy: override}}"
    report = applied(bench, target, DSC, beside)
    assert report.status == "applied", [str(it) for rule in report.plan.rules for it in rule.refused]
    text = target.read_text()
    assert "nn.Sequential(" in text and "self.eca" not in text
    assert len({it.match for it in report.plan.surgery}) == 2
    assert applied(bench, target, DSC, beside).status == "unchanged"


def test_included_rules_are_part_of_the_transaction(bench: Any, target: Path) -> None:
    (bench.folder / "base.yaml").write_text(f"version: 1\nrules:\n  - {GELU}\n  - {GATE}\n")
    path = bench.folder / "variant.yaml"
    path.write_text(f"version: 1\ninclude: [base.yaml]\nrules:\n  - {{id: gate, enabled: false}}\n  - {DSC}\n")
    report = bench.run(str(path), target, "Net()", ("1x3x16x16",))
    assert report.status == "applied"
    assert [rule.rule for rule in report.plan.rules] == ["gelu", "dsc"]
    assert "LayerScale" not in target.read_text()


def test_a_condition_that_two_rules_ask_for_is_written_once(bench: Any) -> None:
    source = INLINE.replace("        self.norm", "        self.residual = c > 8\n        self.norm").replace(
        "return x + F.relu(self.norm(self.conv(x)))",
        "y = F.relu(self.norm(self.conv(x)))\n        if self.residual:\n            y = x + y\n        return y",
    )
    target = bench.write(
        "net.py",
        source.replace("self.block2 = Block(16)", "self.block2 = Block(8)").replace(
            "self.block2(self.block(x))", "self.block2(self.block(x)[:, :8])"
        ),
    )
    path = bench.folder / "rules.yaml"
    path.write_text(f"version: 1\nrules:\n  - {WITHIN[0]}\n  - {WITHIN[1]}\n")
    assert bench.run(str(path), target, "Net()", ("1x16x16x16",)).status == "applied"
    made = "        if self.residual:\n            self.eca = ECA(c)\n            self.layer_scale = LayerScale()\n"
    assert made in target.read_text()
    assert "y = x + self.layer_scale(self.eca(y))" in target.read_text()
    assert bench.run(str(path), target, "Net()", ("1x16x16x16",)).status == "unchanged"


REFINED = "version: 1\nblocks:\n  Refined: {serial: [body, ECA]}\nrules:\n"
REFINE = "{id: refine, match: {block: residual}, wrap: {with: Refined}}"


def test_what_is_wrapped_is_still_the_users(bench: Any) -> None:
    """Other rules find it in the block around it, the second time too, and later ones may change it."""
    target = bench.write("net.py", INLINE)
    path = bench.folder / "rules.yaml"
    path.write_text(f"{REFINED}  - {REFINE}\n  - {WITHIN[1]}\n")
    assert bench.run(str(path), target, "Net()", ("1x16x16x16",)).status == "applied"
    again = bench.run(str(path), target, "Net()", ("1x16x16x16",))
    assert again.status == "unchanged"
    assert all(rule.already for rule in again.plan.rules)
    later = bench.folder / "later.yaml"
    later.write_text(
        f"{REFINED}  - {{id: dsc, match: {{type: Conv2d}}, replace: {{with: DepthwiseSeparableConv2d}}}}\n"
    )
    report = bench.run(str(later), target, "Net()", ("1x16x16x16",))
    assert report.status == "applied"
    assert planned(report)["dsc"] == ("block.body.conv", "block2.body.conv")
    assert bench.run(str(path), target, "Net()", ("1x16x16x16",)).status == "unchanged"


def test_the_own_parts_of_a_block_around_something_are_left_alone(bench: Any) -> None:
    target = bench.write("net.py", INLINE)
    path = bench.folder / "rules.yaml"
    path.write_text(
        "version: 1\nblocks:\n  Refined: {serial: [body, {Conv2d: {kernel_size: 3, padding: auto}}]}\nrules:\n"
        f"  - {REFINE}\n  - {{id: dsc, match: {{type: Conv2d}}, replace: {{with: DepthwiseSeparableConv2d}}}}\n"
    )
    assert bench.run(str(path), target, "Net()", ("1x16x16x16",)).status == "applied"
    assert target.read_text().count("DepthwiseSeparableConv2d(") == 2  # the class, and the block's own convolution
    assert bench.run(str(path), target, "Net()", ("1x16x16x16",)).status == "unchanged"


def test_who_takes_some_calls_of_a_module_leaves_it_to_others(bench: Any) -> None:
    """The ReLU of a block runs behind its norm and behind the addition."""
    target = bench.copy(ROOT / "samples" / "resnet_torchvision_style.py")
    some = "{id: some, match: {pattern: 'relu(bn(conv(x)))'}, replace: {relu: {with: gelu}}}"
    every = "{id: every, match: {type: ReLU}, replace: {with: GELU}}"
    path = bench.folder / "rules.yaml"
    path.write_text(f"version: 1\nrules:\n  - {some}\n  - {every}\n")
    report = bench.run(str(path), target, "resnet18()", ("1x3x32x32",))
    assert report.status == "applied"
    assert "relu" in planned(report)["some"] and "layer1.0.relu" in planned(report)["every"]
    assert bench.run(str(path), target, "resnet18()", ("1x3x32x32",)).status == "unchanged"
