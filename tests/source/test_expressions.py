"""Which expression stands for a number."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from mutagen.source.expressions import Observation, expression_for
from mutagen.source.file import read_source


def find(
    body: str, *observed: tuple[dict[str, Any], int], near: str = "", hidden: str = "", siblings: Any = ()
) -> str | None:
    file = read_source("m.py", f"def __init__(self, inp, oup, ratio=2):\n    {body}\n".encode())
    function = file.tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    nearby = [it for it in ast.walk(function) if isinstance(it, ast.Call) and near and file.text(it) == near]
    assert bool(nearby) == bool(near)
    observations = [Observation(names, value) for names, value in observed]
    return expression_for(
        file, function, observations, nearby=nearby, hidden=frozenset(hidden.split()), siblings=siblings
    )


CASES = {
    "of an input and an output what is put out": (("use(inp, oup)", ({"inp": 16, "oup": 16}, 16)), {}, "oup"),
    "also where it is the longer name": (
        ("use(self.in_channels, self.out_channels)", ({"self.in_channels": 16, "self.out_channels": 16}, 16)),
        {},
        "self.out_channels",
    ),
    "the input where it alone is right": (
        ("use(self.in_channels, self.out_channels)", ({"self.in_channels": 8, "self.out_channels": 16}, 8)),
        {},
        "self.in_channels",
    ),
    "a parameter": (("use(inp, oup)", ({"inp": 8, "oup": 16}, 16)), {}, "oup"),
    "what the producer is given before other parameters": (
        ("use(inp, oup)", ({"inp": 16, "oup": 16}, 16)),
        {"near": "use(inp, oup)"},
        "oup",
    ),
    "the outermost expression": (
        ("use(inp, oup * ratio)", ({"inp": 32, "oup": 16, "ratio": 2}, 32)),
        {"near": "use(inp, oup * ratio)"},
        "oup * ratio",
    ),
    "right for every instance": (
        ("use(inp, oup)", ({"inp": 16, "oup": 16}, 16), ({"inp": 16, "oup": 32}, 16)),
        {},
        "inp",
    ),
    "an attribute of self": (
        ("use(oup * self.expansion)", ({"oup": 8, "self.expansion": 4}, 32)),
        {},
        "oup * self.expansion",
    ),
    "a choice in brackets": (
        ("use(inp if ratio > 2 else oup)", ({"inp": 5, "oup": 7, "ratio": 3}, 5)),
        {"near": "use(inp if ratio > 2 else oup)"},
        "(inp if ratio > 2 else oup)",
    ),
    "no name that is bound anew": (("use(inp, oup)", ({"inp": 16, "oup": 16}, 16)), {"hidden": "inp"}, "oup"),
    "a sibling": (
        ("use(inp)", ({"inp": 4}, 16), ({"inp": 4}, 32)),
        {"siblings": [("self.conv.out_channels", [16, 32])]},
        "self.conv.out_channels",
    ),
    "a multiple in the way of the function": (("use(inp * 2)", ({"inp": 16}, 64)), {}, "inp * 4"),
    "no multiple that nobody writes": (("use(inp)", ({"inp": 16}, 64)), {}, "64"),
    "a number": (("use(inp)", ({"inp": 3}, 17)), {}, "17"),
    "no number for several": (("use(inp)", ({"inp": 3}, 17), ({"inp": 3}, 18)), {}, None),
    "not true for 1": (("use(flag)", ({"flag": True}, 1)), {}, "1"),
    "nothing known": (("use(inp)", ({}, 8)), {}, "8"),
}


@pytest.mark.parametrize("name", CASES)
def test_expression(name: str) -> None:
    given, options, expected = CASES[name]
    body, *observed = given
    assert find(str(body), *observed, **options) == expected  # type: ignore[arg-type]
