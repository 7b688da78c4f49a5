"""Chains of operations: what a part may be, what stands between, what is a near miss."""

from __future__ import annotations

import re

import pytest

from mutagen.load.pattern_text import meaning
from mutagen.load.pattern_tree import pattern_of
from mutagen.match.select import select
from mutagen.records.rules import Action, Only, PartQuery, Query, Rule

REPLACE = {"conv": Action("replace", "DepthwiseSeparableConv2d"), "relu": Action("replace", "gelu")}


def chain(text, parts=None, /, replaced=REPLACE, **more):
    """A rule on a pattern; ``parts`` are the queries of its parts by name."""
    pattern = pattern_of(text)
    told = {name: (parts or {}).get(name, Query()) for name in pattern.parts}
    found = tuple(PartQuery(name, meaning(name), told[name], pattern.reads[name]) for name in pattern.parts)
    known = {name: action for name, action in replaced.items() if name in pattern.parts}
    return Rule("r", Query(pattern=found, **more), Action("replace", ""), parts=known)


def run(net, rule, products=None):
    (found,) = select((rule,), net.trace(), products or {})
    net.nodes.pop()
    return found


def nodes(found):
    return [tuple(part.node for part in match.parts) for match in found.matches]


def test_parts_are_modules_functions_and_methods(net):
    x = net.input(1, 16, 8, 8)
    x = net.relu("a.relu", net.bn("a.bn", net.conv("a.conv", x)))
    x = net.op("relu", net.op("batch_norm", net.conv("b", x), net.weight(16)))
    net.op("relu", net.bn("c.bn", net.op("conv2d", x, net.weight(16, 16, 3, 3))), kind="method")
    found = run(net, chain("relu(bn(conv(x)))"))
    assert nodes(found) == [(1, 2, 3), (4, 6, 7), (9, 10, 11)]
    assert [match.path for match in found.matches] == ["a.conv", "b", ""]
    assert [part.name for part in found.matches[0].parts] == ["conv", "bn", "relu"]
    assert found.explanation == "3 calls of relu seen; 3 matched"


def test_near_misses_say_how_far_a_chain_came(net, query):
    x = net.input(1, 16, 8, 8)
    net.op("relu", x)
    net.op("relu", net.bn("n1", x))
    net.op("relu", net.bn("n2", net.conv("c1", x, k=1)))
    net.op("relu", net.bn("n3", net.op("conv2d", x, net.weight(16, 16, 3, 3))))
    found = run(net, chain("relu(bn(conv(x)))", {"conv": query({"kernel_size": 3})}))
    said = "4 calls of relu seen; 1 read no bn; 1 fail kernel_size of conv; 1 have no fact kernel_size of conv; "
    assert found.explanation == said + "1 read no conv; 0 matched"


def test_an_identity_does_not_come_between_and_a_dropout_does(net):
    x = net.input(1, 16, 8, 8)
    net.op("relu", net.op("identity", net.bn("a", x)))
    net.op("relu", net.op("dropout", net.bn("b", x)))
    assert nodes(run(net, chain("relu(bn(x))"))) == [(1, 3)]
    assert nodes(run(net, chain("relu(drop(bn(x)))"))) == [(4, 5, 6)]


def test_what_else_reads_a_part_is_not_asked(net):
    x = net.input(1, 16, 8, 8)
    y = net.bn("bn", net.conv("conv", x))
    net.op("sub", net.op("relu", y), y)
    assert len(run(net, chain("relu(bn(conv(x)))")).matches) == 1


