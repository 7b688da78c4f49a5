"""What source asks of children, and of the class of a module."""

from __future__ import annotations

import ast

import pytest

from mutagen.source.reads import reads_of_children, starts_plainly, type_tests

OWNER = """\
class Net(nn.Module):
    def __init__(self):
        self.a.weight
        self.start()

    def start(self):
        self.b.weight

    def forward(self, x):
        return self.features[0].weight + self.body.conv["k"].bias + self.width + self.c[i].weight + x.d.weight

    def other(self):
        self.a.bias = None
        return self.a.groups
"""


def test_reads_past_the_time_of_making() -> None:
    (owner,) = ast.parse(OWNER).body
    assert isinstance(owner, ast.ClassDef)
    found = {(it.path, it.attribute) for it in reads_of_children(owner)}
    asked = {it for it in found if it[1] in ("weight", "bias", "groups")}
    assert asked == {("features.0", "weight"), ("body.conv.k", "bias"), ("a", "groups")}


@pytest.mark.parametrize(
    ("text", "classes", "word", "has_body"),
    [
        ("if isinstance(m, (nn.A, B)): f(m)", ["nn.A", "B"], "", True),
        ("if isinstance(m, A) and m.affine: f(m)", ["A"], "", True),
        ("if not isinstance(m, A): f(m)", ["A"], "", False),
        ("[p for m in ms if type(m) is A]", ["A"], "", False),
        ("if type(m) in (A, B): f(m)", ["A", "B"], "", True),
        ("if name.find('Norm') != -1: f(m)", [], "Norm", True),
        ("if 'Norm' in name: f(m)", [], "Norm", True),
    ],
)
def test_questions_after_the_class(text: str, classes: list[str], word: str, has_body: bool) -> None:
    (found,) = type_tests(ast.parse(text))
    assert ([ast.unparse(it) for it in found.classes], found.word, found.body is not None) == (classes, word, has_body)


@pytest.mark.parametrize("text", ["f(m)", "x == 3", "if m: f(m)", "isinstance(m)"])
def test_other_questions(text: str) -> None:
    assert type_tests(ast.parse(text)) == ()


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("nn.init.constant_(m.weight, 1)", True),
        ("nn.init.constant_(m.weight, 1.0)\nnn.init.zeros_(m.bias)", True),
        ("m.weight.data.fill_(1)\nm.bias.data.zero_()", True),
        ("if m.bias is not None:\n    init.constant_(m.bias, 0)", True),
        ("pass", True),
        ("nn.init.constant_(m.weight, 0)", False),
        ("nn.init.normal_(m.weight, 1.0, 0.02)", False),
        ("nn.init.zeros_(m.weight)", False),
        ("nn.init.ones_(other.weight)", False),
        ("m.momentum = 0.1", False),
        ("nn.init.ones_(m.weight)\nm.eval()", False),
    ],
)
def test_a_plain_start(text: str, plain: bool) -> None:
    assert starts_plainly(tuple(ast.parse(text).body), "m") is plain
