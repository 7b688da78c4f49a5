"""The last rung: what may not be edited where it is made is set anew at the end of a constructor."""

from __future__ import annotations

import textwrap

from mutagen.actions import override_text

NET = """
REGISTRY = {"conv": nn.Conv2d, "norm": nn.BatchNorm2d, "act": nn.ReLU}


def layer(kind, *args, **kwargs):
    return REGISTRY[kind](*args, **kwargs)


class Unit(nn.Module):
    def __init__(self, width, groups=1, kernel=3):
        super().__init__()
        self.conv = layer("conv", width, width, kernel, padding=kernel // 2, groups=groups, bias=False)
        self.norm = layer("norm", width)
        self.act = layer("act", inplace=True)

    def forward(self, x):
        return self.act(self.norm(self.conv(x)))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = layer("conv", 3, 16, 3, padding=1)
        self.units = nn.Sequential(UNITS)
        self.head = nn.Linear(16, 10)
        LAST

    def forward(self, x):
        return self.head(self.units(self.stem(x)).mean((2, 3)))
"""
RULE = """version: 1
rules:
  - id: some
    match: MATCH
    replace: {with: PRODUCT}
"""


def source(units="Unit(16), Unit(16, groups=4), Unit(16, kernel=1)", last="pass"):
    return NET.replace("UNITS", units).replace("LAST", last)


def rule(match, product="GroupNorm"):
    return RULE.replace("MATCH", match).replace("PRODUCT", product)


def text_of(done):
    """The text of the only edit."""
    (edit,) = done.plan.edits
    return textwrap.dedent(edit.new.strip("\n"))


def test_a_loop_with_the_tests_that_are_needed(planned):
    done = planned(
        source(), rule("{type: Conv2d, where: {kernel_size: {gt: 1}, groups: 1}}", "DepthwiseSeparableConv2d")
    )
    assert done.refused == []
    assert "            for name, conv in parent.named_children():\n" in done.text
    assert "if isinstance(conv, nn.Conv2d) and max(conv.kernel_size) > 1 and conv.groups == 1:" in done.text
    assert {it.rung for it in done.plan.edits} == {"override"}


def test_no_test_where_the_class_is_enough(planned):
    done = planned(source(last="self.norm = layer('norm', 16)"), "bn-to-gn")
    assert done.refused == []
    assert text_of(done) == (
        "for parent in list(self.modules()):\n"
        "    for name, norm in parent.named_children():\n"
        "        if isinstance(norm, nn.BatchNorm2d):\n"
        "            setattr(parent, name, group_norm(norm.num_features))"
    )


def test_one_kind_of_unit_sets_its_own(planned):
    text = planned(source(), "relu-to-gelu").text
    assert "        if isinstance(self.act, nn.ReLU):\n            self.act = nn.GELU()\n" in text


def test_a_part_of_the_net(planned):
    wanted = rule("{type: BatchNorm2d, path: 'units.**'}")
    text = planned(source(last="self.tail = Unit(16)"), wanted).text
    assert "        for parent in list(self.units.modules()):\n" in text


def test_what_is_left_alone_by_its_path(planned):
    last = "self.tail, self.extra = Unit(16), Unit(16)"
    text = planned(source(last=last), rule("{type: BatchNorm2d, not: {path: 'extra.**'}}")).text
    assert 'isinstance(norm, nn.BatchNorm2d) and not path.startswith("extra"):' in text
    assert "for path, parent in list(self.named_modules()):" in text


def test_one_that_is_counted_in_a_container_is_found_by_a_loop(planned):
    """Another configuration may have fewer units: a loop does not mind, ``self.units[1]`` would fail."""
    match = "{type: Conv2d, where: {kernel_size: {gt: 1}, groups: 1, in_channels: {ge: 16}}}"
    text = planned(source(units="Unit(16, groups=4), Unit(16)"), rule(match, "DepthwiseSeparableConv2d")).text
    assert "for name, conv in parent.named_children():" in text
    assert "self.units[1]" not in text


MANY = ", ".join(["Unit(16)"] * 6)


