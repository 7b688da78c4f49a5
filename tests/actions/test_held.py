"""How what some calls give becomes a part of a block: below the statement that makes it, else in its place."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from textwrap import dedent, indent

import pytest

from mutagen.actions.draft import Draft
from mutagen.actions.held import held_at
from mutagen.actions.makers import Giving, Made
from mutagen.actions.wrap_some import Chosen, chosen
from mutagen.actions.wrapping import Wrapping
from mutagen.records.plan import Edit
from mutagen.records.rules import Action, Query, Rule
from mutagen.records.trace import Instance
from mutagen.source.file import SourceFile, read_source

HEAD = "import torch.nn as nn\nfrom collections import OrderedDict\n\n\n"
RULE = Rule("some", Query(), Action("wrap", "Refined"))
BLOCK = Instance("b", ("b",), "net.ResBlock", ("net.ResBlock",), {}, (), False)
WRAPPING = Wrapping("Refined", (None, "c"), Draft())

BELOW = {
    "an attribute": ("self.a = Block(4)", "self.a = Block(4)\nif on:\n    self.a = Refined(self.a, c)"),
    "an item": (
        "blocks[i] = Block(4)  # one",
        "blocks[i] = Block(4)  # one\nif on:\n    blocks[i] = Refined(blocks[i], c)",
    ),
    "a result": ("return Block(4)", "block = Block(4)\nif on:\n    block = Refined(block, c)\nreturn block"),
    "a result in aligned lines": (
        "return Block(4,\n             5)",
        "block = Block(4,\n              5)\nif on:\n    block = Refined(block, c)\nreturn block",
    ),
    "one in a list": (
        "layers.append(Block(4))",
        "block = Block(4)\nif on:\n    block = Refined(block, c)\nlayers.append(block)",
    ),
    "one in a list, in lines": (
        "layers.append(\n    Block(\n        4,\n    ),\n)",
        "block = Block(\n    4,\n)\nif on:\n    block = Refined(block, c)\nlayers.append(block)",
    ),
    "one with a name": (
        'self.add_module("unit{}".format(i + 1), Block(\n    4))',
        'block = Block(\n    4)\nif on:\n    block = Refined(block, c)\nself.add_module("unit{}".format(i + 1), block)',
    ),
    "one of a row": (
        "self.row = nn.Sequential(nn.ReLU(), Block(4))",
        "self.row = nn.Sequential(nn.ReLU(), Block(4))\nif on:\n    self.row[1] = Refined(self.row[1], c)",
    ),
    "one of a row in a list": (
        "layers.append(nn.ModuleList([nn.ReLU(), Block(4)]))",
        "layers.append(nn.ModuleList([nn.ReLU(), Block(4)]))\nif on:\n    layers[-1][1] = Refined(layers[-1][1], c)",
    ),
    "one of a row in a row": (
        "self.row = nn.Sequential(nn.Sequential(Block(4)), *make())",
        "self.row = nn.Sequential(nn.Sequential(Block(4)), *make())\nif on:\n"
        "    self.row[0][0] = Refined(self.row[0][0], c)",
    ),
    "one of a row that is returned": (
        "return nn.ModuleList([Block(4)])",
        "modules = nn.ModuleList([Block(4)])\nif on:\n    modules[0] = Refined(modules[0], c)\nreturn modules",
    ),
    "one of a table": (
        "self.ends = nn.ModuleDict({'a': Block(4)})",
        "self.ends = nn.ModuleDict({'a': Block(4)})\nif on:\n    self.ends['a'] = Refined(self.ends['a'], c)",
    ),
    "one of a row with names": (
        'self.row = nn.Sequential(OrderedDict([("a", Block(4))]))',
        'self.row = nn.Sequential(OrderedDict([("a", Block(4))]))\nif on:\n    self.row.a = Refined(self.row.a, c)',
    ),
    "one that may be none": (
        "self.a = Block(4) if i else None",
        "self.a = Block(4) if i else None\nif on and self.a is not None:\n    self.a = Refined(self.a, c)",
    ),
}
WHOLE = "Refined(Block(4), c) if on else Block(4)"
IN_ITS_PLACE = {
    "two names": ("self.a = self.b = Block(4)", f"self.a = self.b = {WHOLE}"),
    "a line that it shares": ("if i: self.a = Block(4)", f"if i: self.a = {WHOLE}"),
    "an argument of something else": ("self.a = keep(Block(4), make())", f"self.a = keep({WHOLE}, make())"),
    "what is evaluated in order": ("take(make(), Block(4))", f"take(make(), {WHOLE})"),
    "a row of which nobody knows the length": (
        "self.row = nn.Sequential(*make(), Block(4))",
        f"self.row = nn.Sequential(*make(), {WHOLE})",
    ),
    "one of a tuple in a list": ("layers.append((i, Block(4)))", f"layers.append((i, {WHOLE}))"),
    "an element": ("self.row = [Block(4) for _ in range(i)]", f"self.row = [{WHOLE} for _ in range(i)]"),
    "an operand": ("self.a = Block(4) or i", f"self.a = ({WHOLE}) or i"),
    "a comment in between": (
        "layers.append(  # first\n    Block(4))",
        f"layers.append(  # first\n    {WHOLE})",
    ),
}


def written(body: str, conditions: Sequence[str] = ("on",)) -> str:
    """The body of a function once its blocks are wrapped where the conditions hold."""
    text = HEAD + "def make(self, layers, blocks, i, on, c):\n" + indent(body, "    ") + "\n"
    file = read_source("net.py", text.encode())
    calls = [it for it in ast.walk(file.tree) if isinstance(it, ast.Call) and ast.unparse(it.func) == "Block"]
    calls.sort(key=lambda it: (it.lineno, it.col_offset))
    held = [held_at(file, it, BLOCK) for it in calls]
    giving = [Giving(file, it, (Made(BLOCK, 0),), ()) for it in calls]
    parts = [Chosen(one, WRAPPING, on, "split", name) for one, on, name in zip(giving, conditions, held, strict=True)]
    edits = chosen(RULE, parts)
    assert (held[0] is not None) is any(it.new.lstrip().startswith("if ") for it in edits)
    found = _applied(file, edits)
    ast.parse(found)
    return dedent(found.split("c):\n")[1]).rstrip("\n")


def _applied(file: SourceFile, edits: tuple[Edit, ...]) -> str:
    text = file.utf8
    for it in sorted(edits, key=lambda edit: (edit.span.line, edit.span.column), reverse=True):
        start, end = (file.offset(it.span.line, it.span.column), file.offset(it.span.end_line, it.span.end_column))
        assert text[start:end].decode() == it.old
        text = text[:start] + it.new.encode() + text[end:]
    return text.decode()


@pytest.mark.parametrize(("before", "after"), BELOW.values(), ids=BELOW)
def test_below_the_statement(before: str, after: str) -> None:
    assert written(before) == after


@pytest.mark.parametrize(("before", "after"), IN_ITS_PLACE.values(), ids=IN_ITS_PLACE)
def test_in_its_place(before: str, after: str) -> None:
    assert written(before) == after


def test_several_of_one_statement_follow_it_together() -> None:
    body = "return nn.Sequential(Block(4), nn.ReLU(), Block(5))"
    head = "modules = nn.Sequential(Block(4), nn.ReLU(), Block(5))\n"
    first, last = "    modules[0] = Refined(modules[0], c)\n", "    modules[2] = Refined(modules[2], c)\n"
    assert written(body, ["on", "on"]) == f"{head}if on:\n{first}{last}return modules"
    assert written(body, ["on", "i > 1"]) == f"{head}if on:\n{first}if i > 1:\n{last}return modules"


def test_a_variable_that_is_taken() -> None:
    assert written("block = i\nreturn Block(4)").startswith("block = i\nlayer = Block(4)\n")


def test_what_would_be_too_long_stands_in_lines() -> None:
    name = "self.something_with_a_rather_long_name_that_fills_the_line"
    long = written(f"{name} = nn.Sequential(*[Block(4) for _ in range(i)])")
    assert long.split("\n") == [
        f"{name} = nn.Sequential(*[",
        f"    {WHOLE}",
        "    for _ in range(i)",
        "])",
    ]
