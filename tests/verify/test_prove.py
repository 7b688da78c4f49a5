"""The proof from end to end: notes, counts, checkpoint keys, and models that are awkward to compare."""

from __future__ import annotations

import pytest

from mutagen.errors import ProofError
from mutagen.records.plan import Plan, Product, SwapCall, SwapModule, Use
from mutagen.records.target import Call
from mutagen.sandbox.runner import Host
from mutagen.verify.prove import begin, prove

NET = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 8, 3, padding=1)
        self.norm = nn.BatchNorm2d(8)
        INIT

    def forward(self, x):
        out = F.relu(self.norm(self.conv(x)))
        return RESULT
"""
SHAPE = {"shape": (1, 4, 16, 16)}


def net(result="out", init="pass", head=""):
    return head + NET.replace("RESULT", result).replace("INIT", init)


def to_gelu(trace):
    (node,) = [node for node in trace.nodes if node.name == "relu"]
    return [SwapCall("m", node.key, "gelu")]


def right(source):
    return source.replace("F.relu", "F.gelu")


def equal(bench, source, edited=None, **options):
    verdict = bench.prove(source, edited or right(source), to_gelu, **(SHAPE | options))
    return verdict.proof


def test_counts_and_keys(bench):
    after = net().replace("nn.BatchNorm2d(8)", "nn.GroupNorm(4, 8)")
    surgery, products = [SwapModule("norm", "norm", Use("GroupNorm"))], (Product("norm", "norm"),)
    verdict = bench.prove(net(), after, lambda trace: surgery, products, **SHAPE)
    assert verdict.counts.params == (4 * 8 * 9 + 8 + 16,) * 2
    assert verdict.counts.buffers == (17, 0)
    assert verdict.counts.macs == (16 * 16 * 4 * 8 * 9,) * 2
    assert verdict.counts.uncounted == {"native_group_norm": 1, "relu": 1}
    assert verdict.weights.kept == ("conv.weight", "conv.bias", "norm.weight", "norm.bias")
    assert verdict.weights.lost == ("norm.running_mean", "norm.running_var", "norm.num_batches_tracked")
    assert verdict.proof.notes == ()


def test_wrapped_element_moves_one_key(bench):
    scale = """
class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.gamma = nn.Parameter(torch.zeros(()))

    def forward(self, x):
        return self.gamma * x


