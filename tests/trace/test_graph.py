"""Graphs: three ways to the same description, each held against the model."""

from __future__ import annotations

import pytest
import torch

from mutagen.errors import TargetError
from mutagen.trace.mode import set_mode
from mutagen.trace.recorded_way import trace_recorded
from mutagen.trace.running import difference
from mutagen.trace.session import Graphs, live


def graph(mode, inputs):
    return Graphs()(mode, inputs)


def _calls(nodes):
    return [node for node in nodes if node.kind in ("module", "function", "method")]


def _names(nodes):
    return [node.name for node in _calls(nodes)]


def _same_as_model(mode, inputs):
    """Whether the graph computes what the model does, through the generated code too."""
    taken = graph(mode, inputs)
    model = live().model
    state = {key: value.clone() for key, value in model.state_dict().items()}
    model.train(mode == "train")
    with torch.no_grad():
        torch.manual_seed(1)
        expected = live().call(model, tuple(leaf.clone() for leaf in inputs))
        model.load_state_dict(state)
        torch.manual_seed(1)
        output = taken.gm(*(leaf.clone() for leaf in inputs))
        model.load_state_dict(state)
    return difference(output, expected) == ""


BLOCK = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 3, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(3)
        self.relu = nn.ReLU(inplace=True)
    def forward(self, x):
        out = F.relu(self.bn1(self.conv1(x)))
        out = self.relu(out)
        out += x
        out = self.relu(out)
        return torch.cat([out, x * 2], dim=1).mean((2, 3), keepdim=True).flatten(1)
