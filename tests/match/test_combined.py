"""Matches that combine others: classes and what inherits from them, neighbours, contents, branches."""

from __future__ import annotations

from dataclasses import replace as replaced

import pytest

from mutagen.errors import RuleError
from mutagen.match.select import select
from mutagen.match.sites import names_around
from mutagen.records import rules as records
from mutagen.records.rules import Action, Only, Query, Rule, Source
from mutagen.records.span import Span
from mutagen.records.trace import CallSite


def paths(found):
    return [match.path for match in found.matches]


def blocks(net, *names):
    x = net.input(1, 16, 8, 8)
    for name in names:
        x = net.basic_block(name, x)
    return x


def test_isa_takes_subclasses_and_type_does_not(net, query, run):
    x = net.input(1, 16, 8, 8)
    x = net.call("a", "Conv2d", "conv2d", x)
    net.call("b", "models.MyConv", "conv2d", x, bases=("torch.nn.modules.conv.Conv2d",))
    assert paths(run(net, query(type="Conv2d"))) == ["a"]
    for wanted in ("Conv2d", "nn.Conv2d", "*Conv2d"):
        assert paths(run(net, query(isa=(wanted,)))) == ["a", "b"]
    assert paths(run(net, query(isa=("Module",)))) == ["", "a", "b"]
    assert paths(run(net, query(isa=("Linear",)))) == []


def test_has_looks_below_and_not_at_the_module_itself(net, query, run):
    x = blocks(net, "a", "b")
    with net.inside("c", "Bare"):
        net.conv("conv", x)
    assert paths(run(net, query(type="B*", has=query(type="BatchNorm2d")))) == ["a", "b"]
    assert paths(run(net, query(type="B*", has=query(op="add")))) == ["a", "b"]
    assert paths(run(net, query(type="B*", has=query(edge="residual")))) == ["a", "b"]
    found = run(net, query(type="Conv2d", has=query(type="Conv2d")))
    assert (paths(found), found.explanation) == ([], "5 Conv2d seen; 5 fail has; 0 matched")


def test_after_and_before_speak_of_calls_and_of_the_modules_around_them(net, query, run):
    blocks(net, "a", "b")
    assert paths(run(net, query(type="BatchNorm2d", before=query(type="ReLU")))) == ["a.bn1", "b.bn1"]
    assert paths(run(net, query(type="BatchNorm2d", before=query(edge="residual")))) == ["a.bn2", "b.bn2"]
    assert paths(run(net, query(type="Conv2d", after=query(type="BasicBlock")))) == ["b.conv1"]
    assert paths(run(net, query(type="BasicBlock", before=query(type="BasicBlock")))) == ["a"]
    found = run(net, query(type="ReLU", after=query(type="Conv2d")))
    assert found.explanation == "2 ReLU seen; 2 fail after; 0 matched"


def test_identities_and_sizes_do_not_come_between_neighbours(net, query, run):
    x = net.conv("a", net.input(1, 16, 8, 8))
    net.op("size", x, shape=(4,))
    net.relu("c", net.op("identity", x))
    assert paths(run(net, query(type="Conv2d", before=query(op="relu")))) == ["a"]
    assert paths(run(net, query(type="Conv2d", before=query(op="size")))) == []


def test_calls_are_told_apart_by_neighbours_and_by_what_they_are_given(net, query, run):
    x = net.input(1, 16, 8, 8)
    x = net.op("dropout", net.op("relu", net.conv("a", x)), p=0.5)
    net.op("dropout", net.op("relu", net.bn("b", x)), p=0.1)
    found = run(net, query(op="relu", after=query(type="BatchNorm2d")))
    assert [net.nodes[match.node].inputs for match in found.matches] == [(4,)]
    assert len(run(net, query({"p": 0.5}, op="dropout")).matches) == 1


