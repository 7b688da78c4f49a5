"""Where a class enters that a loop chooses anew in every turn."""

from __future__ import annotations

import ast

import pytest

from mutagen.records.trace import CallSite
from mutagen.source.file import read_source
from mutagen.source.following import Follower
from mutagen.source.origin import find_origin

HEAD = "import torch.nn as nn\nfrom torch.nn import BatchNorm2d as BN\n\n\ndef f(n):\n    norm = BN\n"
CHOICE = "        if i == 0:\n            norm = nn.BatchNorm2d\n        else:\n            norm = BN\n"
MAYBE = "        if i == 0:\n            norm = nn.BatchNorm2d\n"

# name: (body of the function below `norm = BN`, value of i at the call, line of the origin in the body or None).
CASES = {
    "the first turn": (f"    for i in range(n):\n{CHOICE}        norm(3)\n", 0, 3),
    "a later turn": (f"    for i in range(n):\n{CHOICE}        norm(3)\n", 1, 5),
    "of a loop in a loop": (f"    for i in range(n):\n{CHOICE}        for j in range(i):\n            norm(3)\n", 1, 5),
    "what an earlier turn left": (f"    for i in range(n):\n{MAYBE}        norm(3)\n", 1, None),
    "what an earlier turn set below": (f"    for i in range(n):\n        norm(3)\n{MAYBE}", 1, None),
    "the loop has ended": (f"    for i in range(n):\n{CHOICE}    norm(3)\n", 1, None),
    "the name is set again": (f"    for i in range(n):\n{CHOICE}        i = i + 1\n        norm(3)\n", 1, None),
}


@pytest.mark.parametrize("name", CASES)
def test_turn(name: str) -> None:
    body, turn, line = CASES[name]
    file = read_source("m.py", f"{HEAD}{body}\n\nf(2)\n".encode())
    calls = {file.text(it): it for it in ast.walk(file.tree) if isinstance(it, ast.Call)}
    inner, outer = calls["norm(3)"], calls["f(2)"]
    chain = (CallSite(file.span(inner), "f", 0, names={"i": turn, "n": 2}), CallSite(file.span(outer), "<module>", 1))
    origin = find_origin(inner.func, chain, "torch.nn.BatchNorm2d", Follower(lambda _: file))
    assert (origin.node.lineno - HEAD.count("\n") if origin else None) == line
