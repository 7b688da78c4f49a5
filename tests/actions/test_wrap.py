"""The last rung of an insertion: the module that ends the branch is wrapped where all is built."""

from __future__ import annotations

import pytest

NET = """
class Unit(nn.Sequential):
    def __init__(self, width, gated=True):
        super().__init__()
        self.gated = gated
        self.conv = nn.Conv2d(width, width, 3, padding=1)
        self.norm = nn.BatchNorm2d(width)

    def forward(self, x):
        y = super().forward(x)
        return x + y if self.gated else y


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 1)
        self.units = nn.Sequential(UNITS)
        LAST

    def forward(self, x):
        return self.units(self.stem(x))
"""


def source(units="Unit(16), Unit(16)", last="pass", net=NET):
    return net.replace("UNITS", units).replace("LAST", last)


def line_of(done):
    (edit,) = done.plan.edits
    return edit.new.strip()


def test_every_instance_of_a_class_wraps_its_own(planned):
    done = planned(source(), "eca-after-blocks")
    assert done.refused == []
    assert line_of(done) == "self.norm = nn.Sequential(self.norm, ECA(self.norm.num_features))"


def test_the_graph_is_told_where_the_block_stands(planned):
    done = planned(source(), "eca-after-blocks")
    assert [it.path for it in done.plan.products] == ["units.0.norm.1", "units.1.norm.1"]
    assert [it.match for it in done.plan.surgery] == ["units.0.norm.1", "units.1.norm.1"]


def test_a_flag_of_the_block_tells_the_chosen(planned):
    text = planned(source("Unit(16), Unit(16, gated=False), Unit(16)"), "eca-after-blocks").text
    assert "        for unit in self.units.modules():\n            if isinstance(unit, Unit) and unit.gated:\n" in text
    assert "                unit.norm = nn.Sequential(unit.norm, ECA(unit.norm.num_features))\n" in text


def test_a_block_that_needs_no_channels(planned):
    assert line_of(planned(source(), "gated-residuals")) == (
        "self.norm = nn.Sequential(self.norm, LayerScale(init=0.0))"
    )


def test_the_channels_of_a_neighbour(planned):
    text = source("Unit(16), Unit(16, gated=False), Unit(16)")
    text = text.replace(
        "self.norm = nn.BatchNorm2d(width)", "self.norm = nn.BatchNorm2d(width)\n        self.act = nn.Hardswish()"
    )
    done = planned(text, "eca-after-blocks")
    assert "unit.act = nn.Sequential(unit.act, ECA(unit.norm.num_features))" in done.text


GATE = "insert: {block: LayerScale, at: branch}"
BAD = {
    "called twice": ("super().forward(x)", "super().forward(self.norm(x))"),
    "no single module": ("super().forward(x)", "2 * super().forward(x)"),
    "read by others too": ("return x + y if", "return (x + y) * y.mean() if"),
    "read twice": ("return x + y if", "return torch.cat([x + y, y], 1)[:, :16] if"),
}


@pytest.mark.parametrize("how", BAD)
def test_what_wrapping_would_change_elsewhere(planned, how):
    done = planned(source().replace(*BAD[how]), "eca-after-blocks")
    assert set(done.refused) == {"container"}
    assert done.plan.edits == ()


def test_a_module_that_stands_at_two_places(planned):
    done = planned(source(last="self.twin = self.units[0].norm"), "eca-after-blocks")
    assert set(done.refused) == {"container"}


def test_one_more_element_takes_its_channels_from_those_before(planned):
    text = source().replace("nn.BatchNorm2d(width)", "nn.Sequential(nn.BatchNorm2d(width), nn.Hardswish())")
    assert line_of(planned(text, "eca-after-blocks")) == "self.norm.append(ECA(self.norm[0].num_features))"


def test_a_numbered_container_that_is_no_plain_sequential_keeps_its_keys_apart(planned):
    own = "class Stack(nn.Sequential):\n    def forward(self, x):\n        return super().forward(x)\n\n\n"
    text = own + source().replace("nn.BatchNorm2d(width)", "Stack(nn.BatchNorm2d(width), nn.Hardswish())")
    done = planned(text, "eca-after-blocks")
    assert line_of(done) == "self.norm = nn.Sequential(self.norm, ECA(self.norm[0].num_features))"
    assert [it.wrapped for it in done.plan.products] == ["units.0.norm.0", "units.1.norm.0"]


def test_many_that_nothing_tells_apart_are_refused(planned):
    units = ", ".join(["Unit(16)"] * 16)
    some = "units.{0,2,4,6,8,10,12}"
    rule = f"version: 1\nrules:\n  - id: some\n    match: {{edge: residual, path: '{some}'}}\n    {GATE}\n"
    done = planned(source(units), rule)
    assert set(done.refused) == {"container"}
    done = planned(source(units), rule.replace(",10,12", ""))
    assert done.plan.edits[0].new.count("\n") == 5
    assert "self.units[8].norm = nn.Sequential(self.units[8].norm, LayerScale())" in done.text


FACTORY = """
def net():
    RETURN


class Sum(nn.Module):
    def forward(self, x, branch):
        return x + branch(x)


class Wide(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 1)
        self.norm = nn.BatchNorm2d(16)
        self.sum = Sum()
        if True:
            return

    def forward(self, x):
        return self.sum(self.stem(x), self.norm)


def Net():
    RETURN


def other():
    return Wide()
"""
RETURNED = {
    "a call": ("return Wide()", "    net = Wide()\n    net.norm = W\n    return net\n"),
    "a name": ("model = Wide()\n    return model", "    model = Wide()\n    model.norm = W\n    return model\n"),
    "a call in many lines": (
        "return nn.Sequential(Wide(),\n                         nn.ReLU())",
        "    net = nn.Sequential(Wide(),\n                        nn.ReLU())\n    net[0].norm = W\n    return net\n",
    ),
    "in parentheses": (
        "return (\n        Wide()\n    )",
        "    net = (\n        Wide()\n    )\n    net.norm = W\n    return net\n",
    ),
}


@pytest.mark.parametrize("how", RETURNED)
def test_in_the_function_that_makes_the_model(planned, how):
    returned, wanted = RETURNED[how]
    text = FACTORY.replace("def net():\n    RETURN\n", "def net():\n    net = Wide()\n    return net\n")
    done = planned(text.replace("RETURN", returned), "gated-residuals")
    old = "net[0].norm" if "[0]" in wanted else "model.norm" if "model" in wanted else "net.norm"
    wanted = wanted.replace(" W\n", f" nn.Sequential({old}, LayerScale(init=0.0))\n")
    assert done.refused == []
    assert "def Net():\n" + wanted in done.text
    assert "def other():\n    return Wide()\n" in done.text


NO_PLACE = {
    "two ways out": "if nn is None:\n        return Wide()\n    return Wide()",
    "no last return": "with torch.no_grad():\n        return Wide()",
}


@pytest.mark.parametrize("how", NO_PLACE)
def test_a_function_that_offers_no_place(planned, how):
    text = FACTORY.replace("def net():\n    RETURN\n\n\n", "").replace("RETURN", NO_PLACE[how])
    done = planned(text, "gated-residuals")
    assert set(done.refused) == {"no-init"}