def test_chains_may_share_parts_of_one_name_and_no_others(net):
    x = net.op("relu", net.conv("a", net.input(1, 16, 8, 8)))
    net.conv("b", x)
    net.conv("c", x)
    both = run(net, chain("conv(relu(y))", replaced=REPLACE))
    assert nodes(both) == [(2, 3), (2, 4)]
    x = net.op("relu", net.conv("d", x))
    net.op("relu", net.conv("e", x))
    twice = {"conv1": REPLACE["conv"], "conv2": Action("replace", "Other")}
    found = run(net, chain("conv2(relu(conv1(x)))", replaced=twice))
    assert nodes(found) == [(1, 2, 3), (1, 2, 4), (1, 2, 5)]
    assert found.explanation == "5 calls of conv2 seen; 1 read no relu; 1 overlap an earlier match; 3 matched"
    one = run(net, chain("conv2(relu(conv1(x)))", replaced={"conv1": REPLACE["conv"]}))
    assert len(one.matches) == 4, "what a chain leaves as it is, another may change"


def test_a_part_is_what_its_query_says_whatever_it_is_called(net, query):
    x = net.input(1, 16, 8, 8)
    x = net.op("gelu", net.linear("fc", net.bn("bn", x), 8))
    found = run(net, chain("conv(mine(x))", {"conv": query(op="gelu"), "mine": query(type="Linear")}))
    assert nodes(found) == [(2, 3)]
    either = query(some=(query(type="Linear"), query(type="Conv2d")))
    assert nodes(run(net, chain("gelu(mine(x))", {"mine": either}))) == [(2, 3)]


def test_a_part_may_be_a_whole_module(net, query):
    x = net.basic_block("block", net.input(1, 16, 8, 8))
    x = net.op("dropout", net.se("se", x))
    net.bn("bn", x)
    parts = {"se": query(block="squeeze-excite"), "block": query(type="BasicBlock")}
    found = run(net, chain("bn(drop(se(block(x))))", parts))
    assert [(part.name, part.path, part.node is None) for part in found.matches[0].parts] == [
        ("block", "block", True),
        ("se", "se", True),
        ("drop", "", False),
        ("bn", "bn", False),
    ]
    assert len(run(net, chain("se(block(x))", parts)).matches) == 1


def test_a_call_within_a_module_is_not_that_module(net, query):
    x = net.input(1, 16, 8, 8)
    with net.inside("wrap", "Wrap"):
        x = net.op("sigmoid", net.op("tanh", x))
    net.op("relu", x)
    found = run(net, chain("relu(mine(x))", {"mine": query(block="Wrap")}))
    assert [part.path for part in found.matches[0].parts] == ["wrap", ""]
    assert run(net, chain("sigmoid(mine(x))", {"mine": query(block="Wrap")})).matches == ()


def test_tests_beside_a_pattern_speak_of_all_parts(net, query):
    x = net.input(1, 16, 8, 8)
    with net.inside("stem", "Stem"):
        x = net.conv("conv", x)
    x = net.relu("a.relu", net.bn("a.bn", x))
    net.relu("b.relu", net.bn("b.bn", net.conv("b.conv", x)))
    left = run(net, chain("relu(bn(conv(x)))", excluded=(query(inside=query(type="Stem")),)))
    assert (nodes(left), left.explanation) == ([(4, 5, 6)], "2 calls of relu seen; 1 excluded by not; 1 matched")
    assert nodes(run(net, chain("relu(bn(conv(x)))", path=("b.*",)))) == [(4, 5, 6)]
    assert nodes(run(net, chain("relu(bn(conv(x)))", path=("a.*",)))) == []
    assert nodes(run(net, chain("relu(bn(conv(x)))", only=Only(last=1)))) == [(4, 5, 6)]


def edited(net):
    x = net.input(1, 16, 8, 8)
    with net.inside("a", "Separable", kernel_size=(3, 3)):
        x = net.conv("pointwise", net.conv("depthwise", x), k=1)
    x = net.op("gelu", net.call("norm", "GroupNorm", "group_norm", x, num_groups=4))
    return net.op("relu", net.bn("bn", net.conv("b", x)))


ALL = {**REPLACE, "bn": Action("replace", "GroupNorm")}
PRODUCTS = {"a": "DepthwiseSeparableConv2d"}


