"""What must not be written, and why the user is told that it was not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mutagen.errors import ClashError, RuleError

NET = """\
import torch
import torch.nn as nn


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, padding=1)
        self.norm = nn.BatchNorm2d(width)

    def forward(self, x):
        return x + self.norm(self.conv(x))


class Net(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 1)
        self.norm = nn.BatchNorm2d(width)
        self.block1 = Block(width)
        self.block2 = Block(width)

    def forward(self, x):
        x = self.norm(self.stem(x))
        return self.block2(self.block1(x))
"""
TAIL = """\
class Tail(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv2d(width, width, 1)

    def forward(self, x):
        return x + self.conv(x)


"""
BOTH = (
    NET.replace("class Net", f"{TAIL}class Net")
    .replace("self.block2 = Block(width)", "self.block2 = copy.deepcopy(self.block1)\n        self.tail = Tail(width)")
    .replace("import torch\n", "import copy\n\nimport torch\n")
    .replace("self.norm(self.conv(x))", "self.norm(self.conv(x)).tanh()")
    .replace("self.block2(self.block1(x))", "self.tail(self.block2(self.block1(x)))")
)
WIDTHS = """\
import torch.nn as nn


class Net(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 1)
        self.conv2 = nn.Conv2d(width, 2 * width, 3, padding=1)
        self.relu = nn.ReLU()

    def forward(self, x):
        x = self.relu(self.conv1(x))
        return self.relu(self.conv2(x))
"""
LAYERS = """\
import torch.nn as nn


class Layer(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm = nn.BatchNorm2d(width)

    def forward(self, x):
        return x + self.norm(x).tanh()
"""
USER = """\
import torch.nn as nn

from .layers import Layer


class Net(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.conv = nn.Conv2d(3, width, 1)
        self.layer = Layer(width)

    def forward(self, x):
        return self.layer(self.conv(x))
"""
SHAPE = ("1x3x16x16",)


def rules(bench: Any, *texts: str) -> str:
    lines = [f"  - {text}" for text in texts]
    path = bench.folder / "rules.yaml"
    path.write_text("\n".join(["version: 1", "rules:", *lines, ""]))
    return str(path)


def codes(report: Any) -> dict[str, str]:
    return {it.path: it.code for rule in report.plan.rules for it in rule.refused}


SOME_EDGES = "match: {edge: residual, not: {path: block2}}"
GATE = "insert: {block: LayerScale, at: branch, args: {init: 0.0}"


def test_some_instances_of_a_site(bench: Any) -> None:
    path = bench.write("net.py", BOTH)
    report = bench.run(rules(bench, f"{{id: some, {SOME_EDGES}, {GATE}}}}}"), path, "Net", SHAPE)
    assert report.status == "refused"
    assert codes(report) == {"block1": "needs-split"}
    bench.check_untouched()


def test_the_rest_is_written_where_that_is_allowed(bench: Any) -> None:
    path = bench.write("net.py", BOTH)
    report = bench.run(rules(bench, f"{{id: some, {SOME_EDGES}, {GATE}, partial: allow}}}}"), path, "Net", SHAPE)
    assert report.status == "applied"
    assert codes(report) == {"block1": "needs-split"}
    text = path.read_text()
    assert text.count("self.layer_scale(") == 1
    assert text.index("class Tail") < text.index("self.layer_scale(") < text.index("class Net")


WIDE = "{id: wide, match: {op: relu, where: {channels: {ge: 32}}}, replace: {with: gelu}}"


def test_one_call_of_a_shared_module_becomes_that_of_a_function(bench: Any) -> None:
    path = bench.write("net.py", WIDTHS)
    report = bench.run(rules(bench, WIDE), path, "Net", SHAPE)
    assert report.status == "applied"
    text = path.read_text()
    assert (text.count("self.relu("), text.count("functional.gelu(")) == (1, 1)
    assert text.count("nn.ReLU()") == 1
    assert bench.run(rules(bench, WIDE), path, "Net", SHAPE).status == "unchanged"


def test_one_call_of_a_module_that_a_container_calls(bench: Any) -> None:
    tail = "self.relu = nn.ReLU()\n        self.tail = nn.Sequential(self.conv2, self.relu)"
    shared = WIDTHS.replace("self.relu(self.conv2(x))", "self.tail(x)").replace("self.relu = nn.ReLU()", tail)
    path = bench.write("net.py", shared)
    report = bench.run(rules(bench, WIDE), path, "Net", SHAPE)
    assert report.status == "refused"
    assert codes(report) == {"relu": "some-calls"}
    bench.check_untouched()


def two_models(bench: Any, layers: str = LAYERS, user: str = USER) -> Path:
    bench.write("pkg/__init__.py", "")
    bench.write("pkg/layers.py", layers)
    bench.write("pkg/other.py", user)
    return bench.write("pkg/net.py", user)


def test_a_layer_file_of_two_models(bench: Any) -> None:
    maker = "\n\ndef make_layer(width):\n    return Layer(width)\n"
    user = USER.replace("import Layer", "import make_layer").replace(" Layer(width)", " make_layer(width)")
    path = two_models(bench, LAYERS + maker, user)
    narrow = bench.run("gated-residuals", path, "Net", SHAPE)
    assert narrow.status == "applied"
    assert [it.path for it in narrow.files] == [str(path)]
    assert "self.layer.__class__ = LayerScaleLayer\n" in path.read_text()
    path.write_bytes(bench.original[str(path)])
    wider = bench.run("gated-residuals", path, "Net", SHAPE, scope="package")
    assert wider.status == "applied"
    assert [it.path for it in wider.files] == [str(bench.folder / "pkg/layers.py")]


def test_a_layer_file_of_two_models_is_left_alone_where_its_user_names_the_class(bench: Any) -> None:
    path = two_models(bench)
    report = bench.run("gated-residuals", path, "Net", SHAPE)
    assert report.status == "applied"
    assert [it.path for it in report.files] == [str(path)]
    assert {it.rung for it in report.plan.edits} == {"subclass"}


def test_a_layer_file_of_two_models_is_left_alone_where_its_user_can_change_what_it_makes(bench: Any) -> None:
    path = two_models(bench)
    report = bench.run("bn-to-gn", path, "Net", SHAPE)
    assert report.status == "applied"
    assert [it.path for it in report.files] == [str(path)]
    assert [it.rung for it in report.plan.edits] == ["override"]


def test_a_layer_file_of_two_models_is_left_alone_where_its_user_can_wrap_what_it_makes(bench: Any) -> None:
    path = two_models(bench, LAYERS.replace(".tanh()", ""))
    report = bench.run("gated-residuals", path, "Net", SHAPE)
    assert report.status == "applied"
    assert [it.path for it in report.files] == [str(path)]
    assert "self.layer.norm = nn.Sequential(self.layer.norm, LayerScale(init=0.0))\n" in path.read_text()


def test_a_plain_sequential_that_ends_the_branch_takes_one_more(bench: Any) -> None:
    """Its old keys stay what they are."""
    layers = LAYERS.replace(".tanh()", "").replace("nn.BatchNorm2d(width)", "nn.Sequential(nn.BatchNorm2d(width))")
    path = two_models(bench, layers)
    report = bench.run("gated-residuals", path, "Net", SHAPE)
    assert report.status == "applied"
    assert "        self.layer.norm.append(LayerScale(init=0.0))\n" in path.read_text()
    assert not report.verdict.weights.moved and not report.verdict.weights.lost


def test_two_classes_of_one_name(bench: Any) -> None:
    bench.write("pkg/__init__.py", "")
    bench.write("pkg/layers.py", NET)
    text = NET.replace("class Net", "class Inner(Old):\n    pass\n\n\nclass Net").replace(
        "import torch\n", "import torch\nfrom .layers import Block as Old\n"
    )
    path = bench.write("pkg/net.py", text.replace("self.block2 = Block", "self.block2 = Old"))
    report = bench.run("gated-residuals", path, "Net", SHAPE)
    assert report.status == "applied"
    for file in report.files:
        assert file.after.count(b"self.layer_scale = ") <= 1
        assert file.after.count(b"self.layer_scale(") <= 1


def test_a_typo_in_a_path(bench: Any) -> None:
    path = bench.write("net.py", NET)
    rule = '{id: typo, match: {type: BatchNorm2d, path: "blok1.norm"}, replace: {with: GroupNorm}}'
    with pytest.raises(RuleError) as raised:
        bench.run(rules(bench, rule), path, "Net", SHAPE)
    assert raised.value.code == "M001"
    bench.check_untouched()


def test_looking_writes_nothing(bench: Any) -> None:
    path = bench.write("net.py", NET)
    report = bench.run("bn-to-gn", path, "Net", SHAPE, write=False)
    assert report.status == "would_change"
    bench.check_untouched()


def test_a_stored_plan_writes_the_same(bench: Any) -> None:
    from mutagen.load.plan_file import dump_plan

    path = bench.write("net.py", NET)
    report = bench.run("bn-to-gn", path, "Net", SHAPE, write=False)
    stored = bench.folder / "plan.json"
    stored.write_text(dump_plan(report.plan))
    replayed = bench.run("", path, "Net", SHAPE, plan_file=str(stored))
    assert replayed.status == "applied"
    assert path.read_bytes() == report.files[0].after
    with pytest.raises(ClashError) as raised:
        bench.run("", path, "Net", SHAPE, plan_file=str(stored))
    assert raised.value.code == "F105"


STALE = """\
import torch.nn as nn


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        layers = [nn.Conv2d(width, width, 3, padding=1)]
        self.layers = nn.ModuleList(layers)
        width = 2 * width
        self.planes = width

    def forward(self, x):
        y = x
        for layer in self.layers:
            y = layer(y)
        return x + y


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 1)
        self.block = Block(16)

    def forward(self, x):
        return self.block(self.stem(x))
"""


def test_a_name_that_has_another_value_where_it_would_stand(bench: Any) -> None:
    path = bench.write("net.py", STALE)
    report = bench.run("eca-after-blocks", path, "Net", SHAPE)
    assert report.status == "applied"
    made = next(line.strip() for line in path.read_text().split("\n") if "self.eca = " in line)
    above = path.read_text().partition(made)[0]
    assert made == ("self.eca = ECA(16)" if "width = 2 * width" in above else "self.eca = ECA(width)")
