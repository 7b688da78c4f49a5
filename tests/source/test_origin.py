"""From a variable back to where the class enters."""

from __future__ import annotations

import ast

import pytest

from mutagen.records.span import Span
from mutagen.records.trace import CallSite
from mutagen.source.file import SourceFile, read_source
from mutagen.source.origin import find_origin

HEAD = "import torch.nn as nn\nfrom torch.nn import BatchNorm2d as BN\n"

# name: (source, line of the origin or None). Marks: `@0`, `@1` ... follow the calls of the chain, innermost first.
CASES = {
    "default": ("def f(c, norm=nn.BatchNorm2d):\n    norm(c)@0\n\nf(3)@1\n", 1),
    "default by another name": ("def f(c, norm=BN):\n    norm(c)@0\n\nf(3)@1\n", 1),
    "passed": ("def f(c, norm=nn.ReLU):\n    norm(c)@0\n\nf(3, nn.BatchNorm2d)@1\n", 4),
    "passed by name": ("def f(c, *, norm=nn.ReLU):\n    norm(c)@0\n\nf(3, norm=nn.BatchNorm2d)@1\n", 4),
    "passed through two": (
        "def f(c, norm):\n    norm(c)@0\n\ndef g(c, n):\n    f(c, n)@1\n\ng(3, nn.BatchNorm2d)@2\n",
        7,
    ),
    "None then assigned": (
        "def f(c, norm=None):\n    if norm is None:\n        norm = nn.BatchNorm2d\n    norm(c)@0\n\nf(3)@1\n",
        3,
    ),
    "or": ("def f(c, norm=None):\n    norm = norm or nn.BatchNorm2d\n    norm(c)@0\n\nf(3)@1\n", 2),
    "attribute": (
        "class A:\n    def __init__(self):\n        self.norm = nn.BatchNorm2d\n        self.norm(3)@0\n\nA()@1\n",
        3,
    ),
    "attribute set twice": (
        "class A:\n    def __init__(self):\n        self.norm = nn.BatchNorm2d\n        self.norm = nn.ReLU\n"
        "        self.norm(3)@0\n\nA()@1\n",
        None,
    ),
    "module level": ("Norm = nn.BatchNorm2d\n\ndef f(c):\n    Norm(c)@0\n\nf(3)@1\n", 1),
    "module level twice": (
        "Norm = nn.BatchNorm2d\nif fast:\n    Norm = BN\n\ndef f(c):\n    Norm(c)@0\n\nf(3)@1\n",
        None,
    ),
    "from a dict": ("NORMS = {'bn': nn.BatchNorm2d}\n\ndef f(c):\n    NORMS['bn'](c)@0\n\nf(3)@1\n", None),
    "from a call": ("def f(c):\n    get('bn')(c)@0\n\nf(3)@1\n", None),
    "another class": ("def f(c, norm=nn.ReLU):\n    norm(c)@0\n\nf(3)@1\n", None),
    "two assignments": (
        "def f(c):\n    norm = nn.BatchNorm2d\n    if c:\n        norm = BN\n    norm(c)@0\n\nf(3)@1\n",
        None,
    ),
}


def chain_of(file: SourceFile, marks: list[tuple[int, int]]) -> tuple[CallSite, ...]:
    found = []
    for line, column in marks:
        calls = [it for it in ast.walk(file.tree) if isinstance(it, ast.Call)]
        call = max((it for it in calls if (it.end_lineno, it.end_col_offset) == (line, column)), key=ast.dump)
        function = file.function(call)
        owner = file.class_of(call)
        name = function.name if function else "<module>"
        name = f"{owner.name}.{name}" if owner else name
        found.append(CallSite(file.span(call), name, len(found)))
    return tuple(found)


@pytest.mark.parametrize("name", CASES)
def test_origin(name: str) -> None:
    text, line = CASES[name]
    marks: dict[int, tuple[int, int]] = {}
    lines = []
    for number, written in enumerate((HEAD + text).split("\n"), start=1):
        code, _, mark = written.partition("@")
        if mark:
            marks[int(mark)] = (number, len(code))
        lines.append(code)
    file = read_source("m.py", "\n".join(lines).encode())
    chain = chain_of(file, [marks[index] for index in sorted(marks)])
    call = file.node_at(chain[0].span)
    assert isinstance(call, ast.Call)
    origin = find_origin(call.func, chain, "torch.nn.BatchNorm2d", lambda _: file)
    assert (origin.node.lineno - HEAD.count("\n") if origin else None) == line
    if origin:
        assert file.text(origin.node) in ("nn.BatchNorm2d", "BN")


def test_a_span_that_is_no_call() -> None:
    file = read_source("m.py", b"x = 1\n")
    assert file.node_at(Span("m.py", 1, 0, 1, 4)) is None