"""


def test_every_call_has_its_own_span(opened, cut):
    trace = opened(BLOCK)
    assert trace.method == "fx"
    assert [cut(node.chain[0].span) for node in _calls(trace.nodes)] == [
        "self.conv1(x)",
        "self.bn1(self.conv1(x))",
        "F.relu(self.bn1(self.conv1(x)))",
        "self.relu(out)",
        "out += x",
        "self.relu(out)",
        "x * 2",
        "torch.cat([out, x * 2], dim=1)",
        "torch.cat([out, x * 2], dim=1).mean((2, 3), keepdim=True)",
        "torch.cat([out, x * 2], dim=1).mean((2, 3), keepdim=True).flatten(1)",
    ]


def test_names_places_constants_and_storages(opened):
    nodes = _calls(opened(BLOCK).nodes)
    assert [node.name for node in nodes] == [
        "conv2d", "batch_norm", "relu", "relu", "add", "relu", "mul", "cat", "mean", "flatten",
    ]  # fmt: skip
    assert [node.in_place for node in nodes] == [False, False, False, True, True, True, False, False, False, False]
    add, cat, mean, flatten = nodes[4], nodes[7], nodes[8], nodes[9]
    assert (cat.constants, flatten.constants) == ({"dim": 1}, {"start_dim": 1})
    assert mean.constants == {"dim": (2, 3), "keepdim": True}
    assert cat.inputs == (nodes[5].index, nodes[6].index) and nodes[6].constants == {"other": 2}
    assert add.storage == nodes[3].storage == nodes[2].storage != nodes[1].storage
    assert cat.shape == (1, 6, 8, 8) and cat.dtype == "float32"
    assert {node.scope for node in nodes} == {""}


RECORDED = BLOCK.replace("def forward(self, x):", "def forward(self, x):\n        if x.sum() > 1e9: x = x + 1")


def test_recorded_graph_equals_the_traced_one(opened):
    traced, recorded = opened(BLOCK), opened(RECORDED)
    assert (traced.method, recorded.method) == ("fx", "recorded")
    asked = [node for node in recorded.nodes if node.name in ("sum", "gt")]
    assert len(asked) == 2
    rest = [node for node in _calls(recorded.nodes) if node not in asked]
    assert _names(traced.nodes) == [node.name for node in rest]
    shift = len(asked)
    for one, other in zip(_calls(traced.nodes), rest, strict=True):
        assert (one.kind == "module") == (other.kind == "module")
        assert [0 if index == 0 else index + shift for index in one.inputs] == list(other.inputs)
        assert (one.scope, one.path, one.constants, one.shape, one.in_place) == (
            other.scope, other.path, other.constants, other.shape, other.in_place,
        )  # fmt: skip


@pytest.mark.parametrize("source", [BLOCK, RECORDED], ids=["fx", "recorded"])
@pytest.mark.parametrize("mode", ["eval", "train"])
def test_graphs_for_other_sizes_equal_the_model(opened, source, mode):
    opened(source)
    assert _same_as_model(mode, live().make_inputs(3, 2.0))
    assert live().make_inputs(3, 2.0)[0].shape == (3, 3, 16, 16)


def test_tracing_leaves_no_mark_on_the_model(opened):
    opened(RECORDED)
    model = live().model
    state = {key: value.clone() for key, value in model.state_dict().items()}
    attributes = {name: set(module.__dict__) for name, module in model.named_modules()}
    graph("train", live().make_inputs(2))
    assert all(torch.equal(value, state[key]) for key, value in model.state_dict().items())
    assert {name: set(module.__dict__) for name, module in model.named_modules()} == attributes
    assert model.training


def test_a_wrong_branch_of_a_proxy_is_caught_and_recorded(opened):
    trace = opened("""
    class Net(nn.Module):
        def forward(self, x):
            if isinstance(x, torch.Tensor):
                x = x * 3
            return x.relu()
    """)
    assert trace.method == "recorded" and _names(trace.nodes) == ["mul", "relu"]


def test_results_of_several_parts(opened):
    source = """
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn = nn.LSTM(4, 4, batch_first=True)
        def forward(self, x):
            %s
            y, (h, c) = self.rnn(x)
            a, b = y.chunk(2, dim=-1)
            top = torch.max(a, dim=1)
            return {"sum": a + b, "rest": [h, (c, top.values)]}
    """
    for line, method in (("pass", "fx"), ("assert bool(x.sum() < 1e9)", "recorded")):
        trace = opened(source % line, (2, 3, 4))
        assert trace.method == method
        assert _same_as_model("eval", live().make_inputs(3))
        add = next(node for node in trace.nodes if node.name == "add")
        assert [trace.nodes[index].name for index in add.inputs] == ["getitem", "getitem"]


def test_in_place_and_views_are_replayed_in_order(opened):
    trace = opened("""
    class Net(nn.Module):
        def forward(self, x):
            assert isinstance(x, torch.Tensor)
            y = x + 0
            view = y[:, 0]
            view.mul_(2)
            y[:, 1] = 7
            z = y.clone()
            z[0] += 1
            torch.relu_(y)
            return y, view, z, y.T if y.dim() == 2 else y.mT
    """)
    assert trace.method == "recorded"
    assert _same_as_model("eval", live().make_inputs(2))


def test_an_alias_that_sees_a_change_in_place_does_so_in_the_graph(opened):
    trace = opened("""
    class Net(nn.Module):
        def forward(self, x):
            y = x * 2
            alias = y
            y += 1
            y[:, 0] = 0
            return alias + y
    """)
    assert trace.method == "fx"
    assert [(node.name, node.in_place) for node in _calls(trace.nodes)] == [
        ("mul", False), ("add", True), ("setitem", True), ("add", False),
    ]  # fmt: skip
    assert _same_as_model("eval", live().make_inputs(2, 2.0))


def test_an_object_that_is_returned_as_it_came_stays_apart(opened):
    trace = opened("""
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.id = nn.Identity()
        def forward(self, x):
            assert isinstance(x, torch.Tensor)
            y = x * 2
            z = self.id(y)
            return z + y
    """)
    mul, identity, add = _calls(trace.nodes)
    assert add.inputs == (identity.index, mul.index) and mul.storage == identity.storage


def test_scopes_and_owners(opened, cut):
    source = """
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.seq = nn.Sequential(nn.Conv2d(3, 3, 1), nn.ReLU())
        def forward(self, x):
            %s
            return self.seq(x) + x
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.blocks = nn.Sequential(Block(), Block())
        def forward(self, x):
            return self.blocks(x)
    """
    for line in ("pass", "assert isinstance(x, torch.Tensor)"):
        nodes = _calls(opened(source % line).nodes)
        assert [node.scope for node in nodes[:3]] == ["blocks.0.seq", "blocks.0.seq", "blocks.0"]
        assert [cut(site.span) for site in nodes[3].chain][:2] == ["self.seq(x)", "self.blocks(x)"]
        assert [site.owner for site in nodes[3].chain] == ["blocks.1", ""]
        assert nodes[0].key.span == nodes[3].key.span and nodes[0].key != nodes[3].key


def test_shared_module_and_loop_have_different_keys(opened):
    trace = opened("""
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.act = nn.ReLU()
        def forward(self, x):
            for _ in range(3):
                x = self.act(x) * 2
            return x
    """)
    keys = [node.key for node in trace.nodes]
    assert len(set(keys)) == len(keys)
    assert [node.key.nth for node in trace.nodes if node.name == "relu"] == [0, 1, 2]
    assert next(item for item in trace.instances if item.path == "act").facts["calls"] == 3


def test_keys_are_the_same_in_both_modes(opened):
    opened(BLOCK)
    one, other = (graph(mode, live().make_inputs(2)).nodes for mode in ("train", "eval"))
    assert [node.key for node in one] == [node.key for node in other]


def test_parameters_captured_tensors_and_direct_forward(opened):
    trace = opened("""
    TABLE = torch.arange(3.0).view(1, 3, 1, 1)
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 3, 1)
            self.gamma = nn.Parameter(torch.ones(1, 3, 1, 1))
        def forward(self, x):
            assert isinstance(x, torch.Tensor)
            return self.conv.forward(x) * self.gamma + TABLE
    """)
    assert trace.method == "recorded"
    paths = [node.path for node in trace.nodes if node.kind == "attribute"]
    assert paths[:3] == ["conv.weight", "conv.bias", "gamma"] and len(paths) == 4
    assert _names(trace.nodes) == ["conv2d", "mul", "add"]
    assert _same_as_model("eval", live().make_inputs(2))


def test_what_is_computed_outside_of_torch_is_refused(opened):
    with pytest.raises(TargetError) as caught:
        opened("""
        class Net(nn.Module):
            def forward(self, x):
                y = torch.from_numpy(x.numpy() * 2)
                return y + 1
        """)
    assert caught.value.code == "T121" and "outside of torch" in caught.value.detail


def test_leaves_only_where_calls_are_not_needed(opened):
    source = """
    class Odd(nn.Module):
        def forward(self, x):
            return x if x.sum() > 0 else -x
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.odd = Odd()
        def forward(self, x):
            return self.odd(x).relu()
    """
    whole, part = opened(source), opened(source, need_calls=False)
    assert (whole.method, part.method) == ("recorded", "fx+leaves")
    assert _names(part.nodes) == ["odd", "relu"]


def test_dropout_is_in_the_train_graph(opened):
    opened("""
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.drop = nn.Dropout(0.5)
        def forward(self, x):
            assert isinstance(x, torch.Tensor)
            return F.dropout(self.drop(x), 0.25, self.training)
    """)
    inputs = live().make_inputs(2)
    last = _calls(graph("train", inputs).nodes)[-1]
    assert last.constants == {"p": 0.25, "training": True, "inplace": False}
    assert _same_as_model("train", inputs)


def test_own_autograd_functions_and_no_grad_are_kept(opened):
    source = """
    class Round(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return %s
        @staticmethod
        def backward(ctx, grad):
            return grad * 3
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 3, 1)
            self.gate = nn.Conv2d(3, 3, 1)
        def forward(self, x):
            with torch.no_grad():
                gate = self.gate(x)
            y = self.conv(x)
            return %s * gate
    apply = Round.apply
    """
    numpy = "torch.from_numpy(x.detach().numpy().round())"
    branch = "(apply(y) if bool(y.sum() < 1e9) else y)"
    for inner, body, method in (("x", "y", "fx"), ("x.round()", "Round.apply(y)", "fx"), (numpy, branch, "recorded")):
        trace = opened(source % (inner, body))
        assert trace.method == method
        assert _names(trace.nodes)[:4] == ["set_grad_enabled", "conv2d", "set_grad_enabled", "conv2d"]
        assert ("round" in _names(trace.nodes)) == ("apply" in body)
        inputs = live().make_inputs(2)
        gradients = []
        for run in (graph("eval", inputs).gm, live().model):
            live().model.zero_grad()
            run(*inputs).sum().backward()
            assert live().model.gate.weight.grad is None
            gradients.append(live().model.conv.weight.grad.clone())
        assert torch.equal(*gradients) and gradients[0].abs().sum() > 0


def test_a_parameter_that_forward_changes_is_put_back(opened):
    opened("""
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(1, 3, 1, 1))
            self.count = 0
        def forward(self, x):
            self.count += 1
            return x * self.weight.data.add_(1)
    """)
    assert live().model.count == 0 and torch.equal(live().model.weight.data, torch.ones(1, 3, 1, 1))


def test_lazy_modules_get_their_sizes_first(opened):
    trace = opened("""
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.LazyConv2d(4, 3)
        def forward(self, x):
            return self.conv(x)
    """)
    conv = trace.instances[1]
    assert (conv.name, conv.facts["in_channels"], conv.facts["params"]) == ("Conv2d", 3, 112)
    assert conv.chain[0].function == "Net.__init__"


def test_what_depends_on_buffers_or_chance_is_not_a_constant(opened):
    source = """
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("scale", torch.ones(1, 3, 1, 1))
        def forward(self, x):
            return x * (self.scale + 1)%s
    """
    trace = opened(source % "")
    assert trace.method == "fx" and _names(trace.nodes) == ["add", "mul"]
    noisy = opened(source % " + torch.rand(3, 1, 1)")
    assert noisy.method == "recorded" and _names(noisy.nodes) == ["add", "mul", "rand", "add"]


def test_operators_are_written_as_operators(opened):
    trace = opened("""
    class Net(nn.Module):
        def forward(self, x):
            assert isinstance(x, torch.Tensor)
            return 1 - x ** 2 + 2 / (x + 3) - 2 ** x % 5 + (x @ x.mT) // 2 + F.max_pool2d(x, 1) + x.T.mT.norm(2)
    """)
    assert _names(trace.nodes)[:2] == ["pow", "sub"]
    assert _same_as_model("eval", live().make_inputs(2))


def test_what_training_changes_without_a_mark_is_put_back_for_every_graph(opened):
    opened("""
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(1, 3, 1, 1), requires_grad=False)
        def forward(self, x):
            y = x * self.weight
            if self.training:
                self.weight.data.add_(1)
            return y
    """)
    weight, graphs = live().model.weight, Graphs()
    for mode in ("eval", "train", "train"):
        graphs(mode, live().make_inputs(2))
        assert torch.equal(weight, torch.ones(1, 3, 1, 1))
        with torch.no_grad():
            weight.copy_(torch.ones(1, 3, 1, 1))  # marked as changed, as every run of a proof leaves it


def test_a_graph_by_symbols_serves_for_other_sizes_and_weights(opened):
    opened("""
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3)
        def forward(self, x):
            return self.conv(x)
    """)
    graphs = Graphs()
    first, second = graphs("eval", live().make_inputs(2)), graphs("eval", live().make_inputs(1, 2.0))
    assert first.method == "fx" and first.gm is second.gm
    shapes = [node.shape for it in (first, second) for node in it.nodes if node.name == "conv2d"]
    assert len(shapes) == 2 and shapes[0] != shapes[1]


def test_closed_modules_are_called_as_they_are(opened):
    opened("""
    class Peak(nn.Module):
        def forward(self, x):
            return x[:, int(x[0, :, 0, 0].argmax())]

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3)
            self.peak = Peak()
        def forward(self, x):
            return self.peak(self.conv(x))
    """)
    inputs = live().make_inputs(1)
    opened_up = Graphs()("eval", inputs)
    closed = Graphs(frozenset({id(live().model.peak)}))("eval", inputs)
    assert [node.name for node in opened_up.nodes if node.scope == "peak"]
    assert [node.path for node in closed.nodes if node.kind == "module"] == ["conv", "peak"]


def test_a_closed_module_that_is_given_an_object_is_looked_into(opened):
    opened("""
    class Cache:
        def __init__(self):
            self.seen = []

    class Reader(nn.Module):
        def forward(self, x, cache):
            cache.seen.append(x)
            return torch.cat(cache.seen, 1)[:, -3:]

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.reader = Reader()
        def forward(self, x):
            return self.reader(x * 2, Cache())
    """)
    closed = frozenset({id(live().model.reader)})
    assert "reader" in {node.scope for node in Graphs(closed)("eval", live().make_inputs(1)).nodes}
    made = trace_recorded(live().model, live().example.layout, live().make_inputs(1), closed)
    assert "reader" not in {str(node.target) for node in made.module.graph.nodes}


def test_a_buffer_that_forward_counts_up(opened):
    trace = opened(
        """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(3, 3, 1)
                self.register_buffer("seen", torch.zeros(1))

            def forward(self, x):
                self.seen += 1
                return self.conv(x) * self.seen
        """
    )
    assert trace.method == "fx"
    assert _names(trace.nodes) == ["add", "conv2d", "mul"]
    assert live().model.seen.item() == 0


def test_children_that_are_called_like_attributes_of_a_graph(opened):
    trace = opened(
        """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.graph = nn.Conv2d(3, 3, 1)
                self.code = nn.Sequential(nn.ReLU(), nn.BatchNorm2d(3))

            def forward(self, x):
                return self.code(self.graph(x)) + self.graph.weight.sum()
        """
    )
    assert (trace.method, _names(trace.nodes)) == ("fx", ["conv2d", "relu", "batch_norm", "sum", "add"])


def test_modules_are_switched_as_they_switch_themselves(opened):
    opened("""
    class Merged(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 3, 1)
            self.merged = False
        def train(self, mode=True):
            self.merged = not mode
            return super().train(mode)
        def forward(self, x):
            return self.conv(x)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.frozen = nn.BatchNorm2d(3)
            self.frozen.train = lambda mode=True: self.frozen
            self.frozen.training = False
            self.inner = nn.Sequential(Merged(), nn.Dropout(0.5))
        def forward(self, x):
            return self.inner(self.frozen(x))
    """)
    model = live().model
    for mode, training in (("train", True), ("eval", False)):
        set_mode(model, mode)
        assert model.training is model.inner[1].training is model.inner[0].conv.training is training
        assert model.inner[0].merged is not training and model.frozen.training is False


def test_the_mode_is_as_before_when_its_readers_were_noted(opened):
    opened(BLOCK)
    graph("train", live().make_inputs())
    assert "training" not in vars(torch.nn.Module) and live().model.conv1.training is not None
