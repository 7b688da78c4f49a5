"""Construct chains: which expressions made an instance."""

from __future__ import annotations

from pathlib import Path

from mutagen.records.target import Call

RESNET = """
def conv3x3(i, o, stride=1):
    return nn.Conv2d(i, o, 3, stride, 1, bias=False)

class Block(nn.Module):
    expansion = 2
    def __init__(self, inplanes, planes, norm_layer):
        super().__init__()
        self.conv = conv3x3(inplanes, planes * self.expansion)
        self.bn = norm_layer(planes * self.expansion)
    def forward(self, x):
        return F.relu(self.bn(self.conv(x)))

class Net(nn.Module):
    def __init__(self, block=Block, norm_layer=nn.BatchNorm2d):
        super().__init__()
        self.inplanes = 3
        self.layer1 = self._make_layer(block, 4, 2, norm_layer)
        self.layer2 = self._make_layer(block, 8, 1, norm_layer)
    def _make_layer(self, block, planes, n, norm_layer):
        layers = []
        for i in range(n):
            layers.append(block(self.inplanes, planes, norm_layer))
            self.inplanes = planes * block.expansion
        return nn.Sequential(*layers)
    def forward(self, x):
        return self.layer2(self.layer1(x))
"""


def _instance(trace, path):
    return next(item for item in trace.instances if path in item.aliases)


def _texts(chain, cut):
    return [cut(site.span) for site in chain]


def test_helper_block_and_method_give_the_whole_chain(opened, cut):
    trace = opened(RESNET)
    conv = _instance(trace, "layer1.1.conv")
    assert _texts(conv.chain, cut) == [
        "nn.Conv2d(i, o, 3, stride, 1, bias=False)",
        "conv3x3(inplanes, planes * self.expansion)",
        "block(self.inplanes, planes, norm_layer)",
        "self._make_layer(block, 4, 2, norm_layer)",
    ]
    assert [site.owner for site in conv.chain] == [None, "layer1.1", "", ""]
    assert conv.chain[0].function == "conv3x3"


def test_variable_callee_is_the_call_expression(opened, cut):
    norm = _instance(opened(RESNET), "layer2.0.bn")
    assert cut(norm.chain[0].span) == "norm_layer(planes * self.expansion)"
    assert norm.name == "BatchNorm2d" and norm.type == "torch.nn.BatchNorm2d"


def test_names_stand_as_they_were_at_the_call(opened):
    trace = opened(RESNET)
    first, second = (_instance(trace, f"layer1.{i}").chain[0] for i in range(2))
    assert (first.names["i"], first.names["self.inplanes"]) == (0, 3)
    assert (second.names["i"], second.names["self.inplanes"]) == (1, 8)
    assert first.names["block.expansion"] == 2
    assert first.frame == second.frame
    assert _instance(trace, "layer2.0").chain[0].frame != first.frame
    inner = _instance(trace, "layer1.0.conv").chain
    assert inner[1].names["self.expansion"] == 2 and inner[1].names["planes"] == 4


def test_a_local_that_is_bound_later_does_not_leak_back(opened):
    trace = opened("""
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            width = 3
            self.a = nn.Conv2d(3, width, 1)
            width = 5
            self.b = nn.Conv2d(3, width, 1)
            late = 1
        def forward(self, x):
            return self.a(x).sum() + self.b(x).sum()
    """)
    a, b = _instance(trace, "a").chain[0], _instance(trace, "b").chain[0]
    assert (a.names["width"], b.names["width"]) == (3, 5)
    assert "late" not in a.names and "late" not in b.names


def test_comprehension_lambda_and_partial(opened, cut):
    trace = opened("""
    from functools import partial
    make = lambda c: nn.BatchNorm2d(c)
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            conv = partial(nn.Conv2d, kernel_size=1)
            self.convs = nn.ModuleList([conv(3, 3) for i in range(2)])
            self.norms = nn.Sequential(*(make(3) for k in range(2)))
        def forward(self, x):
            for conv in self.convs:
                x = conv(x)
            return self.norms(x)
    """)
    zero, one = (_instance(trace, f"convs.{i}").chain for i in range(2))
    assert cut(zero[0].span) == "conv(3, 3)" and zero[0].span == one[0].span
    assert zero[0].frame == one[0].frame and (zero[0].names["i"], one[0].names["i"]) == (0, 1)
    assert cut(zero[1].span) == "[conv(3, 3) for i in range(2)]"
    norms = [_instance(trace, f"norms.{i}").chain for i in range(2)]
    assert _texts(norms[0], cut)[:2] == ["nn.BatchNorm2d(c)", "make(3)"]
    assert norms[0][1].frame == norms[1][1].frame and norms[1][1].names["k"] == 1
    assert norms[0][0].frame != norms[1][0].frame


