from __future__ import annotations

import pytest

from mutagen.records.match import EdgeMatch
from mutagen.records.rules import Action


def paths(found):
    return [match.path for match in found.matches]


def test_blocks_that_add_in_their_own_forward(net, query, run):
    x = net.basic_block("layer1.0", net.input(1, 16, 8, 8))
    with net.inside("head", "Head"):
        x = net.relu("r", net.conv("c", x))
    assert paths(run(net, query(block="residual"))) == ["layer1.0"]


def test_a_branch_end_is_an_edge(net, query, run):
    x = net.basic_block("a", net.input(1, 16, 8, 8))
    net.basic_block("b", x, 32, stride=2)
    found = run(net, query(block="residual"), Action("insert", "ECA", "branch-end"))
    assert all(isinstance(match, EdgeMatch) for match in found.matches)
    assert [(match.path, match.operand, match.shortcut) for match in found.matches] == [
        ("a", 0, "identity"),
        ("b", 0, "projected"),
    ]
    only = query({"shortcut": "identity"}, block="residual", path="*")
    assert paths(run(net, only, Action("insert", "ECA", "branch-end"))) == ["a"]


def test_additions_of_torch_modules_and_of_the_model_itself(net, query, run):
    x = net.input(1, 16, 8, 8)
    x = net.op("add", x, net.conv("c", x))
    with net.inside("seq", "Sequential"):
        net.op("add", x, net.conv("d", x))
    found = run(net, query(block="residual"), Action("insert", "ECA", "branch-end"))
    assert paths(found) == [""]
    assert "1 residual additions are made outside of user-defined modules" in found.explanation


def test_a_module_that_only_adds_is_not_the_block(net, query, run):
    x = net.input(1, 16, 8, 8)
    with net.inside("layer", "Block"):
        y = net.conv("conv", x)
        with net.inside("add", "Add"):
            net.op("add", y, x)
    assert paths(run(net, query(block="residual"))) == ["layer"]


def test_a_class_name_is_a_block_name(net, query, run):
    x = net.basic_block("a", net.input(1, 16, 8, 8))
    net.basic_block("b", x, kind="Bottleneck")
    assert paths(run(net, query(block="BasicBlock"))) == ["a"]
    assert run(net, query(block="Conv2d")).matches == ()


def test_squeeze_excite_whatever_its_name(net, query, run):
    net.se("layer.attn", net.input(1, 16, 8, 8), kind="Whatever")
    assert paths(run(net, query(block="squeeze-excite"))) == ["layer.attn"]


def test_squeeze_excite_with_linear_layers_and_reshapes(net, query, run):
    x = net.input(2, 16, 8, 8)
    with net.inside("se", "SELayer"):
        net.op("size", x, kind="method")
        y = net.op("view", net.squeeze(x), shape=(2, 16))
        net.op("size", y, kind="method")
        y = net.relu("fc.1", net.linear("fc.0", y, 4))
        y = net.op("sigmoid", net.linear("fc.2", y, 16))
        y = net.op("view", y, shape=(2, 16, 1, 1))
        net.op("mul", x, net.op("expand_as", y, x, shape=(2, 16, 8, 8)))
    assert paths(run(net, query(block="squeeze-excite"))) == ["se"]


def test_squeeze_excite_with_means_and_a_hard_sigmoid(net, query, run):
    x = net.input(2, 16, 8, 8)
    with net.inside("se", "SE"):
        y = net.op("mean", net.op("mean", x, shape=(2, 16, 8)), shape=(2, 16))
        y = net.op("relu", net.op("linear", y, net.weight(4, 16), shape=(2, 4)))
        y = net.op("linear", y, net.weight(16, 4), shape=(2, 16))
        y = net.op("div", net.op("relu6", net.op("add", y)))
        net.op("mul", net.op("unsqueeze", y, shape=(2, 16, 1, 1)), x, shape=(2, 16, 8, 8))
    assert paths(run(net, query(block="squeeze-excite"))) == ["se"]


ALL = ("slice", None, None, None)