def test_few_are_named(planned):
    done = planned(source(units=MANY), rule("{type: BatchNorm2d, path: '{units.0.norm,units.3.norm}'}"))
    assert text_of(done) == (
        "norm = self.units[0].norm\n"
        "self.units[0].norm = group_norm(norm.num_features)\n"
        "norm = self.units[3].norm\n"
        "self.units[3].norm = group_norm(norm.num_features)"
    )


def test_parts_are_entered_or_left_alone_whichever_is_fewer(planned):
    wanted = rule("{type: BatchNorm2d, path: 'units.{0,1,2,3}.norm'}")
    assert 'and not path.startswith(("units.4", "units.5"))' in planned(source(units=MANY), wanted).text
    text = planned(source(units=f"{MANY}, {MANY}"), wanted).text
    assert 'and path.startswith(("units.0", "units.1", "units.2", "units.3"))' not in text  # also units.10
    text = planned(source(units=f"{MANY}, Unit(16), Unit(16), Unit(16)"), wanted).text
    assert 'and path.startswith(("units.0", "units.1", "units.2", "units.3"))' in text


def test_several_of_one_name_stand_in_a_loop(planned):
    done = planned(source(units=f"{MANY}, {MANY}"), rule("{type: BatchNorm2d, path: 'units.{1,2,3,4,5}.norm'}"))
    assert text_of(done) == (
        "for parent in (self.units[1], self.units[2], self.units[3], self.units[4], self.units[5]):\n"
        "    norm = parent.norm\n"
        "    parent.norm = group_norm(norm.num_features)"
    )


def test_several_of_several_names_stand_in_a_loop_by_path(planned):
    last = "self.a = nn.ModuleDict({'norm': layer('norm', 16), 'other': layer('norm', 16)})"
    last += "\n        self.b = nn.ModuleDict({'norm': layer('norm', 16), 'other': layer('norm', 16)})"
    paths = "{units.1.norm,units.2.norm,units.3.norm,a.norm,b.other}"
    done = planned(source(units=f"{MANY}, {MANY}", last=last), rule(f"{{type: BatchNorm2d, path: '{paths}'}}"))
    assert text_of(done) == (
        'for path in ("a.norm", "b.other", "units.1.norm", "units.2.norm", "units.3.norm"):\n'
        '    owner, _, name = path.rpartition(".")\n'
        "    parent = self.get_submodule(owner)\n"
        "    norm = getattr(parent, name)\n"
        "    setattr(parent, name, group_norm(norm.num_features))"
    )


def test_more_than_can_be_read_are_refused(planned):
    wanted = rule("{type: BatchNorm2d, path: 'units.{0,2,4,6,8,10,12,14,16}.norm'}")
    done = planned(source(units=", ".join(["Unit(16)"] * 18)), wanted)
    assert set(done.refused) == {"needs-split"} and len(done.refused) == 9


def test_subclasses_that_stay(planned):
    own = "\n\nclass Own(nn.BatchNorm2d):\n    pass\n"
    last = "self.own, self.norm = Own(16), layer('norm', 16)"
    text = planned(source(last=last) + own, rule("{type: BatchNorm2d, not: {path: own}}")).text
    assert "if type(norm) is nn.BatchNorm2d:" in text


def test_a_module_with_weights_that_stands_twice(planned):
    done = planned(source(last="self.twin = self.units[0].norm"), "bn-to-gn")
    assert set(done.refused) == {"hidden-arguments"}


def test_a_constructor_that_returns(planned):
    done = planned(source(last="self.norm = layer('norm', 16)\n        return"), "bn-to-gn")
    assert set(done.refused) == {"hidden-arguments"}


def test_tabs_and_long_lines(planned):
    text = source(last="self.deep = layer('conv', 16, 16, 5, 1, padding=2)").replace("    ", "\t")
    wanted = rule(
        "{type: Conv2d, where: {kernel_size: {gt: 1}, groups: 1, in_channels: {ge: 16}}}", "DepthwiseSeparableConv2d"
    )
    done = planned(text, wanted)
    assert "\t\tfor parent in list(self.modules()):\n\t\t\tfor name, conv in parent.named_children():\n" in done.text
    assert max(len(line.expandtabs(4)) for line in done.plan.edits[-1].new.splitlines()) <= 100


