"""The text of a call whose class changes."""

from __future__ import annotations

import ast

import pytest

from mutagen.actions.new_call import _renamed, literal
from mutagen.source.call import arguments
from mutagen.source.file import read_source

CASES = {
    "plain": ("nn.Conv2d(a, b, 3)", (), "Dsc(a, b, 3)"),
    "one argument more": ("nn.Conv2d(a, b, 3)", ("k=1",), "Dsc(a, b, 3, k=1)"),
    "no argument yet": ("nn.Conv2d()", ("k=1",), "Dsc(k=1)"),
    "a trailing comma": ("nn.Conv2d(a, b,)", ("k=1",), "Dsc(a, b, k=1)"),
    "aligned lines stay aligned": (
        "nn.Conv2d(a,\n          b)",
        (),
        "Dsc(a,\n    b)",
    ),
    "hanging lines stay": ("nn.Conv2d(\n    a,\n    b,\n)", (), "Dsc(\n    a,\n    b,\n)"),
    "comments stay": ("nn.Conv2d(a,  # in\n          b)", (), "Dsc(a,  # in\n    b)"),
    "brackets within": ("nn.Conv2d(f(a), (3, 3))", (), "Dsc(f(a), (3, 3))"),
}


@pytest.mark.parametrize("name", CASES)
def test_renamed(name: str) -> None:
    before, extra, after = CASES[name]
    file = read_source("m.py", before.encode())
    call = next(it for it in ast.walk(file.tree) if isinstance(it, ast.Call))
    assert _renamed(file, call, "Dsc", extra) == after
    ast.parse(after)


@pytest.mark.parametrize(
    ("value", "text"), [(1, "1"), (0.5, "0.5"), (True, "True"), (None, "None"), ((1,), "(1,)"), ((1, 2), "(1, 2)")]
)
def test_literal(value: object, text: str) -> None:
    assert literal(value) == text  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["plain", 'a "quoted" one', "back\\slash", "it's", "line\nbreak"])
def test_strings_mean_themselves(text: str) -> None:
    assert ast.literal_eval(literal(text)) == text


def call_of(text: str) -> ast.Call:
    node = ast.parse(text, mode="eval").body
    assert isinstance(node, ast.Call)
    return node


@pytest.mark.parametrize("text", ["f(*a)", "f(1, **b)", "f(1, 2, 3, 4)", "f(1, x=2)", "f(1, other=2)"])
def test_arguments_that_cannot_be_read(text: str) -> None:
    assert arguments(call_of(text), ("x", "y", "z")) is None


def test_arguments_by_name() -> None:
    given = arguments(call_of("f(1, z=3)"), ("x", "y", "z"))
    assert given is not None
    assert list(given.by_name) == ["x", "z"]
    assert given.keyword == {"z"}
