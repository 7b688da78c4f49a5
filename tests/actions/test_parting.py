"""What tells the selected instances of an expression from the others, and the parameters that carry it there."""

from __future__ import annotations

import textwrap

import pytest

NET = """
class Unit(nn.Module):
    def __init__(self, width, stride=1):
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, stride, 1)
        self.norm = nn.BatchNorm2d(width)

    def forward(self, x):
        return torch.relu(self.norm(self.conv(x)))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        MADE

    def forward(self, x):
        return self.units(x)
"""
RULE = """version: 1
rules:
  - id: some
    match: {type: Conv2d, path: PATH}
    replace: {with: DepthwiseSeparableConv2d}
"""


def net(made: str) -> str:
    return NET.replace("MADE", textwrap.indent(textwrap.dedent(made), "        ").strip())


def some(path: str) -> str:
    return RULE.replace("PATH", path)


LIST = "self.units = nn.Sequential(Unit(3), Unit(3), Unit(3), Unit(3))"
LOOP = """
layers = []
for i in range(6):
    layers.append(Unit(3))
self.units = nn.Sequential(*layers)
"""
ASKED = LOOP.replace("layers.append(Unit(3))", "odd = i in (1, 3, 5)\n    layers.append(Unit(3, 2 if odd else 1))")
KINDS = """
layers = nn.ModuleList()
for kind in [nn.ReLU, nn.Tanh]:
    for _ in range(2):
        layers.append(Unit(3))
self.units = nn.Sequential(*layers)
"""
STAGES = """
self.units = nn.Sequential()
for i, depth in enumerate((2, 3, 2)):
    stage = nn.Sequential()
    for j in range(depth):
        stage.add_module("unit%d" % (j + 1), Unit(3))
    self.units.add_module("stage%d" % (i + 1), stage)
"""


@pytest.mark.parametrize(
    ("made", "path", "written"),
    [
        (LIST, '"units.2.*"', "Unit(3), Unit(3), Unit(3, use_dsc=True), Unit(3))"),
        (ASKED, '"units.{1,3,5}.*"', "Unit(3, 2 if odd else 1, use_dsc=odd))"),
        (ASKED, '"units.{0,2,4}.*"', "Unit(3, 2 if odd else 1, use_dsc=i % 2 == 0))"),
        (LOOP, '"units.4.*"', "layers.append(Unit(3, use_dsc=i == 4))"),
        (LOOP, '"units.[3:].*"', "layers.append(Unit(3, use_dsc=i >= 3))"),
        (LOOP, '"units.[:2].*"', "layers.append(Unit(3, use_dsc=i <= 1))"),
        (LOOP, '"units.{1,3,5}.*"', "layers.append(Unit(3, use_dsc=i % 2 == 1))"),
        (LOOP, '"units.{0,4,5}.*"', "layers.append(Unit(3, use_dsc=i in (0, 4, 5)))"),
        (LOOP.replace(" i ", " _ "), '"units.3.*"', "i in range(6):\n            layers.append(Unit(3, use_dsc=i =="),
        ("self.units = nn.Sequential(*[Unit(3) for i in range(4)])", '"units.3.*"', "[Unit(3, use_dsc=i == 3) for i"),
        ("self.units = nn.Sequential(*(Unit(3) for _ in range(4)))", '"units.3.*"', "(Unit(3, use_dsc=i == 3) for i"),
        (KINDS, '"units.2.*"', "layers.append(Unit(3, use_dsc=len(layers) == 2))"),
        (KINDS, '"units.{1,2,3}.*"', "layers.append(Unit(3, use_dsc=len(layers) >= 1))"),
        (STAGES, '"units.stage2.**"', 'Unit(3, use_dsc=i == 1))'),
        (STAGES, '"units.stage2.unit2.*"', 'Unit(3, use_dsc=(i, j) == (1, 1)))'),
        (STAGES, '["units.stage2.unit{2,3}.*", "units.stage3.**"]', 'Unit(3, use_dsc=(i, j) >= (1, 1)))'),
    ],
)  # fmt: skip
def test_what_the_call_passes(planned, made, path, written):
    done = planned(net(made), some(path), (1, 3, 16, 16))
    assert done.refused == []
    assert written in done.text
    assert "    def __init__(self, width, stride=1, use_dsc=False):\n" in done.text
    assert "conv_layer = DepthwiseSeparableConv2d if use_dsc else nn.Conv2d\n" in done.text


HELPER = NET.replace("class Net", '''def unit(width, **kwargs):
    return Unit(width, **kwargs)


class Stage(nn.Sequential):
    def __init__(self, width, depth):
        super().__init__(*[unit(width) for i in range(depth)])


class Net''').replace("MADE", "self.units = nn.Sequential(Stage(3, 2), Stage(3, 3))")  # fmt: skip


def test_keyword_arguments_carry_it_through(planned):
    done = planned(HELPER, some('"units.1.*.conv"'))
    assert "def unit(width, **kwargs):\n    return Unit(width, **kwargs)\n" in done.text
    assert "[unit(width, use_dsc=use_dsc) for i in range(depth)]" in done.text
    assert "Stage(3, 2), Stage(3, 3, use_dsc=True)" in done.text


def test_a_loop_within_some_of_the_calls(planned):
    done = planned(HELPER, some('"units.1.2.conv"'))
    assert "[unit(width, use_dsc=i == 2) for i in range(depth)]" in done.text
    assert "Stage(3, 2), Stage(3, 3)" in done.text


