"""A shared site at which the rule's own tests choose the class."""

from __future__ import annotations

NET = """
def make(i, o, kernel_size, stride=1):
    CALL


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = make(3, 16, 3)
        self.b = make(16, 16, 3)
        self.c = make(16, 16, 1)

    def forward(self, x):
        return self.c(self.b(self.a(x)))
"""
LINE = "return nn.Conv2d(i, o, kernel_size, stride, kernel_size // 2)"


def test_tests_that_the_arguments_can_answer(planned):
    text = planned(NET.replace("CALL", LINE), "conv-to-dsc").text
    assert "    conv_layer = DepthwiseSeparableConv2d if kernel_size > 1 and i >= 16 else nn.Conv2d\n" in text
    assert "    return conv_layer(i, o, kernel_size, stride, kernel_size // 2)\n" in text


def test_a_name_that_is_taken(planned):
    text = planned(NET.replace("CALL", f"conv_layer = 1\n    {LINE}"), "conv-to-dsc").text
    assert "conv_layer_class = DepthwiseSeparableConv2d if" in text and "return conv_layer_class(" in text


def test_within_a_lambda(planned):
    head = "make = lambda i, o, kernel_size, stride=1: nn.Conv2d(i, o, kernel_size, stride, kernel_size // 2)\n"
    text = planned(NET.replace(NET[1 : NET.index("class Net")], head + "\n\n"), "conv-to-dsc").text
    chosen = "(DepthwiseSeparableConv2d if kernel_size > 1 and i >= 16 else nn.Conv2d)"
    assert f": {chosen}(\n    i, o, kernel_size, stride, kernel_size // 2\n)\n" in text


RULES = """version: 1
rules:
  - id: some
    match: {type: Conv2d, WHICH}
    replace: {with: DepthwiseSeparableConv2d}
"""


def test_an_argument_that_is_computed(planned):
    rules = RULES.replace("WHICH", "where: {padding: 1, in_channels: 16}")
    text = planned(NET.replace("CALL", LINE), rules).text
    assert "DepthwiseSeparableConv2d if kernel_size // 2 == 1 and i == 16 else nn.Conv2d\n" in text


def test_a_parameter_where_nothing_tells_them_apart(planned):
    done = planned(NET.replace("CALL", LINE), RULES.replace("WHICH", "path: b"))
    assert "    conv_layer = DepthwiseSeparableConv2d if use_dsc else nn.Conv2d\n" in done.text
    assert {it.rung for it in done.plan.edits} == {"split"}
