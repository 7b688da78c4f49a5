"""What comments and the configuration keep from a rule stays as it is; everything else changes, and is proved."""

from __future__ import annotations

from typing import Any

import pytest

NET = """\
import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, width, norm_layer=nn.BatchNorm2d):
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, padding=1)
        self.norm = norm_layer(width)

    def forward(self, x):
        return x + self.norm(self.conv(x))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, padding=1)
        self.norm = nn.BatchNorm2d(16)
        self.a = Block(16)
        self.b = Block(16)
        self.head = nn.Conv2d(16, 16, 3, padding=1)

    def forward(self, x):
        x = self.norm(self.stem(x))
        x = self.a(x)
        x = self.b(x)
        return self.head(x)
"""
SHAPE = ("1x3x16x16",)


def net(line: str, comment: str) -> str:
    """The model with a comment behind a line, or above it where the comment begins with ``^``."""
    (found,) = (it for it in NET.splitlines() if it.strip() == line)
    indent = found[: len(found) - len(line)]
    above = f"{indent}# {comment[1:]}\n{found}"
    return NET.replace(f"{found}\n", f"{above if comment.startswith('^') else f'{found}  # {comment}'}\n", 1)


CASES = {
    "made": (
        ("self.stem = nn.Conv2d(3, 16, 3, padding=1)", "mutagen: ignore[dilate]"),
        ["stem"],
        ["a.conv", "b.conv", "head"],
    ),
    "class": (("class Block(nn.Module):", "^mutagen: ignore[dilate]"), ["a.conv", "b.conv"], ["stem", "head"]),
    "called": (("return self.head(x)", "mutagen: ignore[dilate]"), ["head"], ["stem", "a.conv", "b.conv"]),
    "file": (("import torch", "^mutagen: file-ignore[dilate]"), ["stem", "a.conv", "b.conv", "head"], []),
    "other rule": (("class Block(nn.Module):", "^mutagen: ignore[x]"), [], ["stem", "a.conv", "b.conv", "head"]),
}
RULE = "version: 1\nrules:\n  - {id: dilate, match: {type: Conv2d}, set: {dilation: 2, padding: 2}}\n"


@pytest.mark.parametrize("name", list(CASES))
def test_what_a_comment_covers_is_spared_and_the_rest_is_proved(name: str, bench: Any) -> None:
    comment, spared, planned = CASES[name]
    target = bench.write("net.py", net(*comment))
    rule = bench.folder / "rule.yaml"
    rule.write_text(RULE)
    report = bench.run(str(rule), target, "Net()", SHAPE, write=False)
    (told,) = report.plan.rules
    assert (list(told.spared), list(told.planned)) == (spared, planned)
    assert report.status == ("would_change" if planned else "unchanged")
    assert not planned or report.verdict.proof.equal
    assert not any("mutagen:" in it for it in report.notes)


def test_an_edit_that_would_touch_what_is_spared_is_refused(bench: Any) -> None:
    """The class enters at a default that the comment keeps, where the only exact edit would be."""
    line = "    def __init__(self, width, norm_layer=nn.BatchNorm2d):"
    source = NET.replace(line, "    # mutagen: off\n" + line + "\n        # mutagen: on")
    target = bench.write("net.py", source.replace("self.norm = nn.BatchNorm2d(16)", "self.norm = nn.Identity()"))
    report = bench.run("bn-to-gn", target, "Net()", SHAPE)
    (told,) = report.plan.rules
    assert report.status == "refused"
    assert {(it.path, it.code) for it in told.refused} == {("a.norm", "spared"), ("b.norm", "spared")}
    assert told.planned == ()
    bench.check_untouched()


def test_the_configuration_spares_files(bench: Any) -> None:
    target = bench.write("net.py", NET)
    ignores = ((str(target), ("eca-after-blocks",)),)
    spared = bench.run("eca-after-blocks", target, "Net()", SHAPE, per_file_ignores=ignores)
    assert (spared.status, spared.plan.rules[0].spared) == ("unchanged", ("a", "b"))
    assert "2 of these spared" in spared.plan.rules[0].explanation
    bench.check_untouched()


def test_comments_that_keep_nothing_or_say_nothing_are_told(bench: Any) -> None:
    source = NET
    for line, new in (
        ("        self.head = nn", "        # mutagen: ignore[eca-after-blocks]\n        self.head = nn"),
        ("self.stem = nn.Conv2d(3, 16, 3, padding=1)", "self.stem = nn.Conv2d(3, 16, 3)  # mutagen: ignore"),
        ("self.a = Block(16)", "self.a = Block(16)  # mutagen: ignore[eca-after-blocks]"),
    ):
        source = source.replace(line, new)
    target = bench.write("net.py", source)
    report = bench.run("eca-after-blocks", target, "Net()", SHAPE, write=False)
    assert report.plan.rules[0].spared == ("a",)
    assert [it for it in report.plan.notes if "mutagen:" in it] == [
        "net.py:18: `# mutagen: ignore` must name rules: ignore[rule-id]",
        "net.py:22: `# mutagen: ignore[eca-after-blocks]` kept nothing from the rules in this model",
    ]
