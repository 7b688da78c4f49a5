"""Edits of the graph: whole modules, parts of what was not traced into, two inputs, and what is refused."""

from __future__ import annotations

import dataclasses

import pytest

from mutagen.blocks.catalogue import Names, find_block, render
from mutagen.errors import ProofError
from mutagen.records.plan import InsertOnEdge, Product, SwapCall, SwapModule, Use

SHAPE = {"shape": (1, 8, 16, 16)}
ECA = "import math\n\n\n" + render(find_block("ECA"), Names(), "ECA")

SENET = (
    ECA
    + """

class SE(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.fc1 = nn.Conv2d(c, c // 4, 1)
        self.fc2 = nn.Conv2d(c // 4, c, 1)

    def forward(self, x):
        s = x.mean((2, 3), keepdim=True)
        s = F.relu(self.fc1(s), inplace=True)
        return x * torch.sigmoid(self.fc2(s))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(8, 8, 3, padding=1)
        self.se = SE(8)
        self.again = AGAIN

    def forward(self, x):
        y = self.se(self.conv(x))
        return F.relu(y) + self.again(CALL)
"""
)


def senet(again="nn.Identity()", call="x", se="SE(8)"):
    return SENET.replace("AGAIN", again).replace("CALL", call).replace("self.se = SE(8)", f"self.se = {se}")


def swap(path, block="ECA"):
    return lambda trace: [SwapModule(path, path, Use(block))]


SE = (Product("se", "se"),)


def test_module_whose_inside_was_traced(bench):
    verdict = bench.prove(senet(), senet(se="ECA(8)"), swap("se"), SE, **SHAPE)
    assert verdict.proof.bit_equal
    assert set(verdict.weights.lost) == {"se.fc1.weight", "se.fc1.bias", "se.fc2.weight", "se.fc2.bias"}
    assert verdict.weights.new == ("se.conv.weight",)
    assert not bench.prove(
        senet(), senet(se="nn.Sequential(ECA(8), nn.Identity())"), swap("se"), SE, **SHAPE
    ).proof.equal


def test_two_calls_of_one_module_stay_one_block(bench):
    before = senet("self.se", "self.se(x)")
    verdict = bench.prove(before, senet("self.se", "self.se(x)", "ECA(8)"), swap("se"), SE, **SHAPE)
    assert [case.note for case in verdict.proof.cases] == [""] * 4
    apart = senet("ECA(8)", "self.se(x)", "ECA(8)")
    assert not bench.prove(before, apart, swap("se"), SE, **SHAPE).proof.equal


def test_two_modules_of_one_class_are_told_apart(bench):
    before = senet("SE(8)", "x")
    right, wrong = senet("SE(8)", "x", "ECA(8)"), senet("ECA(8)", "x")
    assert bench.prove(before, right, swap("se"), SE, **SHAPE).proof.equal
    assert not bench.prove(before, wrong, swap("se"), SE, **SHAPE).proof.equal


def test_module_that_returns_two_tensors_is_refused(bench):
    source = senet().replace("return x * torch.sigmoid(self.fc2(s))", "return x * self.fc2(s), s")
    source = source.replace("y = self.se(self.conv(x))", "y, s = self.se(self.conv(x)); y = y + s.mean()")
    with pytest.raises(ProofError) as caught:
        bench.prove(source, source, swap("se"), SE, **SHAPE)
    assert caught.value.code == "P805"


BRANCHING = """
class Inner(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(8, 8, 3, padding=1)
        self.bn = BN

    def forward(self, x):
        if x.mean() > 1e6:
            return x
        return self.bn(self.conv(x))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = Inner()

    def forward(self, x):
        return F.relu(self.inner(x))
"""


def test_module_inside_one_that_cannot_be_traced(bench):
    before, after = BRANCHING.replace("BN", "nn.BatchNorm2d(8)"), BRANCHING.replace("BN", "nn.GroupNorm(4, 8)")
    surgery, products = swap("inner.bn", "GroupNorm"), (Product("inner.bn", "inner.bn"),)
    for need_calls in (False, True):
        verdict = bench.prove(before, after, surgery, products, need_calls=need_calls, **SHAPE)
        assert [case.note for case in verdict.proof.cases] == [""] * 4
        wrong = BRANCHING.replace("BN", "nn.GroupNorm(2, 8)")
        assert not bench.prove(before, wrong, surgery, products, need_calls=need_calls, **SHAPE).proof.equal