NESTED = """
class Chain(nn.Sequential):
    def __init__(self, *parts):
        super().__init__(*parts)


class Early(nn.Module):
    def __init__(self, width, plain=True):
        super().__init__()
        self.norm = layer("norm", width)
        if plain:
            return
        self.conv = layer("conv", width, width, 3)

    def forward(self, x):
        return self.norm(x)


class Base(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = layer("norm", 16)

    def forward(self, x):
        return self.norm(x)


class Derived(Base):
    def __init__(self):
        super().__init__()
        self.late = layer("norm", 16)

    def forward(self, x):
        return self.late(self.norm(x))


class Net"""


def nested(units):
    return source(units=units).replace("\nclass Net", NESTED)


def owner_of(done):
    """The class in which the only edit stands."""
    (edit,) = done.plan.edits
    head = done.text[: done.text.index(edit.new)]
    return head[head.rindex("\nclass ") :].split()[1].partition("(")[0]


def test_not_in_containers_that_hold_each_other(planned):
    done = planned(nested("Chain(Chain(Unit(16)), Unit(16, kernel=5))"), "conv-to-dsc")
    assert owner_of(done) == "Unit"
    done = planned(nested("Chain(Chain(nn.Identity(), layer('norm', 16)), layer('norm', 16))"), "bn-to-gn")
    assert owner_of(done) == "Net"


def test_not_behind_an_early_return(planned):
    assert owner_of(planned(nested("Early(16), Early(16)"), "bn-to-gn")) == "Net"


def test_not_before_a_subclass_goes_on(planned):
    assert owner_of(planned(nested("Derived(), Derived()"), "bn-to-gn")) in ("Derived", "Net")
    assert owner_of(planned(nested("Base(), Derived()"), "bn-to-gn")) == "Net"


PAIRS = """
class Pair(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.left = layer("conv", width, width, 3, padding=1)
        self.right = layer("conv", width, width, 3, padding=1)

    def forward(self, x):
        return self.left(x) + self.right(x)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = layer("conv", 3, 16, 3, padding=1)
        self.stages = nn.ModuleDict({"low": nn.Sequential(Pair(16)), "high": nn.Sequential(PAIRS)})

    def forward(self, x):
        return self.stages["high"](self.stages["low"](self.stem(x)))
"""


def pairs(count):
    return NET[: NET.index("class Unit")] + PAIRS.replace("PAIRS", ", ".join(["Pair(16)"] * count))


def but(paths):
    match = f"{{type: Conv2d, path: 'stages.high.**', not: {{path: '{paths}'}}}}"
    return rule(match, "DepthwiseSeparableConv2d")


def test_children_whose_siblings_change_are_left_alone_by_name(planned):
    done = planned(pairs(6), but("stages.high.0.left"))
    assert done.refused == []
    text = text_of(done)
    assert text.startswith("for path, parent in list(self.stages.high.named_modules()):\n")
    assert 'if isinstance(conv, nn.Conv2d) and f"{path}.{name}" != "0.left":\n' in text
    done = planned(pairs(6), but("stages.high.{0,2}.left"))
    assert ' and f"{path}.{name}" not in ("0.left", "2.left"):\n' in text_of(done)


def test_many_whose_siblings_change_are_refused(planned):
    done = planned(pairs(9), but("stages.high.{0,2,4,6}.left"))
    assert set(done.refused) == {"needs-split"}
    assert done.plan.edits == ()


def test_a_long_list_of_parts_stands_in_rows():
    paths = ", ".join(f'"features.stage2.unit{number}"' for number in range(17, 21))
    tests = ["isinstance(conv, nn.Conv2d)", f"path.startswith(({paths}))"]
    assert override_text.test_lines("        if ", tests, "    ") == [
        "        if (",
        "            isinstance(conv, nn.Conv2d)",
        "            and path.startswith((",
        '                "features.stage2.unit17", "features.stage2.unit18", "features.stage2.unit19",',
        '                "features.stage2.unit20",',
        "            ))",
        "        ):",
    ]