def test_branches_give_the_subject_where_the_match_has_none(net, query, run):
    blocks(net, "a")
    either = query(some=(query(type="Conv2d"), query(type="ReLU")))
    assert paths(run(net, either)) == ["a.conv1", "a.conv2", "a.relu"]
    assert run(net, either).explanation == "3 Conv2d or ReLU seen; 3 matched"
    both = query(every=(query(type="Conv2d"), query(path="**.conv1")))
    found = run(net, both)
    assert (paths(found), found.explanation) == (["a.conv1"], "2 Conv2d seen; 1 fail path; 1 matched")
    narrowed = query(type="Conv2d", some=(query(path="*.conv2"), query({"kernel_size": 5})))
    found = run(net, narrowed)
    assert (paths(found), found.explanation) == (["a.conv2"], "2 Conv2d seen; 1 fail any; 1 matched")
    calls = query(some=(query(op="relu"), query(op="add")), only=Only(last=2))
    assert [net.nodes[it.node].name for it in run(net, calls).matches] == ["add", "relu"]


def test_calls_of_modules_can_be_told_by_their_class(net, query, run):
    x = net.input(1, 16, 8, 8)
    net.op("relu", net.relu("a", x))
    assert paths(run(net, query(op="relu", some=(query(type="ReLU"),)))) == ["a"]


def test_every_sum_product_and_concatenation_is_an_edge(net, query, run):
    x = net.input(1, 16, 8, 8)
    y = net.op("add", net.conv("a", x), net.conv("b", x))
    y = net.op("add", y, kind="function")
    z = net.op("mul", y, x)
    net.cat(z, x, y)
    for kind, nodes in (("add", [3]), ("mul", [5]), ("concat", [6])):
        found = run(net, query(edge=kind), Action("insert", "ECA", "first")).matches
        assert [(it.node, it.operand, it.other) for it in found] == [(node, 0, 1) for node in nodes]
    second = run(net, query(edge="mul"), Action("insert", "ECA", "second")).matches
    assert [(it.operand, it.other) for it in second] == [(1, 0)]


def test_additions_that_are_residual_can_be_left_out(net, query, run):
    x = blocks(net, "a")
    net.op("add", x, net.weight(1, 16, 8, 8))
    assert paths(run(net, query(edge="add", excluded=query(edge="residual")))) == [""]


SITES = {
    "Net.__init__": ("Net", "__init__"),
    "Net._make_layer": ("Net", "_make_layer"),
    "Net.__init__.<locals>.<listcomp>": ("Net", "__init__"),
    "Outer.Inner.forward": ("Inner", "forward"),
    "build": ("", "build"),
    "build.<locals>.Inner.forward": ("Inner", "forward"),
    "build.<locals>.make": ("", "make"),
    "<module>": ("", "<module>"),
    "<lambda>": ("", ""),
}


@pytest.mark.parametrize(("qualname", "names"), SITES.items())
def test_class_and_function_of_an_expression(qualname, names):
    assert names_around(qualname) == names


def test_source_is_that_of_the_innermost_local_expression(net, query):
    x = net.input(1, 16, 8, 8)
    x = net.conv("a", x)
    net.conv("b", x)
    trace = net.trace()
    inner = CallSite(Span("/lib/torch/nn/helper.py", 1, 0, 1, 5), "make", 1)
    chains = {
        "a": (inner, CallSite(Span("/m/models/stem.py", 3, 0, 3, 9), "Stem.__init__", 2)),
        "b": (CallSite(Span("/m/models/net.py", 8, 0, 8, 9), "Net._make_layer", 3),),
    }
    instances = tuple(replaced(it, chain=chains.get(it.path, ())) for it in trace.instances)
    trace = replaced(trace, instances=instances, files=("/m/models/stem.py", "/m/models/net.py"))

    def chosen(**where):
        rule = Rule("r", Query(type=("Conv2d",), source=Source(**where)), Action("replace", "Nothing"))
        return paths(select((rule,), trace, {})[0])

    assert chosen(cls=("Stem",)) == ["a"]
    assert chosen(function=("_make_*",)) == ["b"]
    assert chosen(file=("net.py",)) == ["b"]
    assert chosen(file=("models/*.py",)) == ["a", "b"]
    assert chosen(file=("odels/*.py",)) == []
    assert chosen(cls=("Stem",), file=("net.py",)) == []


def test_repeated_blocks_feed_their_like(net, query, run):
    x = net.input(1, 16, 8, 8)
    x = blocks_of(net, x, "layers.0", "layers.1")
    x = net.basic_block("alone", x, kind="Other")
    net.basic_block("layers2.0", x)
    assert paths(run(net, query(block="repeated"))) == ["layers.0", "layers.1"]