def test_copies_have_the_chain_of_the_original_and_the_copying_call(opened, cut):
    trace = opened("""
    import copy
    class Layer(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(8, 8)
        def forward(self, x):
            return self.fc(x)
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            layer = Layer()
            self.layers = nn.ModuleList([copy.deepcopy(layer) for _ in range(2)])
        def forward(self, x):
            for layer in self.layers:
                x = layer(x)
            return x
    """)
    chain = _instance(trace, "layers.1.fc").chain
    assert _texts(chain, cut)[:3] == ["nn.Linear(8, 8)", "Layer()", "copy.deepcopy(layer)"]


def test_library_copies_are_traced_to_the_call_of_the_user(opened, cut):
    trace = opened(
        """
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16), 2)
        def forward(self, x):
            return self.encoder(x)
    """,
        (4, 1, 8),
    )
    linear = _instance(trace, "encoder.layers.1.linear1")
    assert cut(linear.chain[0].span) == "nn.TransformerEncoderLayer(8, 2, 16)"
    assert cut(linear.chain[1].span).startswith("nn.TransformerEncoder(")
    assert [node.name for node in trace.nodes if node.kind == "module"] == ["transformer_encoder"]


def test_own_new_has_no_chain_and_module_with_dict_works(opened):
    trace = opened("""
    class Own(nn.Module):
        def __new__(cls, *args):
            return super().__new__(cls)
        def __init__(self, width):
            super().__init__()
        def forward(self, x):
            return x
    class Both(nn.Module, dict):
        __hash__ = nn.Module.__hash__
        def __init__(self):
            nn.Module.__init__(self)
        def forward(self, x):
            return x * 2
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.own = Own(3)
            self.both = Both()
        def forward(self, x):
            return self.own(x) + self.both(x)
    """)
    assert _instance(trace, "own").chain == ()
    assert _instance(trace, "both").chain != ()


def test_an_instance_that_is_made_on_import_ends_at_the_file(opened, cut):
    trace = opened("""
    class Net(nn.Module):
        act = nn.SiLU()
        def __init__(self):
            super().__init__()
            self.one = self.act
            self.two = self.act
        def forward(self, x):
            return self.two(self.one(x))
    """)
    act = _instance(trace, "two")
    assert act.aliases == ("one", "two") and act.path == "one"
    assert cut(act.chain[0].span) == "nn.SiLU()" and [site.function for site in act.chain] == ["Net", "<module>"]
    assert act.facts["calls"] == 2


def test_columns_count_bytes(opened, cut):
    trace = opened("""
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            名 = "卷积"; self.conv = nn.Conv2d(3, 3, 1)
        def forward(self, x):
            return self.conv(x)
    """)
    assert cut(_instance(trace, "conv").chain[0].span) == "nn.Conv2d(3, 3, 1)"


def test_facts_of_instances(opened):
    trace = opened(RESNET, call=Call("Net"))
    conv = _instance(trace, "layer1.0.conv")
    expected = {
        "in_channels": 3,
        "kernel_size": (3, 3),
        "groups": 1,
        "bias": False,
        "params": 216,
        "calls": 1,
        "channels": 8,
        "height": 8,
        "width": 8,
    }
    assert {name: conv.facts[name] for name in expected} == expected
    block = _instance(trace, "layer1.0")
    assert not block.library and conv.library and conv.definition is None
    assert block.definition is not None and block.definition.line == 8
    assert block.bases[-1] == "torch.nn.Module"


HELPER = """
import torch.nn as nn


def conv(width):
    return nn.Conv2d(width, width, 3, padding=1)
"""


def test_the_same_lines_in_two_files(opened, tmp_path):
    for name in ("traced_twin_a", "traced_twin_b"):
        (tmp_path / f"{name}.py").write_text(HELPER)
    trace = opened("""
    import traced_twin_a, traced_twin_b

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = traced_twin_a.conv(3), traced_twin_b.conv(3)
        def forward(self, x):
            return self.b(self.a(x))
    """)
    made = {it.path: it.chain[0].span for it in trace.instances if it.path}
    assert {path: Path(span.file).stem for path, span in made.items()} == {"a": "traced_twin_a", "b": "traced_twin_b"}
    assert made["a"].line == made["b"].line == 6