def test_a_chain_of_products_stands_already(net, query):
    edited(net)
    found = run(net, chain("relu(bn(conv(x)))", {"conv": query({"kernel_size": 3})}, replaced=ALL), PRODUCTS)
    assert (nodes(found), found.already) == ([(5, 6, 7)], ("a",))
    only = run(net, chain("relu(bn(conv(x)))", replaced=ALL, only=Only(first=1)), PRODUCTS)
    assert (nodes(only), only.already) == ([], ("a",))
    other = run(net, chain("relu(bn(conv(x)))", {"conv": query({"kernel_size": 5})}, replaced=ALL), PRODUCTS)
    assert (nodes(other), other.already) == ([], ())


def test_a_chain_with_one_product_is_not_done(net):
    edited(net)
    found = run(net, chain("relu(bn(conv(x)))", replaced={"conv": REPLACE["conv"]}), PRODUCTS)
    assert (nodes(found), found.already) == ([(5, 6, 7)], ())


def test_nothing_within_a_product_is_a_part(net):
    edited(net)
    found = run(net, chain("conv2(conv1(x))", replaced={"conv1": REPLACE["conv"]}), PRODUCTS)
    assert found.explanation == "3 calls of conv2 seen; 2 inside a standing product; 1 read no conv1; 0 matched"


@pytest.mark.parametrize(
    ("text", "names", "free"),
    [
        ("relu(bn(conv(x)))", "relu bn conv", "x"),
        (" relu ( x ) ", "relu", "x"),
        ("a_1(b2(_))", "a_1 b2", "_"),
        ("relu(add(bn(conv(x)), y))", "relu add bn conv", "x y"),
        ("mul(sigmoid(x),x)", "mul sigmoid", "x"),
    ],
)
def test_the_text_of_a_pattern(text, names, free):
    pattern = pattern_of(text)
    assert pattern.parts == tuple(names.split())
    assert pattern.free == tuple(free.split())


def test_what_the_parts_of_a_pattern_read():
    reads = pattern_of("cat(up(x), relu(add(y, x)))").reads
    assert reads == {"cat": ("up", "relu"), "up": ("x",), "relu": ("add",), "add": ("y", "x")}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "a name is missing, at the end of ''"),
        ("x", "'x' is no operation that reads something"),
        ("relu()", "')' is no name, at character 6 of"),
        ("relu(bn(x)", "the bracket of 'relu' is not closed, at the end of"),
        ("relu(x))", "')' is too much, at character 8 of"),
        ("(x)", "'(' is no name, at character 1 of"),
        ("relu x", "'x' is too much, at character 6 of"),
        ("add(x y)", "'y' stands where a comma or a bracket should, at character 7"),
        ("add(x, y, z)", "'add' reads more than two tensors, at character 1 of"),
        ("add(x, 1)", "'1' is no name, at character 8 of"),
        ("f.relu(x)", "'.' is too much, at character 2 of"),
        ("a(a(x))", "the name 'a' stands twice, at character 3; number the parts: a1, a2"),
        ("add(relu(x), relu)", "the name 'relu' stands for a part and for what is read"),
        ("".join(f"a{i}(" for i in range(50)) + "x", "a pattern has 40 parts at most"),
    ],
)
def test_texts_that_are_no_patterns(text, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        pattern_of(text)


MEANT = """conv conv2d, conv1 conv2d, conv2d conv2d, bn_2 batch_norm, relu6 relu6, relu_6 relu, norm layer_norm,
act hardswish, fc linear, drop dropout"""


@pytest.mark.parametrize(("name", "operation"), [each.split() for each in MEANT.split(",")])
def test_names_stand_for_operations(name, operation):
    assert operation in meaning(name)


def test_some_names_stand_for_nothing():
    assert not meaning("mine")
    assert "conv1d" not in meaning("conv2d")