def blocks_of(net, x, *names):
    for name in names:
        x = net.basic_block(name, x)
    return x


def bottleneck(net, path, x, narrow, wide, *, kind="Bottleneck", eca=False, separable=False):
    with net.inside(path, kind):
        y = net.relu("relu", net.bn("bn1", net.conv("conv1", x, narrow, k=1)))
        if separable:
            with net.inside("conv2", "Separable"):
                y = net.conv("pointwise", net.conv("depthwise", y), k=1)
        else:
            y = net.conv("conv2", y)
        y = net.bn("bn3", net.conv("conv3", net.op("relu", net.bn("bn2", y)), wide, k=1))
        return net.op("relu", net.op("add", y, net.conv("down", x, wide, k=1)))


def test_a_bottleneck_narrows_and_widens_again(net, query, run):
    x = net.input(1, 64, 8, 8)
    x = bottleneck(net, "a", x, 16, 64)
    x = bottleneck(net, "inverted", x, 256, 64, kind="Inverted")
    x = net.basic_block("plain", x)
    bottleneck(net, "separable", x, 16, 64, separable=True)
    found = run(net, query(block="bottleneck"), products={"separable.conv2": "DepthwiseSeparableConv2d"})
    assert paths(found) == ["a", "separable"]


def attention(net, path, x, *, weigh=True):
    with net.inside(path, "Attend"):
        q, k, v = (net.linear(name, x, 16) for name in "qkv")
        scores = net.op("softmax", net.op("mul", net.op("matmul", q, k, shape=(1, 8, 8))))
        return net.op("matmul", scores, v, shape=(1, 8, 16)) if weigh else scores


def test_attention_weighs_values_by_a_softmax_of_products(net, query, run):
    x = net.input(1, 8, 16)
    attention(net, "block.a", x)
    attention(net, "block.scores", x, weigh=False)
    with net.inside("block.fused", "Fused"):
        net.op("scaled_dot_product_attention", x, x, x)
    net.call("mha", "models.MHA", "multi_head_attention", x)
    net.op("softmax", net.linear("head", x, 10))
    assert paths(run(net, query(block="attention"))) == ["block.a", "block.fused", "mha"]


def test_costs_are_shares_of_the_whole_and_products_count_as_what_they_replaced(net, query, run):
    x = net.input(1, 16, 8, 8)
    facts = {"height": 8, "width": 8, "calls": 1}
    x = net.conv("a", x, **facts, macs=147456)
    x = net.conv("b", x, k=1, **facts, macs=16384)
    whole = {"macs": 163840, "params": 2560}
    assert paths(shared(net, whole, {"ge": 0.5})) == ["a"]
    done = type(net)()
    x = done.input(1, 16, 8, 8)
    given = {"in_channels": 16, "out_channels": 16, "kernel_size": (3, 3), "groups": 1, **facts}
    with done.inside("a", "Dsc", macs=25600, params=400, **given):
        x = done.conv("pointwise", done.conv("depthwise", x), k=1, bias=False)
    done.conv("b", x, k=1, **facts, macs=16384)
    for test in ({"ge": 0.5}, {"ge": 0.9}):
        found = shared(done, {"macs": 41984, "params": 656}, test, {"a": "DepthwiseSeparableConv2d"})
        assert (paths(found), found.already) == ([], ("a",)), "b has 39 % of what is left, and had 10 %"
    found = shared(done, {"macs": 41984, "params": 656}, {"ge": 0.05}, {"a": "DepthwiseSeparableConv2d"})
    assert (paths(found), found.already) == (["b"], ("a",))


def shared(net, whole, test, products=None):
    trace = net.trace()
    net.nodes.pop()
    first, *rest = trace.instances
    instances = (replaced(first, facts=whole), *rest)
    tests = tuple(records.Test("macs_share", name, value) for name, value in test.items())
    rule = Rule("r", Query(type=("Conv2d",), where=tests), Action("replace", "DepthwiseSeparableConv2d"))
    return select((rule,), replaced(trace, instances=instances, macs=whole["macs"]), products or {})[0]


