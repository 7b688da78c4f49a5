"""Positions among what a query selects, in the order in which the model runs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mutagen.records.rules import Action, Only


def paths(found):
    return [match.path for match in found.matches]


@pytest.fixture
def chain(net):
    """Six convolutions that run in another order than that in which they are listed; one never runs."""
    for name in ("f", "e", "d", "c", "b", "a", "idle"):
        net.instance(name, "Conv2d", kernel_size=(3, 3))
    x = net.input(1, 8, 16, 16)
    for name in ("a", "b", "c", "d", "e", "f"):
        x = net.call(name, "Conv2d", "conv2d", x)
    return net


@pytest.mark.parametrize(
    ("only", "expected"),
    [
        (Only(first=2), ["a", "b"]),
        (Only(last=2), ["e", "f"]),
        (Only(every=2), ["b", "d", "f"]),
        (Only(every=4), ["d"]),
        (Only(nth=3), ["c"]),
        (Only(first=4, every=2), ["b", "d"]),
        (Only(first=9), ["a", "b", "c", "d", "e", "f"]),
        (Only(nth=7), []),
    ],
)
def test_positions_count_in_the_order_of_the_run(chain, query, run, only, expected):
    found = run(chain, query(type="Conv2d", only=only))
    assert paths(found) == expected
    assert found.tally["never run, so that only cannot count them"] == 1
    assert found.tally.get("not picked by only", 0) == 6 - len(expected)


def test_other_tests_come_first(chain, query, run):
    assert paths(run(chain, query(type="Conv2d", path=("b", "{e,f}"), only=Only(nth=2)))) == ["e"]


def test_standing_products_keep_their_places(net, query, run):
    x = net.input(1, 16, 8, 8)
    for number, kind in enumerate(("BatchNorm2d", "GroupNorm", "BatchNorm2d", "GroupNorm", "BatchNorm2d"), start=1):
        x = net.call(f"n{number}", kind, "norm", x)
    every = query(type="BatchNorm2d", only=Only(every=2))
    found = run(net, every, Action("replace", "GroupNorm"))
    assert (paths(found), found.already) == ([], ("n2", "n4"))
    net.call("n6", "BatchNorm2d", "norm", x)
    found = run(net, every, Action("replace", "GroupNorm"))
    assert (paths(found), found.already) == (["n6"], ("n2", "n4"))
    assert run(net, query(type="BatchNorm2d", only=Only(nth=1)), Action("replace", "GroupNorm")).already == ()


def test_calls_count_one_by_one(net, query, run):
    x = net.relu("act", net.input(1, 16, 8, 8))
    x = net.op("relu", net.relu("act", x))
    found = run(net, query(op="relu", only=Only(last=2)), Action("replace", "gelu"))
    assert [match.node for match in found.matches] == [2, 3]
    net.op("gelu", x)
    found = run(net, query(op="relu", only=Only(last=2)), Action("replace", "gelu"))
    assert ([match.node for match in found.matches], found.already) == ([3], ("",))


def test_values_that_are_set_already_keep_their_places(chain, query, run):
    for name in ("b", "d"):
        old = chain.instances[name]
        chain.instances[name] = replace(old, facts={"kernel_size": (3, 3), "dilation": (2, 2)})
    for name, item in chain.instances.items():
        chain.instances[name] = replace(item, parameters=("kernel_size", "dilation"), arguments={"dilation": 1})
    action = Action("set", "", args={"dilation": 2})
    found = run(chain, query({"dilation": 1}, type="Conv2d", path="?", only=Only(every=2)), action)
    assert found.tally["have no fact dilation"] == 4
    found = run(chain, query(type="Conv2d", path="?", only=Only(every=2)), action)
    assert (paths(found), found.already) == (["f"], ("b", "d"))
