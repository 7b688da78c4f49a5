"""In-place results that are read through other names: rewired exactly, or refused."""

from __future__ import annotations

import pytest

from mutagen.errors import ProofError
from mutagen.records.plan import InsertOnEdge, Product, SwapCall, SwapModule, Use

NET = """
class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.gamma = nn.Parameter(torch.zeros(()))

    def forward(self, x):
        return self.gamma * x


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.gelu = nn.GELU()
        self.scale = SCALE

    def forward(self, x):
        y = self.conv(x)
FORWARD
"""


def source(forward, scale="None"):
    lines = "\n".join(f"        {line}" for line in forward.strip().splitlines())
    return NET.replace("FORWARD", lines).replace("SCALE", scale)


def to_gelu(trace):
    (node,) = [node for node in trace.nodes if node.name == "relu"]
    return [SwapCall("m", node.key, "gelu")]


def swap_relu(trace):
    return [SwapModule("relu", "relu", Use("gelu"))]


def scale_operand(number):
    def surgery(trace):
        (node,) = [node for node in trace.nodes if node.name == "add"]
        return [InsertOnEdge("scale", node.key, number, (), Use("LayerScale"))]

    return surgery


SHAPE = {"shape": (1, 4, 16, 16)}
SCALED = (Product("scale", "scale"),)

READ_TWICE = "z = F.relu(y, inplace=True)\nreturn y + 2 * z"


def test_read_through_the_old_name_is_the_new_result(bench):
    exact = "z = F.gelu(y)\nreturn z + 2 * z"
    assert bench.prove(source(READ_TWICE), source(exact), to_gelu, **SHAPE).proof.equal


def test_naive_edit_of_an_in_place_call_is_caught(bench):
    naive = "z = F.gelu(y)\nreturn y + 2 * z"
    assert not bench.prove(source(READ_TWICE), source(naive), to_gelu, **SHAPE).proof.equal


@pytest.mark.parametrize("call", ["y.relu_()", "torch.relu_(y)", "self.relu(y)"])
def test_statement_whose_result_is_not_used(bench, call):
    before = source(f"{call}\nreturn y * 3")
    assert bench.prove(before, source("y = F.gelu(y)\nreturn y * 3"), to_gelu, **SHAPE).proof.equal
    assert not bench.prove(before, source("F.gelu(y)\nreturn y * 3"), to_gelu, **SHAPE).proof.equal


def test_module_swapped_as_a_whole_is_rewired_too(bench):
    before = source("z = self.relu(y)\nreturn y + 2 * z")
    right, naive = "z = self.gelu(y)\nreturn z + 2 * z", "z = self.gelu(y)\nreturn y + 2 * z"
    assert bench.prove(before, source(right), swap_relu, **SHAPE).proof.equal
    assert not bench.prove(before, source(naive), swap_relu, **SHAPE).proof.equal


def test_reader_before_the_call_keeps_the_old_value(bench):
    before = source("w = y * 2\nz = F.relu(y, inplace=True)\nreturn w + z")
    right, wrong = "w = y * 2\nz = F.gelu(y)\nreturn w + z", "z = F.gelu(y)\nw = z * 2\nreturn w + z"
    assert bench.prove(before, source(right), to_gelu, **SHAPE).proof.equal
    assert not bench.prove(before, source(wrong), to_gelu, **SHAPE).proof.equal


def test_chain_of_in_place_calls_names_one_tensor(bench):
    before = source("a = y.mul_(2)\nz = F.relu(a, inplace=True)\nreturn y + z")
    assert bench.prove(before, source("a = y.mul_(2)\nz = F.gelu(a)\nreturn z + z"), to_gelu, **SHAPE).proof.equal
    wrong = "a = y.mul_(2)\nz = F.gelu(a)\nreturn y + z"
    assert not bench.prove(before, source(wrong), to_gelu, **SHAPE).proof.equal


@pytest.mark.parametrize("view", ["y.flatten(2)", "y[:, :2]", "y.transpose(2, 3)"])
def test_reading_through_a_view_is_refused(bench, view):
    before = source(f"v = {view}\nz = F.relu(y, inplace=True)\nreturn v.sum() + z")
    with pytest.raises(ProofError) as caught:
        bench.prove(before, before, to_gelu, **SHAPE)
    assert caught.value.code == "P804"


def test_view_that_is_not_read_later_does_not_matter(bench):
    before = source("v = y.flatten(2).sum()\nz = F.relu(y, inplace=True)\nreturn v + z")
    after = source("v = y.flatten(2).sum()\nz = F.gelu(y)\nreturn v + z")
    assert bench.prove(before, after, to_gelu, **SHAPE).proof.equal


def test_insertion_on_the_operand_that_an_addition_overwrites(bench):
    before = source("y += x\nreturn y * 2")
    right = source("y = self.scale(y)\ny += x\nreturn y * 2", "Scale()")
    wrong = source("x = self.scale(x)\ny += x\nreturn y * 2", "Scale()")
    assert bench.prove(before, right, scale_operand(0), SCALED, **SHAPE).proof.equal
    assert not bench.prove(before, wrong, scale_operand(0), SCALED, **SHAPE).proof.equal


def test_sum_that_is_read_through_the_operand(bench):
    before = source("y.add_(x)\nreturn y * 2")
    right = source("y = self.scale(y)\ny.add_(x)\nreturn y * 2", "Scale()")
    wrong = source("self.scale(y).add_(x)\nreturn y * 2", "Scale()")
    assert bench.prove(before, right, scale_operand(0), SCALED, **SHAPE).proof.equal
    assert not bench.prove(before, wrong, scale_operand(0), SCALED, **SHAPE).proof.equal


def test_only_one_of_two_equal_operands(bench):
    before = source("return y + y")
    assert bench.prove(
        before, source("return y + self.scale(y)", "Scale()"), scale_operand(1), SCALED, **SHAPE
    ).proof.equal
    both = source("y = self.scale(y)\nreturn y + y", "Scale()")
    assert not bench.prove(before, both, scale_operand(1), SCALED, **SHAPE).proof.equal