@pytest.mark.parametrize(
    ("index", "found"),
    [
        ((ALL, ALL, None, None), True),
        (("...", None, None), True),
        ((ALL, (3, 2, 1, 0), None, None), False),  # each channel scales another
        ((ALL, ("slice", None, 4, None), None, None), False),
        (None, False),  # what is no constant
    ],
)
def test_squeeze_excite_with_axes_added_by_an_index(net, query, run, index, found):
    x = net.input(2, 4, 8, 8)
    with net.inside("se", "SE"):
        y = net.op("mean", x, shape=(2, 4))
        y = net.op("sigmoid", net.linear("fc2", net.relu("act", net.linear("fc1", y, 2)), 4))
        y = net.op("getitem", y, shape=(2, 4, 1, 1), **({"index": index} if index else {}))
        net.op("mul", x, y)
    assert paths(run(net, query(block="squeeze-excite"))) == (["se"] if found else [])


def test_squeeze_excite_with_an_activation_that_is_written_out(net, query, run):
    x = net.input(2, 16, 8, 8)
    with net.inside("se", "SE"):
        y = net.conv("reduce", net.squeeze(x), 4, k=1)
        with net.inside("act", "Swish"):
            y = net.op("mul", y, net.op("sigmoid", y))
        y = net.op("sigmoid", net.conv("expand", y, 16, k=1))
        net.op("mul", x, y)
    assert paths(run(net, query(block="squeeze-excite"))) == ["se"]


def test_a_scaled_reduction_is_no_activation(net, query, run):
    x = net.input(2, 16, 8, 8)
    with net.inside("se", "SE"):
        y = net.op("mul", net.conv("reduce", net.squeeze(x), 4, k=1))
        net.op("mul", x, net.op("sigmoid", net.conv("expand", y, 16, k=1)))
    assert run(net, query(block="squeeze-excite")).matches == ()


def test_the_smallest_instance_is_the_block(net, query, run):
    x = net.input(1, 16, 8, 8)
    with net.inside("outer", "Wrapper", params=2 * 16 * 4):
        net.se("se", x)
    assert paths(run(net, query(block="squeeze-excite"))) == ["outer.se"]


def test_a_gate_applied_outside_is_only_counted(net, query, run):
    x = net.input(1, 16, 8, 8)
    with net.inside("gate", "Gate"):
        y = net.op("relu", net.conv("fc1", net.squeeze(x), 4, k=1))
        y = net.op("sigmoid", net.conv("fc2", y, 16, k=1))
    net.op("mul", x, y)
    found = run(net, query(block="squeeze-excite"))
    assert found.matches == ()
    assert found.tally["have the gate applied outside the module"] == 1


NEAR_MISSES = ("max", "partial", "wide", "grouped", "norm", "linear", "tanh", "other", "residual")


def build_near_miss(net, kind):
    x = net.input(1, 16, 8, 8)
    other = net.op("relu", x)
    with net.inside("se", "Near"):
        y = net.squeeze(x) if kind != "max" else net.op("adaptive_max_pool2d", x, shape=(1, 16, 1, 1))
        y = net.op("avg_pool2d", x, shape=(1, 16, 4, 4)) if kind == "partial" else y
        y = net.conv("fc1", y, 4, k=3 if kind == "wide" else 1, groups=4 if kind == "grouped" else 1)
        y = net.bn("bn", y) if kind == "norm" else y
        y = net.op("relu", y) if kind != "linear" else y
        y = net.conv("fc2", y, 16, k=1)
        y = net.op("tanh" if kind == "tanh" else "sigmoid", y)
        y = net.op("mul", other if kind == "other" else x, y)
        if kind == "residual":
            net.op("add", y, x)


@pytest.mark.parametrize(
    ("kind", "count"),
    [("none", 1), *((kind, 0) for kind in NEAR_MISSES)],
)
def test_what_is_no_squeeze_excite(net, query, run, kind, count):
    build_near_miss(net, kind)
    assert len(run(net, query(block="squeeze-excite")).matches) == count


def test_other_parameters_in_the_module_are_in_the_way(net, query, run):
    x = net.input(1, 16, 8, 8)
    net.se("a", x)
    net.instances["a"].facts["params"] += 1
    assert run(net, query(block="squeeze-excite")).matches == ()


def test_eca_is_no_squeeze_excite(net, query, run):
    x = net.input(1, 16, 8, 8)
    with net.inside("eca", "Eca"):
        y = net.op("reshape", net.squeeze(x), shape=(1, 1, 16))
        y = net.call("conv", "Conv1d", "conv1d", y, kernel_size=(3,), groups=1, params=3)
        net.op("mul", x, net.op("reshape", net.op("sigmoid", y), shape=(1, 16, 1, 1)), shape=(1, 16, 8, 8))
    assert run(net, query(block="squeeze-excite")).matches == ()
