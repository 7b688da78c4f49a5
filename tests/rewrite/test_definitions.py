"""The text of a block in the style of the file it goes into, and a plan carried out."""

from __future__ import annotations

import ast

import pytest

from mutagen.blocks.catalogue import load_blocks
from mutagen.errors import ClashError, InternalError
from mutagen.records.plan import Definition, Edit, Import, Plan
from mutagen.records.span import Span
from mutagen.records.target import Call
from mutagen.rewrite.apply import rewrite
from mutagen.rewrite.definitions import definition_text, module_text
from mutagen.source.file import read_source

FILE = "import torch\nimport torch.nn as nn\n\n\nclass Net(nn.Module):\n    def f(self):\n        return nn.ReLU()\n"


def plan(*, edits: tuple[Edit, ...] = (), definitions: tuple[Definition, ...] = (), imports=()) -> Plan:
    return Plan(1, "m.py", Call("Net"), (), {}, edits, definitions, imports)


def edit(line: int, column: int, end: int, old: str, new: str) -> Edit:
    return Edit(Span("m.py", line, column, line, end), old, new, "r", "site", "why")


def block(file: str = "m.py", name: str = "ECA", before: int = 5, kind: str = "ECA", style="inline") -> Definition:
    return Definition(file, kind, name, style, before, "r")


@pytest.mark.parametrize("kind", ["ECA", "LayerScale", "GroupNorm", "AttentionGate2d", "DepthwiseSeparableConv2d"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("indent", ["    ", "\t"])
def test_in_the_style_of_the_file(kind: str, newline: str, indent: str) -> None:
    kind = next(name for name in load_blocks() if name.lower().replace("_", "") == kind.lower())
    raw = FILE.replace("    ", indent).replace("\n", newline).encode()
    (change,) = rewrite(plan(definitions=(block(kind=kind, name="Thing"),)), {"m.py": raw})
    text = change.after.decode()
    assert text.count("\n") == text.count(newline)
    other = "\t" if indent == "    " else "\n    "
    assert other not in text
    module = ast.parse(text)
    assert [it.name for it in module.body if isinstance(it, ast.ClassDef | ast.FunctionDef)] == ["Thing", "Net"]
    assert text.replace("\r", "").count("\n\n\n") == 2, "two blank lines around what stands at the top"
    assert text.endswith(raw.decode()[raw.decode().index("class Net") :])


def test_as_many_blank_lines_as_the_owner_leaves() -> None:
    raw = "import torch\nfrom torch import nn\n\nclass Net(nn.Module):\n    pass\n"
    text, _ = definition_text(block(before=4), read_source("m.py", raw.encode()), load_blocks())
    assert text.endswith("\n\n")
    assert not text.endswith("\n\n\n")


def test_in_the_names_of_the_file() -> None:
    raw = "import torch as th\nfrom torch import nn as layers\n\n\nclass Net(layers.Module):\n    pass\n"
    text, lacking = definition_text(block(before=5), read_source("m.py", raw.encode()), load_blocks())
    assert "class ECA(layers.Module):" in text
    assert "th.Tensor" in text
    assert "torch." not in text
    assert lacking == [Import("m.py", "math")]


def test_a_module_of_its_own() -> None:
    text = module_text(block(file="eca.py", style="module"), load_blocks())
    names = [it.name for it in ast.parse(text).body if isinstance(it, ast.ClassDef)]
    assert names == ["ECA"]
    assert text.index("import math") < text.index("import torch") < text.index("class ECA")
    compile(text, "eca.py", "exec")


def test_insertions_at_one_point_keep_their_order() -> None:
    edits = (edit(7, 24, 24, "", "\n        # one"), edit(7, 24, 24, "", "\n        # two"))
    (change,) = rewrite(plan(edits=edits), {"m.py": FILE.encode()})
    assert change.after.decode().endswith("return nn.ReLU()\n        # one\n        # two\n")


def test_text_that_is_not_as_planned() -> None:
    with pytest.raises(ClashError) as raised:
        rewrite(plan(edits=(edit(7, 15, 24, "nn.GELU()", "nn.SiLU()"),)), {"m.py": FILE.encode()})
    assert raised.value.code == "P021"


def test_text_that_is_no_expression() -> None:
    with pytest.raises(InternalError) as raised:
        rewrite(plan(edits=(edit(7, 15, 24, "nn.ReLU()", "nn.GELU("),)), {"m.py": FILE.encode()})
    assert raised.value.code == "X001"


def test_a_file_that_would_not_parse() -> None:
    with pytest.raises(InternalError) as raised:
        rewrite(plan(edits=(edit(7, 24, 24, "", "\n  return"),)), {"m.py": FILE.encode()})
    assert raised.value.code == "X002"


def test_a_plan_that_changes_nothing() -> None:
    assert rewrite(plan(edits=(edit(7, 15, 24, "nn.ReLU()", "nn.ReLU()"),)), {"m.py": FILE.encode()}) == ()


@pytest.mark.parametrize("encoding", ["latin-1", "gbk", "utf-8-sig"])
def test_definitions_in_other_encodings(encoding: str) -> None:
    words = "é" if encoding == "latin-1" else "卷积"
    head = "" if encoding == "utf-8-sig" else f"# coding: {encoding}\n"
    raw = f"{head}# {words}\nfrom torch import nn\n\n\nclass Net(nn.Module):\n    pass  # {words}\n".encode(encoding)
    line = raw.split(b"\n").index(b"class Net(nn.Module):") + 1
    (change,) = rewrite(plan(definitions=(block(before=line),)), {"m.py": raw})
    text = change.after.decode(encoding)
    assert text.count(words) == 2
    assert "class ECA" in text
    assert change.after.startswith(raw[:10])