"""
    before = net("self.tail(out) + out", "self.tail = nn.Sequential(nn.Conv2d(8, 8, 1), nn.Dropout(0.5))")
    wrapped = "nn.Sequential(nn.Sequential(nn.Conv2d(8, 8, 1), Scale()), nn.Dropout(0.5))"

    def surgery(trace):
        from mutagen.records.plan import InsertOnEdge

        (node,) = [node for node in trace.nodes if node.name == "dropout"]
        return [InsertOnEdge("s", node.key, 0, (), Use("LayerScale"))]

    after = net("self.tail(out) + out", f"self.tail = {wrapped}", scale)
    verdict = bench.prove(before, after, surgery, (Product("s", "tail.0.1"),), **SHAPE)
    assert [case.note for case in verdict.proof.cases] == [""] * 4
    assert dict(verdict.weights.moved) == {
        "tail.0.weight": "tail.0.0.weight",
        "tail.0.bias": "tail.0.0.bias",
    }
    assert verdict.weights.new == ("tail.0.1.gamma",)


def test_python_randomness_leaves_no_train_proof(bench):
    source = net("out * random.random() if self.training else out", head="import random\n\n\n")
    found = equal(bench, source)
    assert found.equal and {case.mode for case in found.cases} == {"eval"}
    assert found.notes == ("no train proof: forward draws from the random generator of Python or numpy",)


def test_model_that_does_not_train(bench):
    found = equal(bench, net("out if not self.training else out.missing"))
    assert found.equal and {case.mode for case in found.cases} == {"eval"}
    (note,) = found.notes
    assert note.startswith("no train proof: AttributeError")


def test_model_that_takes_none_of_the_inputs(bench):
    source = net(
        "out if float(self.conv.bias[0]) == self.first else out.missing", "self.first = float(self.conv.bias[0])"
    )
    with pytest.raises(ProofError) as caught:
        equal(bench, source)
    assert caught.value.code == "P810" and "AttributeError" in caught.value.detail


def test_random_numbers_of_torch_in_forward(bench):
    source = net("out + torch.rand(out.shape[2:])")
    assert equal(bench, source).equal
    assert not equal(bench, source, right(source).replace("torch.rand", "torch.randn")).equal


def test_random_numbers_that_become_those_of_python(bench):
    source = net("out * float(torch.rand(1)) if self.training else out")
    found = equal(bench, source)
    assert found.equal and {case.mode for case in found.cases} == {"eval", "train"} and not found.notes
    off = equal(bench, source, right(source).replace("torch.rand(1)", "torch.rand(1).sqrt()"))
    assert {case.mode for case in off.cases if not case.equal} == {"train"}


def test_branches_that_chance_decides(bench):
    source = net("out if torch.rand(4).argmax() == 3 else out * (1 + torch.rand(8).argmax().item())")
    assert equal(bench, source).equal
    assert not equal(bench, source, right(source).replace("== 3", "!= 3")).equal


def test_buffers_drawn_while_building_are_copied(bench):
    source = net("out * self.noise", "self.register_buffer('noise', torch.rand(8, 1, 1))")
    moved = right(source).replace("self.conv =", "self.unused = torch.rand(3)\n        self.conv =")
    found = equal(bench, source, moved)
    assert found.equal
    assert found.notes == ("1 buffers that are drawn while building were copied from the original",)


def test_buffer_that_is_computed_differently_is_an_error(bench):
    source = net("out * self.ramp", "self.register_buffer('ramp', torch.arange(8.0).view(8, 1, 1))")
    assert equal(bench, source).equal
    with pytest.raises(ProofError) as caught:
        equal(bench, source, right(source).replace("arange(8.0)", "linspace(0, 1, 8)"))
    assert caught.value.code == "P813"


def test_constant_outputs_prove_nothing(bench):
    with pytest.raises(ProofError) as caught:
        equal(bench, net("torch.sign(out.abs() + 1)"))
    assert caught.value.code == "P809"


def test_outputs_that_are_not_finite_prove_nothing(bench):
    with pytest.raises(ProofError) as caught:
        equal(bench, net("out / 0"))
    assert caught.value.code == "P809"


def test_large_outputs_are_made_smaller(bench):
    found = equal(bench, net("torch.exp(60 * self.conv(x)) + out"))
    assert found.equal


HEAD = """
from dataclasses import dataclass


@dataclass
class Result:
    logits: torch.Tensor
    hidden: list
    name: str = "result"


"""


def test_nested_results(bench):
    source = net("Result(out.mean((2, 3)), [out, {'max': out.amax((2, 3))}])", head=HEAD)
    assert equal(bench, source).equal
    off = right(source).replace("out.amax((2, 3))", "out.amax((2, 3)) + 1")
    notes = {case.note for case in equal(bench, source, off).cases}
    assert notes == {"first difference: output.hidden[1].max"}
    other = right(source).replace("'max'", "'most'")
    assert not equal(bench, source, other).equal


def test_result_without_gradient(bench):
    source = net("out.mean((2, 3)).argmax(1), out.detach()")
    found = equal(bench, source)
    assert found.equal
    assert not equal(bench, source, source).equal


def test_edited_model_that_raises(bench):
    verdict = bench.prove(net(), net("out.nothing"), to_gelu, **SHAPE)
    assert not verdict.proof.equal
    assert "AttributeError" in verdict.proof.cases[0].note
    assert verdict.checks[0].status == "fail"


def test_rounding_is_told_from_equality(bench):
    source = net("out * 0.3")
    found = equal(bench, source, right(source).replace("out * 0.3", "out * 0.1 * 3"))
    assert found.equal and not found.bit_equal and 0 < found.max_abs_diff < 1e-4


def test_parameter_that_is_not_trained(bench):
    source = net("out", "self.conv.weight.requires_grad_(False)")
    assert equal(bench, source).equal


def test_shared_module_that_was_split(bench):
    source = net("self.two(self.one(out))", "self.one = nn.Conv2d(8, 8, 1); self.two = self.one")
    assert equal(bench, source).equal
    split = right(source).replace("self.two = self.one", "self.two = nn.Conv2d(8, 8, 1)")
    assert not equal(bench, source, split).equal


def test_in_sessions_of_their_own(bench):
    before, target = bench.target(net(), shape=(1, 4, 16, 16)), bench.target(right(net()), shape=(1, 4, 16, 16))
    with Host() as host:
        original, edited = host.session("the original"), host.session("the edited model")
        trace = original.call("mutagen.trace.session:open_model", before, need_calls=True)
        plan = Plan(1, before.file, Call("Net"), (), {}, surgery=tuple(to_gelu(trace)))
        begin(original, before, need_calls=True)
        verdict = prove(original, edited, plan=plan, target=target)
    assert verdict.proof.bit_equal and len(verdict.proof.cases) == 4


def test_conductor_needs_no_torch():
    import subprocess
    import sys

    code = "import sys, mutagen.verify.prove; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


VALUES = """
class Peak(nn.Module):
    def forward(self, x):
        return x[:, int(x[0, :, 0, 0].argmax())] * 2