GATED = (
    render(find_block("AttentionGate2d"), Names(), "AttentionGate2d")
    + """

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.Conv2d(8, 12, 3, padding=1)
        GATE

    def forward(self, x):
        up = self.down(x)
        return torch.cat([SKIP, up], dim=1)
"""
)


def test_block_of_two_operands_of_a_list(bench):
    def surgery(trace):
        (node,) = [node for node in trace.nodes if node.name == "cat"]
        return [InsertOnEdge("gate", node.key, 0, (1,), Use("AttentionGate2d"))]

    arguments = ", ".join(
        str({"channels": 8, "channels_other": 12}[origin])
        for origin in find_block("AttentionGate2d").arguments.values()
        if origin.startswith("channels")
    )
    made = f"self.gate = AttentionGate2d({arguments})"
    before = GATED.replace("GATE", "").replace("SKIP", "x")
    after = GATED.replace("GATE", made).replace("SKIP", "self.gate(x, up)")
    products = (Product("gate", "gate"),)
    verdict = bench.prove(before, after, surgery, products, **SHAPE)
    assert [case.note for case in verdict.proof.cases] == [""] * 4
    wrong = GATED.replace("GATE", made).replace("SKIP", "self.gate(x, self.down(x * 0.5))")
    assert not bench.prove(before, wrong, surgery, products, **SHAPE).proof.equal


PLAIN = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(8, 8, 3, padding=1)

    def forward(self, x):
        y = self.conv(x)
        return BODY
"""


def test_call_that_is_not_in_every_graph_is_refused(bench):
    source = PLAIN.replace("BODY", "y * 2 if self.training else F.relu(y)")

    def surgery(trace):
        (node,) = [node for node in trace.nodes if node.name == "relu"]
        return [SwapCall("m", node.key, "gelu")]

    with pytest.raises(ProofError) as caught:
        bench.prove(source, source, surgery, **SHAPE)
    assert caught.value.code == "P802"
    assert "relu" in caught.value.message


def test_reading_a_replaced_module_directly_is_refused(bench):
    source = PLAIN.replace("BODY", "y * self.conv.weight.abs().mean()")
    with pytest.raises(ProofError) as caught:
        bench.prove(source, source, swap("conv", "DepthwiseSeparableConv2d"), **SHAPE)
    assert caught.value.code == "P807"


def test_operand_that_is_not_there_is_refused(bench):
    source = PLAIN.replace("BODY", "y + x")

    def surgery(trace):
        (node,) = [node for node in trace.nodes if node.name == "add"]
        return [InsertOnEdge("m", node.key, 2, (), Use("LayerScale"))]

    with pytest.raises(ProofError) as caught:
        bench.prove(source, source, surgery, **SHAPE)
    assert caught.value.code == "P803"


def test_module_that_is_not_there_is_refused(bench):
    source = PLAIN.replace("BODY", "y + x")
    with pytest.raises(ProofError) as caught:
        bench.prove(source, source, swap("nothing"), **SHAPE)
    assert caught.value.code == "P806"


def test_block_that_does_not_fit_is_refused(bench):
    source = PLAIN.replace("BODY", "y.flatten(1) + x.flatten(1)")

    def surgery(trace):
        (node,) = [node for node in trace.nodes if node.name == "add"]
        return [InsertOnEdge("m", node.key, 0, (), Use("ECA"))]

    with pytest.raises(ProofError) as caught:
        bench.prove(source, source, surgery, **SHAPE)
    assert caught.value.code == "P811"


def test_two_rules_on_one_operand_nest_in_order(bench):
    def surgery(trace):
        (node,) = [node for node in trace.nodes if node.name == "add"]
        step = InsertOnEdge("a", node.key, 0, (), Use("LayerScale"))
        return [step, dataclasses.replace(step, match="b", use=Use("ECA"))]

    scale = render(find_block("LayerScale"), Names(), "LayerScale")
    start = "self.conv = nn.Conv2d(8, 8, 3, padding=1)"
    made = f"{start}\n        self.a = LayerScale()\n        self.b = ECA(8)"
    head = f"{ECA}\n\n{scale}\n\n"
    right = head + PLAIN.replace(start, made).replace("BODY", "self.b(self.a(y)) + x")
    wrong = head + PLAIN.replace(start, made).replace("BODY", "self.a(self.b(y)) + x")
    products = (Product("a", "a"), Product("b", "b"))
    before = PLAIN.replace("BODY", "y + x")
    assert bench.prove(before, right, surgery, products, **SHAPE).proof.equal
    assert not bench.prove(before, wrong, surgery, products, **SHAPE).proof.equal
