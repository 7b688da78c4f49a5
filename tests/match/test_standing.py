from __future__ import annotations

from mutagen.records.rules import Action


def paths(found):
    return [match.path for match in found.matches]


def test_replaced_by_a_catalogue_block(net, query, run):
    x = net.input(1, 16, 8, 8)
    with net.inside("a", "Dsc", kernel_size=(3, 3)):
        x = net.conv("depthwise", x, groups=16)
    with net.inside("b", "Dsc", kernel_size=(5, 5)):
        x = net.conv("depthwise", x, k=5, groups=16)
    products = {"a": "DSC", "b": "DSC"}
    action = Action("replace", "DSC")
    found = run(net, query({"kernel_size": 3, "groups": 1}, type="Conv2d"), action, products)
    assert found.matches == ()
    assert found.already == ("a",)
    assert found.explanation.endswith("1 already there; 0 matched")
    typo = run(net, query(type="Conv2d", path="layer9.**"), action, products)
    assert typo.matches == () == typo.already


def test_replaced_by_a_torch_class(net, query, run):
    x = net.input(1, 16, 8, 8)
    x = net.call("n1", "GroupNorm", "group_norm", x, num_groups=4)
    net.bn("n2", x)
    found = run(net, query(type="BatchNorm2d"), Action("replace", "GroupNorm"))
    assert (paths(found), found.already) == (["n2"], ("n1",))
    found = run(net, query(path="n1"), Action("replace", "GroupNorm"))
    assert (paths(found), found.already) == ([], ("n1",))
    found = run(net, query(path="n1"), Action("replace", "GroupNorm", args={"num_groups": 8}))
    assert (paths(found), found.already) == (["n1"], ())


def test_replaced_operations(net, query, run):
    x = net.input(1, 16, 8, 8)
    x = net.relu("a", net.call("b", "GELU", "gelu", x))
    with net.inside("c", "Block"):
        net.op("gelu", x)
    found = run(net, query(op="relu"), Action("replace", "gelu"))
    assert (paths(found), found.already) == (["a"], ("b", "c"))
    found = run(net, query(op="relu", path="c"), Action("replace", "gelu"))
    assert (paths(found), found.already) == ([], ("c",))


def test_squeeze_excites_that_became_eca(net, query, run):
    x = net.se("layer1.se", net.input(1, 16, 8, 8))
    with net.inside("layer2.se", "ECA"):
        net.op("mul", x, net.op("sigmoid", net.squeeze(x)))
    found = run(net, query(block="squeeze-excite"), Action("replace", "ECA"), {"layer2.se": "ECA"})
    assert (paths(found), found.already) == (["layer1.se"], ("layer2.se",))


def block_with_eca(net, path, *, eca):
    x = net.input(1, 16, 8, 8)
    with net.inside(path, "Block"):
        y = net.conv("conv", x)
        if eca:
            with net.inside("eca", "ECA"):
                y = net.op("mul", y, net.op("sigmoid", net.squeeze(y)))
        return net.op("add", y, x)


def test_a_gate_on_the_branch(net, query, run):
    block_with_eca(net, "a", eca=True)
    block_with_eca(net, "b", eca=False)
    for wanted, at in ((query(edge="residual"), "branch"), (query(block="residual"), "branch-end")):
        found = run(net, wanted, Action("insert", "ECA", at), {"a.eca": "ECA"})
        assert (paths(found), found.already) == (["b"], ("a.eca",))
        net.nodes.pop()
    other = run(net, query(edge="residual"), Action("insert", "LayerScale", "branch"), {"a.eca": "ECA"})
    assert paths(other) == ["a", "b"]


def test_two_gates_on_one_branch(net, query, run):
    x = net.input(1, 16, 8, 8)
    with net.inside("a", "Block"):
        y = net.conv("conv", x)
        with net.inside("eca", "ECA"):
            y = net.op("mul", y, net.op("sigmoid", net.squeeze(y)))
        with net.inside("scale", "LayerScale"):
            y = net.op("mul", y)
        net.op("add", y, x)
    products = {"a.eca": "ECA", "a.scale": "LayerScale"}
    for block, path in (("ECA", "a.eca"), ("LayerScale", "a.scale")):
        found = run(net, query(block="residual"), Action("insert", block, "branch-end"), products)
        assert (paths(found), found.already) == ([], (path,))
    behind = run(net, query(edge="residual"), Action("insert", "ECA", "branch"), {**products, "a.scale": "GroupNorm"})
    assert paths(behind) == ["a"]


