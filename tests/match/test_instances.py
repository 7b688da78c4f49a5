from __future__ import annotations

import pytest

from mutagen.records.match import InstanceMatch


def paths(found):
    return [match.path for match in found.matches]


@pytest.fixture
def resnet(net):
    x = net.input(1, 3, 64, 64)
    with net.inside("stem", "ConvStem"):
        x = net.conv("conv", x, 16)
    x = net.basic_block("layer1.0", x)
    x = net.basic_block("layer1.1", x)
    net.basic_block("layer2.0", x, 32, stride=2)
    return net


def test_a_bare_class_name(resnet, query, run):
    found = run(resnet, query(type="Conv2d"))
    assert len(found.matches) == 8
    assert found.matches[0] == InstanceMatch("r:stem.conv#0", "stem.conv")
    assert len({match.id for match in found.matches}) == 8


@pytest.mark.parametrize("name", ["torch.nn.Conv2d", "nn.Conv2d", "torch.nn.modules.conv.Conv2d", "Conv?d", "*.Conv2d"])
def test_qualified_names_and_globs(resnet, query, run, name):
    assert len(run(resnet, query(type=name)).matches) == 8


def test_a_list_of_classes_and_a_glob_of_user_classes(resnet, query, run):
    assert len(run(resnet, query(type=("Conv2d", "BatchNorm2d"))).matches) == 15
    assert paths(run(resnet, query(type="*Stem*"))) == ["stem"]
    assert paths(run(resnet, query(type="models.BasicBlock"))) == ["layer1.0", "layer1.1", "layer2.0"]


def test_subclasses_are_other_classes(net, query, run):
    base = "torch.nn.modules.conv.Conv2d"
    net.instance("a", "Conv2d")
    net.instance("b", "MyConv2d", bases=(base,))
    net.instance("c", "mine.Conv2d", bases=(base,))
    assert paths(run(net, query(type="Conv2d"))) == ["a"]
    assert paths(run(net, query(type="mine.Conv2d"))) == ["c"]
    assert paths(run(net, query(type="MyConv2d"))) == ["b"]


def test_a_class_that_hides_torchs_is_named_in_the_explanation(net, query, run):
    net.instance("c", "mine.Conv2d", bases=("torch.nn.modules.conv.Conv2d",))
    found = run(net, query(type="Conv2d"))
    assert found.matches == ()
    assert "mine.Conv2d" in found.explanation


def test_a_path_alone_and_with_a_type(resnet, query, run):
    assert paths(run(resnet, query(path="layer1.1.conv2"))) == ["layer1.1.conv2"]
    assert paths(run(resnet, query(type="Conv2d", path="layer2.**"))) == [
        "layer2.0.conv1",
        "layer2.0.conv2",
        "layer2.0.downsample.0",
    ]
    assert run(resnet, query(path="conv2")).matches == ()


def test_a_path_pattern_alone_never_means_the_model(resnet, query, run):
    assert "" not in paths(run(resnet, query(path="**")))
    assert paths(run(resnet, query(type="Net"))) == [""]


def test_shared_objects_count_once_and_any_path_will_do(net, query, run):
    net.instance("a.conv", "Conv2d", aliases=("b.conv",))
    assert paths(run(net, query(type="Conv2d"))) == ["a.conv"]
    assert paths(run(net, query(path="b.*"))) == ["a.conv"]


def test_facts_and_the_count_of_near_misses(resnet, query, run):
    excluded = query(inside=query(type="*Stem*"))
    wanted = query({"kernel_size": {"gt": 1}, "in_channels": {"ge": 4}}, type="Conv2d", excluded=excluded)
    found = run(resnet, wanted)
    assert found.explanation == "8 Conv2d seen; 1 fail kernel_size; 1 fail in_channels; 6 matched"
    assert found.tally == {"seen": 8, "fail kernel_size": 1, "fail in_channels": 1, "already": 0, "matched": 6}


def test_not_inside(resnet, query, run):
    found = run(resnet, query({"kernel_size": 3}, type="Conv2d", excluded=query(inside=query(type="*Stem*"))))
    assert "stem.conv" not in paths(found)
    assert found.explanation == "8 Conv2d seen; 1 fail kernel_size; 1 excluded by not; 6 matched"


def test_not_with_a_path_and_with_facts(resnet, query, run):
    found = run(resnet, query(type="Conv2d", excluded=(query(path="layer1.**"), query({"stride": 2}))))
    assert paths(found) == ["stem.conv", "layer2.0.conv2"]


def test_inside_takes_ancestors_only(resnet, query, run):
    assert len(run(resnet, query(type="Conv2d", inside=query(type="BasicBlock"))).matches) == 7
    assert len(run(resnet, query(type="Conv2d", inside=query(type="Net"))).matches) == 8
    assert run(resnet, query(type="Conv2d", inside=query(type="Conv2d"))).matches == ()
    assert len(run(resnet, query(type="Conv2d", inside=query(block="residual", path="layer1.*"))).matches) == 4


def test_a_missing_fact_fails_and_is_counted_apart(resnet, query, run):
    found = run(resnet, query({"kernel_sise": 3}, type="Conv2d"))
    assert found.matches == ()
    assert found.explanation == "8 Conv2d seen; 8 have no fact kernel_sise; 0 matched"


def test_a_class_that_is_not_there(resnet, query, run):
    found = run(resnet, query(type="Conv3d"))
    assert found.matches == () == found.already
    assert found.explanation.startswith("0 Conv3d seen; 0 matched (did you mean Conv2d")


def test_nothing_in_a_standing_product_matches(resnet, query, run):
    found = run(resnet, query(type="Conv2d"), products={"layer1.1": "Dsc", "layer2.0.conv1": "Dsc"})
    assert paths(found) == ["stem.conv", "layer1.0.conv1", "layer1.0.conv2", "layer2.0.conv2", "layer2.0.downsample.0"]
    assert found.tally["inside a standing product"] == 3


def test_matches_come_in_the_order_of_the_rules(resnet, query):
    from mutagen.match.select import select
    from mutagen.records.rules import Action, Rule

    rules = tuple(Rule(name, query(type=name), Action("replace", "X")) for name in ("ReLU", "Conv2d"))
    found = select(rules, resnet.trace(), {})
    assert [item.rule.id for item in found] == ["ReLU", "Conv2d"]
    assert found == select(rules, resnet.trace(), {})
