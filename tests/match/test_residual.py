from __future__ import annotations

import pytest

from mutagen.records.match import EdgeMatch


def edges(found):
    return [(match.operand, match.other, match.shortcut) for match in found.matches]


def test_identity_and_projected_shortcuts(net, query, run):
    x = net.basic_block("a", net.conv("stem", net.input(1, 3, 32, 32), 16))
    net.basic_block("b", x, 32, stride=2)
    found = run(net, query(edge="residual"))
    assert edges(found) == [(0, 1, "identity"), (0, 1, "projected")]
    assert [match.path for match in found.matches] == ["a", "b"]
    assert isinstance(found.matches[0], EdgeMatch)
    assert found.matches[0].id == "r:a#0"
    assert edges(run(net, query({"shortcut": "projected"}, edge="residual"))) == [(0, 1, "projected")]


def test_the_shortcut_is_found_on_either_side(net, query, run):
    x = net.input(1, 8, 8, 8)
    net.op("add", x, net.relu("r", net.conv("c", x)))
    assert edges(run(net, query(edge="residual"))) == [(1, 0, "identity")]


def test_an_identity_module_on_the_shortcut_is_no_projection(net, query, run):
    x = net.input(1, 8, 8, 8)
    net.op("add", net.conv("c", x), net.op("identity", x))
    assert edges(run(net, query(edge="residual"))) == [(0, 1, "identity")]


def test_a_branch_of_one_convolution_is_the_branch(net, query, run):
    x = net.input(1, 8, 8, 8)
    net.op("add", net.bn("b", net.conv("c", x)), x)
    assert edges(run(net, query(edge="residual"))) == [(0, 1, "identity")]


def test_the_shorter_projection_is_the_shortcut(net, query, run):
    x = net.input(1, 8, 8, 8)
    short = net.conv("p", x, 16, k=1)
    long = net.bn("b", net.conv("c", x, 16))
    net.op("add", short, long)
    assert edges(run(net, query(edge="residual"))) == [(1, 0, "projected")]


def test_pooled_and_padded_shortcuts(net, query, run):
    x = net.input(1, 8, 8, 8)
    branch = net.conv("c2", net.relu("r", net.conv("c1", x, 16, stride=2)))
    half = net.op("getitem", x, shape=(1, 8, 4, 4))
    padded = net.op("pad", half, shape=(1, 16, 4, 4))
    net.op("add", branch, padded)
    pooled = net.op("avg_pool2d", x, shape=(1, 8, 4, 4))
    wide = net.op("cat", pooled, net.op("zeros_like", pooled), shape=(1, 16, 4, 4), dim=1)
    net.op("add", wide, branch)
    assert edges(run(net, query(edge="residual"))) == [(0, 1, "projected"), (1, 0, "projected")]


@pytest.mark.parametrize(("projected", "count"), [(False, 0), (True, 1)])
def test_a_maximum_alone_is_no_shortcut(net, query, run, projected, count):
    x = net.input(1, 8, 8, 8)
    branch = net.conv("c2", net.relu("r", net.conv("c1", x, 8, stride=2)))
    short = net.pool(x)
    net.op("add", branch, net.bn("b", net.conv("p", short, 8, k=1)) if projected else short)
    assert len(edges(run(net, query(edge="residual")))) == count


def test_transformer_blocks_have_no_spatial_rule(net, query, run):
    x = net.input(1, 16, 32)
    y = net.op("softmax", net.linear("qk", net.call("n", "LayerNorm", "layer_norm", x), 32))
    x = net.op("add", x, net.linear("proj", y, 32))
    net.op("add", net.linear("fc2", net.op("gelu", net.linear("fc1", x, 64)), 32), x)
    assert edges(run(net, query(edge="residual"))) == [(1, 0, "identity"), (0, 1, "identity")]


def test_chains_of_additions(net, query, run):
    x = net.input(1, 8, 8, 8)
    first = net.op("add", x, net.relu("a", net.conv("ca", x)))
    second = net.op("add", first, net.relu("b", net.conv("cb", first)))
    found = run(net, query(edge="residual"))
    assert [match.node for match in found.matches] == [first, second]


def test_a_gate_with_global_pooling_lowers_nothing(net, query, run):
    x = net.input(1, 16, 8, 8)
    net.op("add", net.se("se", net.conv("c", x)), x)
    net.op("add", net.se("se2", x), x)
    assert edges(run(net, query(edge="residual"))) == [(0, 1, "identity")] * 2


def test_strided_blocks_are_measured_at_their_output(net, query, run):
    net.basic_block("b", net.input(1, 8, 16, 16), 16, stride=2)
    assert len(run(net, query(edge="residual")).matches) == 1


def test_a_block_that_upsamples_is_measured_at_its_input(net, query, run):
    x = net.input(1, 8, 8, 8)
    branch = net.op("conv_transpose2d", net.relu("r", net.conv("c", x)), shape=(1, 8, 16, 16))
    net.op("add", branch, net.op("conv_transpose2d", x, shape=(1, 8, 16, 16)))
    assert edges(run(net, query(edge="residual"))) == [(0, 1, "projected")]