def test_a_loop_in_those_calls_alone_that_set_it(planned):
    done = planned(HELPER, some('"units.1.1.conv"'))
    assert "[unit(width, use_dsc=use_dsc and i == 1) for i in range(depth)]" in done.text
    assert "Stage(3, 2), Stage(3, 3, use_dsc=True)" in done.text


def test_other_turns_in_each_call(planned):
    done = planned(HELPER, some('["units.0.0.conv", "units.1.{1,2}.conv"]'))
    assert "def __init__(self, width, depth, dsc_at=()):" in done.text
    assert "[unit(width, use_dsc=i in dsc_at) for i in range(depth)]" in done.text
    assert "Stage(3, 2, dsc_at=(0,)), Stage(3, 3, dsc_at=(1, 2))" in done.text


def test_two_children_share_a_parameter(planned):
    text = net(LIST).replace("self.norm = ", "self.conv2 = nn.Conv2d(width, width, 3, 1, 1)\n        self.norm = ")
    done = planned(
        text.replace("self.norm(self", "self.norm(self.conv2(self").replace("(x)))", "(x))))"), some('"units.2.*"')
    )
    assert done.text.count("use_dsc=False") == 1
    assert done.text.count("if use_dsc else") == 2


def test_a_name_that_is_taken(planned):
    done = planned(net(LIST).replace("stride=1)", "stride=1, use_dsc=None)"), some('"units.2.*"'))
    assert "def __init__(self, width, stride=1, use_dsc=None, use_dsc2=False):" in done.text
    assert "Unit(3, use_dsc2=True)" in done.text


VARIABLE = NET.replace("class Net", '''class Wide(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.wide = nn.Linear(width, width)

    def forward(self, x):
        return x


def wide():
    return Net(Wide)


class Net''').replace("def __init__(self):\n        super().__init__()\n        MADE", '''\
def __init__(self, block=Unit):
        super().__init__()
        self.units = nn.Sequential(block(3), block(3))''')  # fmt: skip


def test_classes_that_may_arrive_at_the_call_accept_it(planned):
    source = VARIABLE + "\n\ndef narrow():\n    return Net(Unit)\n"
    done = planned(source, some('"units.1.*"'))
    assert "    def __init__(self, width, use_dsc=False):\n        super().__init__()\n        self.wide" in done.text
    assert "nn.Sequential(block(3), block(3, use_dsc=True))" in done.text


LINES = """
self.units = nn.Sequential(
    Unit(
        3,
        stride=1,
    ),
    Unit(
        3,
        stride=1,
    ),
)
"""


def test_one_argument_a_line(planned):
    done = planned(net(LINES), some('"units.1.*"'))
    assert (
        "                3,\n                stride=1,\n                use_dsc=True,\n            ),\n        )\n"
        in done.text
    )


def test_annotated_parameters(planned):
    done = planned(net(LIST).replace("width, stride=1", "width: int, stride: int = 1"), some('"units.1.*"'))
    assert "(self, width: int, stride: int = 1, use_dsc: bool = False):" in done.text


COPIES = "unit = Unit(3)\nself.units = nn.Sequential(*[copy.deepcopy(unit) for i in range(3)])"


@pytest.mark.parametrize(
    ("made", "path"),
    [(COPIES, '"units.1.*"'), ("self.units = nn.Sequential(*map(Unit, (3, 3, 3)))", '"units.1.*"')],
)
def test_what_cannot_be_told_apart_is_not_split(planned, made, path):
    done = planned("import copy\n\n\n" + net(made), some(path))
    assert "use_dsc" not in done.text
    assert all(edit.rung != "split" for edit in done.plan.edits)


DEEP = """
class D{n}(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.a = {inner}(width)
        self.b = {inner}(width)

    def forward(self, x):
        return self.b(self.a(x))


"""


@pytest.mark.parametrize(("depth", "split"), [(2, True), (4, False)])
def test_a_long_way_out_is_no_argument(planned, depth, split):
    """Each class on the way costs an argument and a call: beyond seven the object itself is changed."""
    classes = "".join(DEEP.format(n=n, inner=f"D{n - 1}" if n else "Unit") for n in range(depth))
    text = net(f"self.units = D{depth - 1}(3)").replace("class Net", f"{classes}class Net")
    path = ".".join(["units", *["a"] * depth, "conv"])
    done = planned(text, some(path))
    assert ("use_dsc" in done.text) is split
    assert {edit.rung for edit in done.plan.edits} == ({"split"} if split else {"override"})


DECORATED = """
def counted(func):
    def inner(*args, **kwargs):
        LINES
    return inner


class Unit(nn.Module):
    @counted
    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, 1, 1)

    def forward(self, x):
        return self.conv(x)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.units = nn.Sequential(Unit(3), Unit(3))

    def forward(self, x):
        return self.units(x)
"""


def test_a_decorator_hands_arguments_on(planned):
    lines = "assert len(kwargs) < 9\n        func(*args, **kwargs)"
    done = planned(DECORATED.replace("LINES", lines), some("units.1.conv"))
    assert "nn.Sequential(Unit(3), Unit(3, use_dsc=True))" in done.text
    assert "def inner(*args, **kwargs):" in done.text and "func(*args, **kwargs)" in done.text


@pytest.mark.parametrize("lines", ["func(*args)", "kwargs = dict(kwargs)\n        func(*args, **kwargs)"])
def test_a_decorator_gets_no_argument_of_one_class(planned, lines):
    done = planned(DECORATED.replace("LINES", lines), some("units.1.conv"))
    assert "use_dsc" not in done.text
    assert {it.rung for it in done.plan.edits} <= {"override"}
