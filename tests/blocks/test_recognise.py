"""A block is found again by its structure, under any name and in any spelling, and no longer once it was edited."""

from __future__ import annotations

import subprocess
import sys

import pytest

from mutagen.blocks.catalogue import Names, find_block, load_blocks, render
from mutagen.blocks.recognise import block_of, standing_products
from mutagen.records.target import Call
from mutagen.records.trace import ClassInfo, Instance, Trace

IMPORTS = "import math\nimport torch\nimport torch.nn.functional as F\nfrom torch import nn\n\n"
CLASSES = [name for name, block in load_blocks().items() if block.kind != "function"]


def text(name: str, names: Names | None = None, class_name: str | None = None) -> str:
    return render(find_block(name), names or Names(), class_name or name)


@pytest.mark.parametrize("name", CLASSES)
def test_as_it_was_written(name):
    assert block_of((IMPORTS + text(name)).encode(), name) == name


@pytest.mark.parametrize("name", CLASSES)
def test_renamed(name):
    assert block_of((IMPORTS + text(name, class_name="Renamed")).encode(), "Renamed") == name


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize(
    ("imports", "names"),
    [
        ("import math\nimport torch\n", Names(nn="torch.nn", F="torch.nn.functional")),
        ("import math\nimport torch\nimport torch.nn as nn\n", Names(F="nn.functional")),
        ("import math as m, torch as th\nfrom torch.nn import functional as G\n", Names("th", "th.nn", "G", "m")),
        ("try:\n    import math\nexcept ImportError:\n    raise\nimport torch\nfrom torch import nn as layers\n"
         "import torch.nn.functional\n", Names(nn="layers", F="torch.nn.functional")),
    ],
)  # fmt: skip
def test_other_aliases(name, imports, names):
    assert block_of((imports + text(name, names)).encode(), name) == name


@pytest.mark.parametrize("name", CLASSES)
def test_reformatted(name, tmp_path):
    file = tmp_path / "model.py"
    file.write_text(IMPORTS + text(name))
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--line-length", "60", str(file)]
    subprocess.run([*command, "--config", "format.quote-style='single'"], check=True, capture_output=True)
    assert file.read_text() != IMPORTS + text(name)
    assert block_of(file.read_bytes(), name) == name


def test_names_imported_one_by_one_and_no_annotations():
    source = b"""
from torch import ones
from torch.nn import Module as Base, Parameter

class Scale(Base):
    def __init__(self, init=0.0, channels=None, spatial_dims=2):
        super().__init__()
        shape = (channels,) + (1,) * spatial_dims if channels else ()  # one a channel
        self.gamma: Parameter = Parameter(init * ones(shape))

    def forward(self, x):
        "What it does."
        return self.gamma * x
"""
    assert block_of(source, "Scale") == "LayerScale"


EDITS = [
    ("ECA", ".sigmoid()", ".tanh()"),
    ("ECA", "max(t if", "min(t if"),
    ("ECA", "gamma: float = 2", "gamma: float = 3"),
    ("ECA", "bias=False", "bias=True"),
    ("ECA", "return x * y", "return x + y"),
    ("LayerScale", "self.gamma * x", "self.gamma + x"),
    ("LayerScale", "init: float = 0.0", "init: float = 1.0"),
    ("LayerScale", "(nn.Module)", "(Base)"),
    ("AttentionGate2d", "2 * a - 1", "2 * a + 1"),
    ("AttentionGate2d", 'mode="bilinear"', 'mode="nearest"'),
    ("AttentionGate2d", "F.relu", "F.gelu"),
    ("DepthwiseSeparableConv2d", "self.pointwise(self.depthwise(x))", "self.depthwise(self.pointwise(x))"),
    ("SqueezeExcite2d", "return x * y.sigmoid()", "return x * y.sigmoid() + x"),
    ("SqueezeExcite2d", "x.mean(", "x.amax("),
]


@pytest.mark.parametrize(("name", "old", "new"), EDITS)
def test_edited(name, old, new):
    edited = text(name).replace(old, new)
    assert edited != text(name)
    assert block_of((IMPORTS + edited).encode(), name) is None


def test_one_more_method_is_an_edit():
    more = text("ECA") + "\n    def extra_repr(self):\n        return f'k={self.k}'\n"
    assert block_of((IMPORTS + more).encode(), "ECA") is None


def test_the_same_text_about_another_library_is_not_it():
    assert (
        block_of(b"import math, mindspore as torch\nfrom mindspore import nn\n" + text("ECA").encode(), "ECA") is None
    )


def test_nested_and_conditional_definitions():
    inner = "\n".join("    " + line for line in text("LayerScale").splitlines())
    assert block_of((IMPORTS + "def make():\n" + inner + "\n").encode(), "make.<locals>.LayerScale") == "LayerScale"
    assert block_of((IMPORTS + "class Outer:\n" + inner + "\n").encode(), "Outer.LayerScale") == "LayerScale"
    both = IMPORTS + "if torch:\n" + inner + "\nelse:\n" + inner.replace("gamma * x", "gamma + x") + "\n"
    lines = both.splitlines()
    first = next(i for i, line in enumerate(lines, 1) if "class LayerScale" in line)
    second = next(i for i, line in enumerate(lines, 1) if "class LayerScale" in line and i > first)
    assert block_of(both.encode(), "LayerScale", first) == "LayerScale"
    assert block_of(both.encode(), "LayerScale", second) is None


def test_bytes_as_they_come():
    source = (IMPORTS + "# 通道注意力\n" + text("ECA")).replace("\n", "\r\n")
    assert block_of(b"\xef\xbb\xbf" + source.encode(), "ECA") == "ECA"
    latin = b"# coding: latin-1\n# caf\xe9\n" + IMPORTS.encode() + text("ECA").encode()
    assert block_of(latin, "ECA") == "ECA"
    assert block_of(b"class ECA(:", "ECA") is None


def module(path: str, file: str | None, name: str = "ECA", *, library: bool = False) -> Instance:
    definition = ClassInfo(name, name, "model", file, 1, ()) if file else None
    return Instance(path, (path,), f"model.{name}", (), {}, (), library, definition)


def test_instances_of_a_trace():
    files = {"/m/model.py": (IMPORTS + text("ECA") + "\n\nclass Net(nn.Module):\n    pass\n").encode()}
    reads: list[str] = []

    def read(path: str) -> bytes:
        reads.append(path)
        if path not in files:
            raise FileNotFoundError(path)
        return files[path]

    instances = (
        module("", "/m/model.py", "Net"),
        module("a.eca", "/m/model.py"),
        module("b.eca", "/m/model.py"),
        module("c", "<stdin>"),
        module("d", None, "Conv2d", library=True),
    )
    trace = Trace("fx", instances, (), (), False, Call("Net"), ())
    assert standing_products(trace, read) == {"a.eca": "ECA", "b.eca": "ECA"}
    assert sorted(reads) == ["/m/model.py", "<stdin>"]


def test_a_parameter_hides_an_import_of_its_name():
    block = load_blocks()["LayerScale"]
    imports = "import torch\nimport torch.nn as nn\nimport torch.nn.init as init\n\n\n"
    source = imports + render(block, Names(), "LayerScale")
    assert block_of(source.encode(), "LayerScale") == "LayerScale"