def test_a_gate_on_the_shortcut_keeps_the_edge(net, query, run):
    x = net.input(1, 16, 8, 8)
    with net.inside("scale", "LayerScale"):
        side = net.op("mul", x, net.weight(16, 1, 1))
    net.op("add", net.relu("r", net.conv("c", x)), side)
    products = {"scale": "LayerScale"}
    found = run(net, query(edge="residual"), Action("insert", "LayerScale", "shortcut"), products)
    assert (paths(found), found.already) == ([], ("scale",))
    found = run(
        net, query({"shortcut": "identity"}, edge="residual"), Action("insert", "LayerScale", "branch"), products
    )
    assert paths(found) == [""]


def test_a_gate_on_a_skip_keeps_the_edge(net, query, run):
    x = net.relu("r", net.conv("c", net.input(1, 3, 32, 32), 8))
    low = net.up(net.conv("c2", net.pool(x)))
    with net.inside("gate", "AttentionGate2d"):
        gated = net.op("mul", x, net.op("sigmoid", net.op("add", net.conv("wx", x, k=1), net.conv("wg", low, k=1))))
    net.cat(gated, low)
    action = Action("insert", "AttentionGate2d", "skip")
    found = run(net, query(edge="skip"), action, {"gate": "AttentionGate2d"})
    assert (paths(found), found.already) == ([], ("gate",))
    net.nodes.pop()
    assert run(net, query(edge="skip"), action).matches == (), "a gate that nobody knows is a path of its own"


def test_an_instance_that_a_product_follows(net, query, run):
    x = net.conv("a", net.input(1, 16, 8, 8))
    with net.inside("eca", "ECA"):
        x = net.op("mul", x, net.op("sigmoid", net.squeeze(x)))
    net.conv("b", x)
    products = {"eca": "ECA"}
    found = run(net, query(type="Conv2d"), Action("insert", "ECA", "after"), products)
    assert (paths(found), found.already) == (["b"], ("eca",))
    net.nodes.pop()
    found = run(net, query(type="Conv2d"), Action("insert", "ECA", "before"), products)
    assert (paths(found), found.already) == (["a"], ("eca",))


def test_an_output_that_is_also_read_elsewhere_is_not_followed(net, query, run):
    x = net.conv("a", net.input(1, 16, 8, 8))
    with net.inside("eca", "ECA"):
        y = net.op("mul", x, net.op("sigmoid", net.squeeze(x)))
    net.op("sub", y, x)
    found = run(net, query(path="a"), Action("insert", "ECA", "after"), {"eca": "ECA"})
    assert (paths(found), found.already) == (["a"], ())


def test_a_block_that_ends_in_the_product(net, query, run):
    x = net.input(1, 16, 8, 8)
    with net.inside("block", "Block"):
        y = net.conv("conv", x)
        with net.inside("eca", "ECA"):
            net.op("mul", y, net.op("sigmoid", net.squeeze(y)))
    found = run(net, query(type="Block"), Action("insert", "ECA", "output"), {"block.eca": "ECA"})
    assert (paths(found), found.already) == ([], ("block.eca",))


def test_an_instance_that_was_wrapped_together_with_the_product(net, query, run):
    x = net.input(1, 16, 8, 8)
    with net.inside("features.0", "Sequential"):
        y = net.conv("0", x)
        with net.inside("1", "ECA"):
            net.op("mul", y, net.op("sigmoid", net.squeeze(y)))
    wanted = query({"kernel_size": 3}, type="Conv2d", path="features.0")
    action = Action("insert", "ECA", "after")
    found = run(net, wanted, action, {"features.0.1": "ECA"})
    assert (paths(found), found.already) == ([], ("features.0.1",))
    net.nodes.pop()
    elsewhere = query({"kernel_size": 3}, type="Conv2d", path="features.1")
    assert run(net, elsewhere, action, {"features.0.1": "ECA"}).already == ()


def test_modules_replaced_by_what_is_named_as_a_function(net, query, run):
    x = net.input(1, 16, 8, 8)
    net.relu("a", net.call("b", "GELU", "gelu", x))
    found = run(net, query(type="ReLU"), Action("replace", "gelu"))
    assert (paths(found), found.already) == (["a"], ("b",))
    typo = run(net, query(type="ReLU", path="layer9.**"), Action("replace", "gelu"))
    assert typo.matches == () == typo.already