def test_channels_last_blocks_have_their_size_in_the_middle(net, query, run):
    x = net.input(1, 96, 14, 14)
    x = net.op("permute", x, shape=(1, 14, 14, 96))
    x = net.call("norm", "LayerNorm", "layer_norm", x)
    y = net.op("permute", x, shape=(1, 96, 14, 14))
    y = net.op("permute", net.conv("dw", y), shape=(1, 14, 14, 96))
    net.op("add", x, net.linear("fc", y, 96))
    assert edges(run(net, query(edge="residual"))) == [(1, 0, "identity")]


def test_attention_heads_are_no_resolution(net, query, run):
    x = net.call("norm", "LayerNorm", "layer_norm", net.input(1, 7, 7, 768))
    heads = net.op("reshape", net.linear("qkv", x, 768), shape=(1, 4, 6, 32))
    y = net.op("reshape", net.op("matmul", heads, heads), shape=(1, 7, 7, 768))
    net.op("add", x, net.linear("proj", y, 768))
    assert edges(run(net, query(edge="residual"))) == [(1, 0, "identity")]


def test_weights_given_to_functions_are_no_second_input(net, query, run):
    x = net.input(1, 8, 8, 8)
    y = net.op("relu", net.op("conv2d", x, net.weight(16, 8, 3, 3), shape=(1, 16, 8, 8)))
    net.op("add", y, net.op("conv2d", x, net.weight(16, 8, 1, 1), net.weight(16), shape=(1, 16, 8, 8)))
    assert edges(run(net, query(edge="residual"))) == [(0, 1, "projected")]


def test_what_is_not_residual(net, query, run):
    x = net.input(1, 8, 8, 8)
    y = net.relu("r", net.conv("c", x))
    net.op("add", y, y)
    net.op("add", y, net.weight(1, 8, 8, 8))
    net.op("add", y, net.input(1, 8, 8, 8))
    net.op("add", y)
    net.op("add", y, x, alpha=0.5)
    net.op("add", y, net.squeeze(x))
    net.op("mul", y, x)
    other = net.relu("r2", net.conv("c4", net.relu("r1", net.conv("c3", x))))
    net.op("add", y, net.conv("c6", net.conv("c5", other)))
    found = run(net, query(edge="residual"))
    assert found.matches == ()
    assert found.explanation == (
        "0 residual additions seen; 1 additions add a tensor to itself; "
        "3 additions have no shortcut at the same resolution; 1 additions scale an operand; "
        "1 additions add tensors of different shapes; 0 matched"
    )


def test_a_size_read_from_a_tensor_carries_no_values(net, query, run):
    x = net.input(1, 8, 8, 8)
    size = net.op("size", x, kind="method", shape=None)
    other = net.op("relu", net.input(1, 8, 8, 8))
    net.op("add", net.op("reshape", other, size), x)
    assert run(net, query(edge="residual")).matches == ()


def test_a_slice_of_channels_is_not_a_shortcut(net, query, run):
    x = net.op("relu", net.input(1, 16, 8, 8))
    first = net.op("getitem", x, shape=(1, 8, 8, 8))
    second = net.op("getitem", x, shape=(1, 8, 8, 8))
    net.op("add", net.relu("r", net.conv("c", first)), second)
    assert run(net, query(edge="residual")).matches == ()


def test_addition_across_a_lower_resolution_is_a_skip(net, query, run):
    x = net.relu("r", net.conv("c", net.input(1, 8, 16, 16)))
    low = net.relu("r2", net.conv("c2", net.pool(x)))
    net.op("add", net.up(low), net.conv("lateral", x, k=1))
    assert run(net, query(edge="residual")).matches == ()
    assert edges(run(net, query(edge="skip"))) == [(1, 0, None)]


def test_facts_and_places_of_edges(net, query, run):
    x = net.conv("stem", net.input(1, 3, 32, 32), 16)
    x = net.basic_block("layer1.0", x)
    net.basic_block("layer2.0", x, 32, stride=2)
    assert [match.path for match in run(net, query({"channels": 32, "height": 16}, edge="residual")).matches] == [
        "layer2.0"
    ]
    assert [match.path for match in run(net, query(edge="residual", path="layer1.*")).matches] == ["layer1.0"]
    wanted = query(edge="residual", inside=query(path="layer2.0"))
    assert [match.path for match in run(net, wanted).matches] == ["layer2.0"]
    wanted = query(edge="residual", excluded=query({"shortcut": "projected"}))
    assert [match.path for match in run(net, wanted).matches] == ["layer1.0"]


def test_a_written_out_activation_has_no_branch(net, query, run):
    x = net.conv("c", net.input(1, 8, 8, 8))
    cube = net.op("mul", net.op("pow", x))
    y = net.op("mul", x, net.op("tanh", net.op("add", x, cube)))
    net.op("add", y, net.conv("p", net.op("mul", y), k=1))
    found = run(net, query(edge="residual"))
    assert edges(found) == [(1, 0, "identity")]
    assert found.tally["additions are part of a pointwise function"] == 1


