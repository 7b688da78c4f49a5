"""Under which condition a new attribute is made."""

from __future__ import annotations

import pytest

ELSE = "if TEST:\n    return y\nelse:\n    return x + y"
KIND = "self.kind = 'no' if plain else 'add'"
UNIT = """
class Unit(nn.Module):
    def __init__(self, width, plain):
        super().__init__()
        SET
        self.conv = nn.Conv2d(width, width, 3, padding=1)
        self.norm = nn.BatchNorm2d(width)
        LATE

    def forward(self, x):
        y = self.norm(self.conv(x))
        JOIN


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 1)
        self.units = nn.Sequential(UNITS)

    def forward(self, x):
        return self.units(self.stem(x))
"""
BOTH, RESIDUAL = "Unit(16, True), Unit(16, False)", "Unit(16, False), Unit(16, False)"


def source(join, units=BOTH, set_="self.plain = plain", late="pass"):
    lines = join.replace("\n", "\n        ")
    return UNIT.replace("SET", set_).replace("LATE", late).replace("JOIN", lines).replace("UNITS", units)


@pytest.mark.parametrize(
    ("join", "set_", "condition"),
    [
        ("if self.plain:\n    return y\nelse:\n    return x + y", "self.plain = plain", "not self.plain"),
        ("if not self.plain:\n    y = x + y\nreturn y", "self.plain = plain", "not self.plain"),
        ("if not self.plain:\n    return y\nelse:\n    return x + y", "self.plain = not plain", "self.plain"),
        ("return y if self.plain else x + y", "self.plain = plain", "not self.plain"),
        ("return x + y if not self.plain else y", "self.plain = plain", "not self.plain"),
        ("if self.kind == 'add':\n    y = x + y\nreturn y", KIND, "self.kind == 'add'"),
        (ELSE.replace("TEST", "self.kind == 'no'"), KIND, "self.kind != 'no'"),
        ("return y if self.plain is True else x + y", "self.plain = plain", "self.plain is not True"),
        (ELSE.replace("TEST", "self.a and self.b"), "self.a = self.b = plain", "not (self.a and self.b)"),
    ],
)
def test_as_forward_asks(planned, join, set_, condition):
    text = planned(source(join, set_=set_), "gated-residuals").text
    assert f"        if {condition}:\n            self.layer_scale = LayerScale(init=0.0)\n" in text


@pytest.mark.parametrize(
    ("test", "set_", "condition"),
    [
        ("self.short is None", "self.short = None if plain else nn.Identity()", "self.short is not None"),
        ("not self.short", "self.short = None if plain else nn.Identity()", "self.short"),
        ("not self.short", "self.short = nn.Sequential() if plain else nn.Sequential(nn.Identity())", "self.short"),
        ("self.short is not None", "self.short = nn.Sequential() if plain else None", "self.short is None"),
    ],
)
def test_forward_asks_whether_there_is_a_child(planned, test, set_, condition):
    text = planned(source(ELSE.replace("TEST", test), set_=set_), "gated-residuals").text
    assert f"        if {condition}:\n            self.layer_scale = LayerScale(init=0.0)\n" in text


def test_kept_where_all_instances_have_the_edge(planned):
    text = planned(source("if self.plain:\n    return y\nelse:\n    return x + y", RESIDUAL), "gated-residuals").text
    assert "        if not self.plain:\n            self.layer_scale" in text


def test_none_where_forward_has_none(planned):
    text = planned(source("return x + y", RESIDUAL), "gated-residuals").text
    assert "        self.layer_scale = LayerScale(init=0.0)\n" in text


def test_an_attribute_that_tells_them_apart(planned):
    join = "shortcut = [x] if not self.plain else []\nreturn sum(shortcut, y) if self.norm.eps else y"
    done = planned(source(join.replace("sum(shortcut, y)", "(x + y if len(shortcut) else y)")), "gated-residuals")
    assert "        if not self.plain:\n            self.layer_scale" in done.text


def test_behind_what_forward_asks_for(planned):
    join = "if self.late:\n    return y\nelse:\n    return x + y"
    done = planned(source(join, set_="pass", late="self.late = plain"), "gated-residuals")
    made = "        if not self.late:\n            self.layer_scale = LayerScale(init=0.0)\n"
    assert f"        self.late = plain\n{made}" in done.text


@pytest.mark.parametrize("late", ["if True:\n            self.late = plain", "setattr(self, 'late', plain)"])
def test_not_one_that_is_set_later_by_other_means(planned, late):
    join = "if self.late:\n    return y\nelse:\n    return x + y"
    done = planned(source(join, set_="pass", late=late), "gated-residuals")
    assert "self.layer_scale" in done.text and "if self.late:\n            self" not in done.text
    assert "        if not plain:\n            self.layer_scale = LayerScale(init=0.0)\n" in done.text


HEAVY = """
def branch(width):
    return nn.Sequential(nn.Conv2d(width, width, 3, padding=1), nn.ReLU(), nn.Conv2d(width, width, 3, padding=1))


class Unit(nn.Module):
    def __init__(self, width, heavy):
        super().__init__()
        self.heavy = heavy
        self.body = branch(width)
        if heavy:
            self.way = branch(width)

    def forward(self, x):
        y = self.body(x)
        if self.heavy:
            x = self.way(x)
        return x + y


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 1)
        self.units = nn.Sequential(Unit(16, False), Unit(16, True), Unit(16, False))

    def forward(self, x):
        return self.units(self.stem(x))
"""


def test_the_same_addition_in_others_passes_through_an_identity(planned):
    done = planned(HEAVY, "gated-residuals")
    assert done.refused == []
    assert "        self.layer_scale = LayerScale(init=0.0) if not self.heavy else nn.Identity()\n" in done.text
    assert done.text.count("self.layer_scale(") == 1


def test_what_the_constructor_asks_tells_the_others(planned):
    done = planned(HEAVY.replace("self.heavy", "self.way"), "gated-residuals")
    assert done.refused == []
    assert "        self.layer_scale = LayerScale(init=0.0) if not heavy else nn.Identity()\n" in done.text


def test_the_same_addition_in_others_without_a_flag(planned):
    asked = "        if heavy:\n            self.way = branch(width)\n"
    unasked = HEAVY.replace(asked, "        self.way = (None, branch(width))[heavy]\n")
    done = planned(unasked.replace("self.heavy = heavy", "pass").replace("self.heavy", "self.way"), "gated-residuals")
    assert done.refused == []
    assert "def __init__(self, width, heavy, use_layer_scale=False):" in done.text
    assert "        self.layer_scale = LayerScale(init=0.0) if use_layer_scale else nn.Identity()\n" in done.text
    assert "nn.Sequential(\n            Unit(16, False, use_layer_scale=True), Unit(16, True), Unit(16, F" in done.text


def test_copies_are_told_apart_when_all_is_built(planned):
    made = "Unit(16, False), Unit(16, True), Unit(16, False))"
    copied = "*[copy.deepcopy(unit) for unit in [Unit(16, False)] * 2])\n        self.units[0].way = branch(16)"
    source = "import copy\n\n\n" + HEAVY.replace("self.heavy = heavy", "self.way = None").replace(made, copied)
    done = planned(source.replace("if self.heavy", "if self.way is not None"), "gated-residuals")
    assert {it.rung for it in done.plan.edits} == {"override"}
    assert "        self.units[1].body.append(LayerScale(init=0.0))\n" in done.text
