"""Common names of tensors and what becomes of checkpoint keys."""

from __future__ import annotations

from mutagen.records.plan import Product
from mutagen.verify.names import canonical_names
from mutagen.verify.weights import compare_keys

ORIGINALS = frozenset({"conv1", "conv1.weight", "layer1", "layer1.0", "layer1.0.weight", "layer1.0.1.weight"})


def names(*products):
    return canonical_names([Product(*pair) for pair in products], ORIGINALS)


def test_names_of_the_original_stay():
    assert names()("conv1.weight") == "conv1.weight"
    assert names(("m", "layer1.eca"))("layer1.0.weight") == "layer1.0.weight"


def test_names_inside_a_product_are_roles_of_its_match():
    canonical = names(("m", "layer1.eca"))
    assert canonical("layer1.eca.conv.weight") == "m/conv.weight"
    assert canonical("layer1.eca") == "m/"
    assert canonical("layer1.ecan.weight") == "layer1.ecan.weight"


def test_the_innermost_product_counts():
    canonical = names(("outer", "conv1"), ("inner", "conv1.gate"))
    assert canonical("conv1.gate.gamma") == "inner/gamma"
    assert canonical("conv1.weight") == "outer/weight"


def test_wrapped_element_keeps_its_old_name():
    canonical = names(("m", "conv1.1"))
    assert canonical("conv1.0.weight") == "conv1.weight"
    assert canonical("conv1.0") == "conv1"
    assert canonical("conv1.1.gamma") == "m/gamma"


def test_element_wrapped_twice_keeps_its_old_name():
    canonical = names(("a", "conv1.0.1"), ("b", "conv1.1"))
    assert canonical("conv1.0.0.weight") == "conv1.weight"


def test_unknown_name_stays():
    assert names(("m", "layer1.eca"))("head.weight") == "head.weight"


def test_keys_kept_moved_new_and_lost():
    before = {"conv1.weight": (8, 3, 3, 3), "fc.weight": (10, 8), "bn.weight": (8,), "bn.running_mean": (8,)}
    after = {
        "conv1.0.weight": (8, 3, 3, 3),
        "conv1.1.gamma": (),
        "fc.weight": (10, 8),
        "bn.weight": (8,),
    }
    products = (Product("m", "conv1.1"), Product("n", "bn"))
    weights = compare_keys(before, after, products=products)
    assert weights.kept == ("fc.weight", "bn.weight")
    assert dict(weights.moved) == {"conv1.weight": "conv1.0.weight"}
    assert weights.new == ("conv1.1.gamma",)
    assert weights.lost == ("bn.running_mean",)


def test_key_whose_shape_changed_is_lost_and_new():
    weights = compare_keys({"a.weight": (4, 4)}, {"a.weight": (4, 2)}, products=())
    assert (weights.kept, weights.new, weights.lost) == ((), ("a.weight",), ("a.weight",))


def test_wrapped_key_whose_shape_changed_is_not_moved():
    weights = compare_keys({"a.weight": (4, 4)}, {"a.0.weight": (4, 2)}, products=(Product("m", "a.1"),))
    assert (dict(weights.moved), weights.new, weights.lost) == ({}, ("a.0.weight",), ("a.weight",))


def test_what_was_wrapped_is_known_by_its_old_name():
    originals = frozenset({"stage", "stage.0.weight", "stage.1.weight", "stage.1.0.weight", "conv.weight"})
    products = [Product("outer", "stage.1", "stage.0"), Product("inner", "stage.1.1", "stage.1.0")]
    canonical = canonical_names(products, originals)
    assert canonical("stage.1.gamma") == "outer/gamma"
    assert canonical("stage.0.0.weight") == "stage.0.weight"
    assert canonical("stage.0.1.1.gamma") == "inner/gamma"
    assert canonical("stage.0.1.0.weight") == "stage.1.weight"
    assert canonical("conv.weight") == "conv.weight"


def test_an_element_that_is_named_like_one_of_the_wrapped_module_is_told_apart():
    originals = frozenset({"m.0.1.weight", "m.1.weight"})
    canonical = canonical_names([Product("new", "m.1", "m.0")], originals)
    assert canonical("m.0.0.1.weight") == "m.0.1.weight"
    assert canonical("m.0.1.weight") == "m.1.weight"