"""


def test_values_read_from_tensors_stay_values_beside_the_edit(bench):
    source = net("self.peak(out)", "self.peak = Peak()", VALUES)
    assert equal(bench, source).equal
    assert not equal(bench, source, right(source).replace("* 2", "* 3")).equal


def test_parameters_that_are_not_trained_but_move_in_training(bench):
    source = net("self.move(out)", "self.centre = nn.Parameter(torch.ones(8, 1, 1), requires_grad=False)")
    source += """
    def move(self, x):
        if self.training:
            self.centre.data.mul_(0.9).add_(0.1 * x.detach().mean((0, 2, 3)).view(8, 1, 1))
        return x * self.centre
"""
    assert equal(bench, source).equal
    proof = equal(bench, source, right(source).replace("add_(0.1", "add_(0.2"))
    assert {case.mode for case in proof.cases if not case.equal} == {"train"}


def test_a_model_that_runs_only_without_gradients(bench):
    source = net("self.add(out)", "self.token = nn.Parameter(torch.rand(1, 8, 1, 1))")
    source += """
    def add(self, x):
        token = self.token.expand(1, 8, 1, 1)
        token += x.mean((0, 2, 3), keepdim=True)
        return x * token
"""
    proof = equal(bench, source)
    assert proof.equal and {case.mode for case in proof.cases} == {"eval", "train"}
    assert proof.notes == (
        "no gradients compared: the original itself runs only where none are recorded (torch.no_grad)",
    )
    assert not equal(bench, source, right(source).replace("x.mean(", "x.amax(")).equal
    kept = right(source).replace("token += ", "token = token + ")
    assert not equal(bench, source, kept).equal  # the parameter stays as it is


BACKWARD = """
class Stubborn(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, gradient):
        raise RuntimeError("no way back")


"""


def test_a_model_that_cannot_be_differentiated_is_compared_by_its_outputs(bench):
    source = net("Stubborn.apply(out)", head=BACKWARD)
    proof = equal(bench, source)
    assert proof.equal and all("cannot be differentiated" in note for note in proof.notes) and len(proof.notes) == 2
    assert not equal(bench, source, right(source).replace("x * 2", "x * 3")).equal


def test_sizes_at_which_outputs_are_not_finite_are_left_out(bench):
    found = equal(bench, net("out / (1.0 if x.shape[2] > 20 or x.shape[3] == 16 == x.shape[2] else 0.0)"))
    assert found.equal
    heights = {case.shapes[0][2] for case in found.cases}
    assert len(heights) == 2 and all(height == 16 or height > 20 for height in heights)


def test_as_many_results_as_were_found(bench):
    """The graph holds the number that it was recorded with, and runs with it whatever changes."""
    found = "out.flatten()[torch.arange(int((out > 0.3).sum()))]"
    source = net(found, "self.act = nn.ReLU()").replace("F.relu", "self.act")
    edited = source.replace("nn.ReLU", "nn.GELU")
    assert equal(bench, source, edited).equal
    assert not equal(bench, source, edited.replace("0.3", "0.31")).equal
