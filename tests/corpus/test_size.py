"""The size of an edit: lines beside inserted classes, and lines that override what was built."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from corpus.size import Size, size

OLD = """\
import torch.nn as nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(8, 8, 3)
        self.b = nn.Sequential(nn.BatchNorm2d(8))
        self.b[0].eps = 1e-3

    def forward(self, x):
        return self.b(self.a(x))
"""
BLOCK = """class ECA(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.part[0].conv = c
        self.conv = nn.Conv1d(1, 1, 3)


"""
LAST = "        self.b[0].eps = 1e-3\n"
SET = "        self.b[0][{}] = Thing()\n"


def changed(*changes: tuple[str, str]) -> Size:
    new = OLD
    for old, text in changes:
        assert old in new
        new = new.replace(old, text, 1)
    return size({"a.py": OLD.encode()}, {"a.py": new.encode()})


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([("nn.Conv2d(8, 8, 3)", "Other(8, 8, 3)")], Size(1)),
        ([("nn.Conv2d(8, 8, 3)", "Other(\n            8, 8, 3\n        )")], Size(3)),
        ([("class Net", "class Other(Net):\n    pass\n\n\nclass Net")], Size(2)),
        ([("import torch.nn", "import math\nimport torch.nn")], Size(1)),
        ([("self.b[0].eps = 1e-3", "self.b[0].eps = 1e-4")], Size(1)),
        ([(LAST, LAST + SET.format(1) + SET.format(2))], Size(2, 2)),
        ([(LAST, LAST + "        c = self.b[0].c\n        self.b[0].c = Thing(c)\n")], Size(2, 2)),
        ([(LAST, LAST + "        c = self.b[0].c\n")], Size(1)),
        ([(LAST, LAST + "        for n in range(3):\n            self.b[0].c = n\n")], Size(2, 0, 1)),
        ([(LAST, LAST + "        for n in range(3):\n            setattr(self, str(n), n)\n")], Size(2, 0, 1)),
        ([(LAST, LAST + "        for n in range(3):\n            print(n)\n")], Size(2)),
        ([(LAST, LAST + "        if self.a:\n            self.b[0].c = 3\n")], Size(2, 1)),
    ],
)
def test_sizes(changes: list[tuple[str, str]], expected: Size) -> None:
    assert changed(*changes) == expected


def test_inserted_blocks_do_not_count() -> None:
    found = changed(("class Net", f"{BLOCK}class Net"), ("nn.Sequential(nn.BatchNorm2d(8))", "ECA(8)"))
    assert found.lines == 1
    assert size({}, {"blocks.py": f"import torch.nn as nn\n\n\n{BLOCK}".encode()}).lines == 1


def test_what_is_too_much_to_read() -> None:
    lines = [SET.format(n) for n in range(7)]
    loop = "        for n in range(3):\n            self.b[0].c = n\n"
    assert not changed((LAST, LAST + "".join(lines[:6]))).unreadable
    assert "7 lines" in changed((LAST, LAST + "".join(lines))).unreadable
    assert not changed((LAST, LAST + loop)).unreadable
    assert "2 loops" in changed((LAST, LAST + loop + loop)).unreadable


@pytest.mark.parametrize(("there", "overrides"), [("        net.add_module(name, Unit(8))\n", 0), ("", 1)])
def test_an_argument_of_a_call_that_was_there_overrides_nothing(there: str, overrides: int) -> None:
    before = f"def make(net, name):\n    if name:\n{there}        return net\n".encode()
    after = b"def make(net, name):\n    if name:\n        net.add_module(name, EcaUnit(8))\n        return net\n"
    assert size({"net.py": before}, {"net.py": after}).overrides == overrides