def test_a_straight_through_estimator_is_no_residual(net, query, run):
    x = net.conv("stem", net.input(1, 8, 8, 8), 8)
    q = net.op("round", x)
    rest = net.op("sub", q, x)
    net.op("add", x, net.op("detach", rest))
    net.op("add", net.op("sub", q, net.op("detach", x)), x)
    found = run(net, query(edge="residual"))
    assert edges(found) == []
    assert "2 additions pass another value on with the gradient of a tensor" in found.explanation


def test_a_difference_with_its_gradient_is_a_residual_branch(net, query, run):
    x = net.conv("stem", net.input(1, 8, 8, 8), 8)
    net.op("add", x, net.op("sub", net.conv("c", x), x))
    net.op("add", x, net.op("detach", net.op("sub", net.conv("d", x), net.conv("e", x))))
    assert edges(run(net, query(edge="residual"))) == [(1, 0, "identity")] * 2


def test_a_running_sum_that_carries_the_input_is_the_shortcut(net, query, run):
    x = net.input(1, 8, 8, 8)
    first = net.op("add", x, net.conv("a", x))
    second = net.op("add", first, net.conv("b", x))
    net.op("add", net.relu("r", net.conv("c", x)), second)
    assert edges(run(net, query(edge="residual"))) == [(1, 0, "identity"), (1, 0, "identity"), (0, 1, "identity")]


def test_a_running_sum_that_carries_a_projection_is_the_shortcut(net, query, run):
    x = net.input(1, 8, 8, 8)
    first = net.op("add", net.conv("p", x, 16), net.conv("c2", net.relu("r", net.conv("c1", x)), 16))
    net.op("add", net.conv("b", x, 16), first)
    assert edges(run(net, query(edge="residual"))) == [(1, 0, "projected"), (0, 1, "projected")]


def test_a_block_around_a_block_is_one_behind_another_sum(net, query, run):
    x = net.input(1, 8, 8, 8)
    before = net.op("add", x, net.conv("a", x))
    inner = net.op("add", net.conv("b", before), before)
    net.op("add", before, inner)
    found = [(1, 0, "identity"), (0, 1, "identity"), (1, 0, "identity")]
    assert edges(run(net, query(edge="residual"))) == found


def test_what_scales_other_features_and_shifts_them_is_no_branch(net, query, run):
    x, seg = net.input(1, 8, 8, 8), net.input(1, 8, 8, 8)
    scaled = net.op("mul", net.conv("f", x), net.conv("gamma", seg))
    net.op("add", scaled, net.conv("beta", seg))
    noise = net.op("mul", net.op("randn_like", net.conv("std", seg)), net.conv("std2", seg))
    net.op("add", net.conv("mean", seg), noise)
    assert edges(run(net, query(edge="residual"))) == []


def test_a_gated_branch_with_a_projected_shortcut_is_one(net, query, run):
    x = net.input(1, 8, 8, 8)
    gated = net.op("mul", net.relu("r", net.conv("a", x, 16)), net.op("sigmoid", net.conv("b", x, 16)))
    net.op("add", gated, net.conv("p", x, 16))
    assert edges(run(net, query(edge="residual"))) == [(0, 1, "projected")]


def test_two_projections_alike_are_no_branch_and_shortcut(net, query, run):
    x = net.input(1, 8, 8, 8)
    net.op("add", net.conv("a", x), net.conv("b", x))
    net.op("add", net.bn("n", net.conv("c", x)), net.bn("m", net.conv("d", x)))
    assert edges(run(net, query(edge="residual"))) == []


def test_a_third_projection_alike_adds_to_the_sum_and_one_of_an_earlier_tensor_is_a_shortcut(net, query, run):
    w = net.input(1, 8, 8, 8)
    x = net.relu("r", net.conv("first", w))
    both = net.op("add", net.conv("a", x), net.conv("b", x))
    three = net.op("add", net.conv("c", x), both)
    net.op("add", net.conv("d", x), net.op("identity", three))
    assert edges(run(net, query(edge="residual"))) == []
    net.op("add", three, net.conv("p", w))
    normed = net.op("add", net.bn("n", net.conv("e", x)), net.bn("m", net.conv("f", x)))
    net.op("add", net.bn("o", x), normed)
    assert edges(run(net, query(edge="residual"))) == [(0, 1, "projected"), (1, 0, "projected")]


def test_an_identity_behind_one_of_two_projections_alike_changes_nothing(net, query, run):
    x = net.input(1, 8, 8, 8)
    net.op("add", net.op("identity", net.conv("a", x)), net.conv("b", x))
    assert edges(run(net, query(edge="residual"))) == []


def test_the_sum_of_two_projections_is_the_branch_of_what_it_is_added_to(net, query, run):
    x = net.input(1, 8, 8, 8)
    both = net.op("add", net.conv("a", x), net.conv("b", x))
    net.op("add", both, x)
    assert edges(run(net, query(edge="residual"))) == [(0, 1, "identity")]
