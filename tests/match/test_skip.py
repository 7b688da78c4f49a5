from __future__ import annotations

import pytest


def edges(found):
    return [(match.node, match.operand, match.other) for match in found.matches]


@pytest.fixture
def unet(net):
    """Two levels down and up; ``net.joins`` are the two concatenations."""
    high = net.relu("r0", net.conv("c0", net.input(1, 3, 32, 32), 8))
    middle = net.relu("r1", net.conv("c1", net.pool(high), 16))
    low = net.relu("r2", net.conv("c2", net.pool(middle), 16))
    first = net.cat(net.up(low), middle)
    up = net.up(net.relu("r3", net.conv("c3", first, 8)))
    second = net.cat(high, up, dim=-3)
    net.conv("out", second, 2)
    net.joins = (first, second)
    return net


def test_the_skips_of_a_unet(unet, query, run):
    found = run(unet, query(edge="skip"))
    first, second = unet.joins
    assert edges(found) == [(first, 1, 0), (second, 0, 1)]
    assert run(unet, query(edge="residual")).matches == ()


def test_facts_of_skips(unet, query, run):
    found = run(unet, query({"height": {"ge": 32}}, edge="skip"))
    assert edges(found) == [(unet.joins[1], 0, 1)]


def test_a_few_calls_on_the_skip(net, query, run):
    x = net.relu("r", net.conv("c", net.input(1, 3, 34, 34), 8))
    low = net.up(net.conv("l", net.op("max_pool2d", x, shape=(1, 8, 16, 16))))
    side = net.op("relu", net.bn("b", net.conv("p", net.op("getitem", x, shape=(1, 8, 32, 32)), k=1)))
    join = net.cat(side, low)
    assert edges(run(net, query(edge="skip"))) == [(join, 0, 1)]


def test_two_convolutions_are_a_path_of_their_own(net, query, run):
    x = net.relu("r", net.conv("c", net.input(1, 3, 32, 32), 8))
    net.cat(net.conv("p2", net.conv("p1", x)), net.up(net.pool(x)))
    assert run(net, query(edge="skip")).matches == ()


def test_dense_concatenations_are_none(net, query, run):
    x = net.input(1, 8, 16, 16)
    for number in range(3):
        x = net.cat(x, net.relu(f"r{number}", net.conv(f"c{number}", x, 4)))
    found = run(net, query(edge="skip"))
    assert found.matches == ()
    assert found.explanation == "0 skips seen; 3 joins join tensors that no lower resolution parts; 0 matched"


def test_one_path_at_full_resolution_is_enough_against_it(net, query, run):
    x = net.relu("r", net.conv("c", net.input(1, 3, 32, 32), 8))
    late = net.op("mul", net.up(net.pool(x)), net.conv("c2", x))
    net.cat(x, late)
    assert run(net, query(edge="skip")).matches == ()


def test_joins_along_other_dimensions_and_of_tokens_are_none(net, query, run):
    x = net.relu("r", net.conv("c", net.input(1, 3, 32, 32), 8))
    net.cat(x, net.up(net.pool(x)), dim=2)
    tokens = net.input(1, 16, 32)
    net.cat(tokens, net.linear("fc", tokens, 32))
    found = run(net, query(edge="skip"))
    assert found.matches == ()
    assert found.tally["joins join along another dimension"] == 1
    assert found.tally["joins do not join images"] == 1


def test_the_partner_is_the_operand_with_the_longest_path(net, query, run):
    x = net.relu("r", net.conv("c", net.input(1, 3, 32, 32), 8))
    short = net.up(net.pool(x))
    long = net.up(net.relu("r3", net.conv("c3", net.conv("c2", net.pool(x)))))
    join = net.cat(short, x, long)
    assert edges(run(net, query(edge="skip"))) == [(join, 1, 2)]


def test_an_encoder_scale_that_is_upsampled_directly_is_none(net, query, run):
    """A tensor that only shares an input with the other operand bypasses nothing."""
    x = net.input(1, 8, 16, 16)
    low = net.pool(x)
    net.cat(net.up(net.relu("a", low)), net.up(net.op("gelu", low)))
    assert run(net, query(edge="skip")).matches == ()


def test_skips_with_addition(net, query, run):
    x = net.relu("r", net.conv("c", net.input(1, 8, 32, 32)))
    y = net.up(net.relu("r2", net.conv("c2", net.pool(x))))
    join = net.op("add", y, x)
    assert edges(run(net, query(edge="skip"))) == [(join, 1, 0)]
    assert run(net, query(edge="residual")).matches == ()


def test_volumes(net, query, run):
    x = net.op("relu", net.input(1, 8, 16, 16, 16))
    low = net.op("relu", net.op("max_pool3d", x, shape=(1, 8, 8, 8, 8)))
    join = net.cat(x, net.op("interpolate", low, shape=(1, 8, 16, 16, 16)))
    assert edges(run(net, query(edge="skip"))) == [(join, 0, 1)]


def test_nested_concatenations_of_skips(net, query, run):
    """The second column of a U-Net++."""
    x = net.relu("r", net.conv("c", net.input(1, 3, 32, 32), 8))
    low = net.relu("r1", net.conv("c1", net.pool(x)))
    column = net.relu("r2", net.conv("c2", net.cat(x, net.up(low)), 8))
    lower = net.relu("r3", net.conv("c3", net.relu("r4", net.conv("c4", low))))
    join = net.cat(net.cat(x, column), net.up(lower))
    found = run(net, query(edge="skip"))
    assert edges(found)[1:] == [(join, 0, 1)]


def test_a_residual_block_on_the_skip(net, query, run):
    x = net.relu("r", net.conv("c", net.input(1, 3, 32, 32), 8))
    join = net.cat(net.basic_block("path", x), net.up(net.conv("l", net.pool(x))))
    assert edges(run(net, query(edge="skip"))) == [(join, 0, 1)]


def test_an_identity_residual_at_the_lowest_level_is_still_low(net, query, run):
    x = net.op("permute", net.relu("r", net.conv("c", net.input(1, 3, 32, 32), 8)), shape=(1, 32, 32, 8))
    high = net.op("permute", net.call("n", "LayerNorm", "layer_norm", x), shape=(1, 8, 32, 32))
    low = net.op("getitem", x, shape=(1, 16, 16, 8))
    low = net.op("permute", net.linear("merge", low, 8), shape=(1, 8, 16, 16))
    low = net.op("add", net.relu("r1", net.conv("c1", low)), low)
    join = net.cat(net.op("conv_transpose2d", low, shape=(1, 8, 32, 32)), high)
    assert edges(run(net, query(edge="skip"))) == [(join, 1, 0)]


def test_a_sum_that_only_makes_a_gate_joins_nothing(net, query, run):
    x = net.relu("r", net.conv("c", net.input(1, 8, 32, 32)))
    low = net.up(net.conv("c2", net.pool(x)))
    total = net.op("add", net.conv("wx", x, k=1), net.conv("wg", low, k=1))
    gate = net.op("sigmoid", net.conv("psi", net.op("relu", total), 1, k=1))
    net.op("mul", x, gate)
    found = run(net, query(edge="skip"))
    assert found.matches == ()
    assert found.tally["joins only make a gate"] == 1


def test_a_sum_that_ends_in_a_sigmoid_is_still_a_join(net, query, run):
    x = net.relu("r", net.conv("c", net.input(1, 8, 32, 32)))
    join = net.op("add", net.up(net.conv("c2", net.pool(x))), x)
    net.op("sigmoid", net.conv("head", join, 1, k=1))
    assert edges(run(net, query(edge="skip"))) == [(join, 1, 0)]
