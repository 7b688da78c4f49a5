from __future__ import annotations

from mutagen.records.match import CallMatch


def test_modules_functions_and_methods_alike(net, query, run):
    x = net.input(1, 8, 4, 4)
    a = net.relu("act", x)
    with net.inside("block", "Block"):
        b = net.op("relu", a)
        c = net.op("relu", b, kind="method")
    d = net.op("relu6", c)
    net.op("gelu", d)
    found = run(net, query(op="relu"))
    assert found.matches == (
        CallMatch("r:act#0", "act", a),
        CallMatch("r:block#0", "block", b),
        CallMatch("r:block#1", "block", c),
    )
    assert found.explanation == "3 calls of relu seen; 3 matched"


def test_one_module_called_twice_is_two_operations(net, query, run):
    x = net.input(1, 8, 4, 4)
    net.relu("act", net.conv("conv", net.relu("act", x)))
    assert [match.id for match in run(net, query(op="ReLU")).matches] == ["r:act#0", "r:act#1"]


def test_tests_speak_of_the_call(net, query, run):
    x = net.input(1, 8, 16, 16)
    x = net.relu("a.act", x)
    with net.inside("b", "Block"):
        x = net.op("relu", net.conv("conv", x, 32))
    assert [match.path for match in run(net, query({"channels": {"ge": 32}}, op="relu")).matches] == ["b"]
    assert [match.path for match in run(net, query(op="relu", inside=query(type="Block"))).matches] == ["b"]
    assert [match.path for match in run(net, query(op="relu", path="a.*")).matches] == ["a.act"]
    assert [match.path for match in run(net, query(op="relu", excluded=query(type="ReLU"))).matches] == ["b"]


def test_calls_in_a_standing_product_do_not_match(net, query, run):
    x = net.input(1, 8, 4, 4)
    with net.inside("eca", "Eca"):
        x = net.op("relu", x)
    net.relu("act", x)
    found = run(net, query(op="relu"), products={"eca": "ECA"})
    assert [match.path for match in found.matches] == ["act"]


def test_an_operation_that_is_no_call(net, query, run):
    net.op("relu", net.input(1, 8, 4, 4))
    assert run(net, query(op="x")).matches == ()