def test_inserted_blocks_do_not_come_between_or_weigh(net, query, run):
    x = net.input(1, 16, 8, 8)
    with net.inside("block", "Block", params=2309, macs=1, calls=1):
        x = net.conv("conv", x)
        with net.inside("eca", "ECA", params=5, macs=0):
            x = net.op("mul", x, net.op("sigmoid", net.squeeze(x)))
        net.bn("bn", x)
    action, products = Action("insert", "ECA", "after"), {"block.eca": "ECA"}
    found = run(net, query(type="Conv2d", before=query(type="BatchNorm2d")), action, products)
    assert (paths(found), found.already) == ([], ("block.eca",))
    found = run(net, query({"params": {"lt": 2305}}, type="Block"), action, products)
    assert paths(found) == ["block"]
    assert paths(run(net, query(type="Block", has=query(type="ECA")), action, products)) == []


def test_what_a_rule_replaced_answers_as_it_was_to_the_other_rules(net, query):
    x = net.input(1, 16, 8, 8)
    with net.inside("conv", "Dsc"):
        x = net.conv("pointwise", net.conv("depthwise", x), k=1)
    net.op("gelu", net.bn("bn", x))
    products = {"conv": "DepthwiseSeparableConv2d"}
    asked = Query(type=("BatchNorm2d",), after=Query(type=("Conv2d",)), before=Query(op="relu"))
    rules = (
        Rule("a", Query(type=("Conv2d",)), Action("replace", "DepthwiseSeparableConv2d")),
        Rule("b", Query(op="relu"), Action("replace", "gelu")),
        Rule("c", asked, Action("replace", "GroupNorm")),
    )
    assert paths(select(rules, net.trace(), products)[2]) == ["bn"]
    net.nodes.pop()
    assert paths(select(rules[2:], net.trace(), products)[0]) == [], "no rule says what stood there"


@pytest.mark.parametrize(
    ("fact", "action"),
    [
        ("macs_share", Action("replace", "ECA")),
        ("params", Action("replace", "ECA")),
        ("macs", Action("set", "", args={"stride": 2})),
        ("height", Action("set", "", args={"kernel_size": 5})),
    ],
)
def test_facts_that_a_rule_shifts_for_good_are_refused(net, fact, action):
    net.se("layer1.se", net.conv("conv", net.input(1, 16, 8, 8), height=8, macs=9))
    subject = {"replace": Query(block="squeeze-excite"), "set": Query(type=("Conv2d",), path=("conv",))}[action.kind]
    rules = (
        Rule(
            "first", Query(path=("**",), where=(records.Test(fact, "ge", 0),)), Action("insert", "LayerScale", "after")
        ),
        Rule("other", subject, action),
    )
    with pytest.raises(RuleError) as raised:
        select(rules, net.trace(), {})
    assert raised.value.code == "M002"
    assert f"rule first tests {fact}, which rule other changes" in raised.value.message


@pytest.mark.parametrize(
    "action",
    [
        Action("replace", "DepthwiseSeparableConv2d"),
        Action("insert", "ECA", "after"),
        Action("set", "", args={"dilation": 2, "padding": "auto"}),
    ],
)
def test_facts_that_can_be_mapped_back_are_allowed(net, action):
    net.conv("conv", net.input(1, 16, 8, 8), macs=9)
    tests = (records.Test("macs", "ge", 0),)
    (found,) = select((Rule("r", Query(type=("Conv2d",), where=tests), action),), net.trace(), {})
    assert paths(found) == ["conv"]


def test_arguments_that_are_set_count_as_done_in_branches_too(net, query, run):
    net.conv("a", net.input(1, 16, 8, 8), dilation=(2, 2), padding=(2, 2))
    for item in net.instances.values():
        assert item.parameters == ()
    wanted = query(type="Conv2d", some=(query({"dilation": 1}), query({"kernel_size": 5})))
    trace = net.trace()
    named = tuple(replaced(it, parameters=("dilation",)) for it in trace.instances)
    rule = Rule("r", wanted, Action("set", "", args={"dilation": 2}))
    (found,) = select((rule,), replaced(trace, instances=named), {})
    assert (paths(found), found.already) == ([], ("a",))
