"""Loops of several parts at one place become one loop, where that does the same."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from mutagen.actions.draft import Draft
from mutagen.planning.one_loop import in_one_loop
from mutagen.records.plan import Edit
from mutagen.records.span import Span
from mutagen.source.file import read_source

SOURCE = b"class Net:\n    def __init__(self):\n        self.build()\n"
BEHIND = Span("net.py", 3, 20, 3, 20)


def loop(root: str, child: str, kind: str, new: str, *paths: str) -> Edit:
    text = (
        f"\n        for parent in list({root}.modules()):"
        f"\n            for name, {child} in parent.named_children():"
        f"\n                if isinstance({child}, {kind}):"
        f"\n                    setattr(parent, name, {new})"
    )
    return Edit(BEHIND, "", text, "r", "override", "", paths)


def joined(*edits: Edit, source: bytes = SOURCE) -> list[tuple[Edit, ...]]:
    project: Any = SimpleNamespace(file=lambda path: read_source(path, source))
    return [it.edits for it in in_one_loop([Draft(edits=(edit,)) for edit in edits], project)]


CONV = loop("self", "conv", "nn.Conv2d", "Other(conv.in_channels)", "features.0.conv", "features.1.conv")
NORM = loop("self", "norm", "nn.BatchNorm2d", "group_norm(norm.num_features)", "features.0.bn", "features.1.bn")
ACT = loop("self.features", "act", "nn.ReLU", "nn.GELU()", "features.0.act", "features.1.act")
ONE = """
        for parent in list(self.features.modules()):
            for name, child in parent.named_children():
                if isinstance(child, nn.Conv2d):
                    setattr(parent, name, Other(child.in_channels))
                elif isinstance(child, nn.BatchNorm2d):
                    setattr(parent, name, group_norm(child.num_features))
                elif isinstance(child, nn.ReLU):
                    setattr(parent, name, nn.GELU())"""


def test_three_parts_go_through_the_narrowest_modules_that_hold_all() -> None:
    first, second, third = joined(CONV, NORM, ACT)
    assert (second, third) == ((), ())
    assert first[0].new == ONE
    assert first[0].instances == (*CONV.instances, *NORM.instances, *ACT.instances)


def test_line_ends_stay() -> None:
    from dataclasses import replace

    found = joined(*(replace(it, new=it.new.replace("\n", "\r\n")) for it in (CONV, NORM, ACT)))
    assert found[0][0].new == ONE.replace("\n", "\r\n")


@pytest.mark.parametrize(
    ("others", "source"),
    [
        ([loop("self.features", "act", "nn.ReLU", "nn.GELU()", "head.act")], SOURCE),
        ([loop("self.head", "act", "nn.ReLU", "nn.GELU()", "head.act")], SOURCE),
        ([loop("self.features", "act", "nn.ReLU", "Long(act.a" + ", act.b" * 20 + ")", "features.0.act")], SOURCE),
        ([ACT], SOURCE + b"        child = 1\n"),
        ([Edit(BEHIND, "", "\n        self.x = nn.GELU()", "r", "override", "", ("x",))], SOURCE),
        ([Edit(Span("net.py", 2, 0, 2, 0), "", ACT.new, "r", "override", "", ACT.instances)], SOURCE),
    ],
)
def test_what_does_not_go_together_stays_apart(others: list[Edit], source: bytes) -> None:
    """A part elsewhere, another root, a line too long, a name that is taken, no loop, another place."""
    whole = loop("self", "conv", "nn.Conv2d", "Other(conv.in_channels)", "features.0.conv", "head.conv")
    assert joined(whole, *others, source=source) == [(whole,), *((it,) for it in others)]


def test_what_is_put_between_two_loops_keeps_them_apart() -> None:
    between = Edit(BEHIND, "", "\n        self.x = nn.GELU()", "r", "override", "", ("x",))
    assert joined(CONV, between, NORM) == [(CONV,), (between,), (NORM,)]
