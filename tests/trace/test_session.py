"""Opening models: import, model call, inputs, overlay and what goes wrong."""

from __future__ import annotations

import pickle
import sys

import pytest
import torch

from mutagen.errors import InternalError, TargetError
from mutagen.records.target import Call, Collection, InputSpec, Name, Target
from mutagen.trace.inputs import scaled
from mutagen.trace.session import live, open_model

NET = """
class Config:
    def __init__(self, width=4, act=nn.ReLU):
        self.width, self.act = width, act

class Net(nn.Module):
    def __init__(self, config=None, *, depths=(1,)):
        super().__init__()
        config = config or Config()
        self.depths = depths
        self.conv = nn.Conv2d(3, config.width, 3, padding=1)
        self.act = config.act()
    def forward(self, x):
        return self.act(self.conv(x))

def make(width):
    return Net(Config(width))

def number():
    return 3
"""


def _conv(trace):
    return next(item for item in trace.instances if item.path == "conv")


def test_calls_are_interpreted(opened):
    call = Call("Net", (Call("Config", (6,), {"act": Name("torch.nn.SiLU")}),), {"depths": Collection("list", (1, 2))})
    trace = opened(NET, call=call)
    assert _conv(trace).facts["out_channels"] == 6 and trace.instances[2].name == "SiLU"
    assert trace.instances[0].facts["depths"] == (1, 2)
    assert _conv(trace).chain[0].names["config.width"] == 6
    assert _conv(opened(NET, call=Call("make", (5,)))).facts["out_channels"] == 5


@pytest.mark.parametrize(
    ("call", "code", "words"),
    [
        (Call("Nett"), "T103", "did you mean Net"),
        (Call("absent.thing"), "T103", "it offers Config, Net, make, number"),
        (Call("Net", (), {"depth": 1}), "T107", "Net(config=None, *, depths=(1,))"),
        (Call("number"), "T106", "an int"),
        (Call("make", ("x",)), "T105", "make("),
    ],
)
def test_wrong_calls_say_what_would_be_right(opened, call, code, words):
    source = NET.replace("Config, Net, make, number", "")
    with pytest.raises(TargetError) as caught:
        opened(source, call=call)
    assert caught.value.code == code
    assert words.replace("Config, ", "") in f"{caught.value} {caught.value.hint}"
    assert pickle.loads(pickle.dumps(caught.value)).code == code


def test_a_target_without_a_call_is_a_bug(write):
    target = write(NET)
    with pytest.raises(InternalError):
        open_model(Target(target.file, target.module, target.paths, target.root))


def test_an_import_that_fails_is_shown_at_the_line(opened):
    with pytest.raises(TargetError) as caught:
        opened("raise SystemExit(3)")
    assert caught.value.code == "T101" and caught.value.place.line == 4
    with pytest.raises(TargetError) as caught:
        opened("def broken(:\n    pass")
    assert caught.value.code == "T101" and caught.value.place.line == 4


def test_a_forward_that_fails_shows_the_line_and_the_inputs(opened):
    with pytest.raises(TargetError) as caught:
        opened(NET, (1, 4, 8, 8))
    assert caught.value.code == "T120" and "1x4x8x8 float32" in caught.value.message
    assert caught.value.place.line == 17


def test_inputs_are_inferred_and_said(opened):
    trace = opened(NET, inputs=())
    assert trace.inferred_inputs and trace.inputs == (InputSpec((1, 3, 64, 64)),)
    assert not opened(NET).inferred_inputs
    words = opened("""
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = nn.Embedding(9, 4)
        def forward(self, ids, other):
            return self.embed(ids) + self.embed(other)
    """, inputs=())  # fmt: skip
    assert words.inputs == (InputSpec((1, 16), "int64"),) * 2


def test_a_model_that_takes_nothing_that_was_guessed_lists_the_tries(opened):
    with pytest.raises(TargetError) as caught:
        opened("class Net(nn.Module):\n    def forward(self, x):\n        raise ValueError('no')", inputs=())
    assert caught.value.code == "T110" and "1x3x64x64 float32: ValueError: no" in caught.value.detail


def test_named_and_whole_number_inputs(opened):
    source = """
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = nn.Embedding(5, 4)
        def forward(self, x, scale=None, *, ids):
            return self.embed(ids).sum(1) + x
    """
    specs = (InputSpec((2, 7), "int64", "ids", 5), InputSpec((2, 4)))
    opened(source, inputs=specs)
    floats, ids = live().make_inputs(3)
    assert floats.shape == (3, 4) and ids.shape == (3, 7) and int(ids.max()) < 5
    assert torch.equal(live().make_inputs(3)[1], ids) and not torch.equal(live().make_inputs(3, seed=1)[1], ids)


def test_inputs_from_a_function(opened, tmp_path):
    file = tmp_path / "make.py"
    file.write_text(
        "import torch\ndef make():\n    return {'xs': [torch.ones(1, 3), torch.ones(1, 3)], 'flag': True}\n"
    )
    source = """
    class Net(nn.Module):
        def forward(self, xs, flag=False):
            return xs[0] + xs[1] if flag else xs[0]
    """
    trace = opened(source, inputs_from=f"{file}:make")
    assert [node.name for node in trace.nodes if node.kind == "function"] == ["add"]
    assert [getattr(leaf, "shape", leaf) for leaf in live().make_inputs(2)] == [(2, 3), (2, 3), True]
    with pytest.raises(TargetError) as caught:
        opened(source, inputs_from=f"{file}:absent")
    assert caught.value.code == "T113"


def test_scaled_sizes_keep_their_powers_of_two():
    assert [scaled(64, 1.5), scaled(224, 0.5), scaled(30, 1.5), scaled(7, 2), scaled(32, 0.1)] == [96, 128, 44, 14, 32]


def test_the_overlay_stands_for_the_files(write, tmp_path):
    package = tmp_path / "traced_package"
    package.mkdir()
    (package / "__init__.py").write_text("raise ImportError('on disk')")
    (package / "parts.py").write_text("width = 1\n")
    (package / "net.py").write_text("broken(")
    net = "# -*- coding: latin-1 -*-\nfrom torch import nn\nfrom .parts import width\nfrom .new import NAME\n"
    net += "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
    net += "        é = width\n        self.conv = nn.Conv2d(3, é, 1)\n    def forward(self, x): return self.conv(x)\n"
    overlay = {
        str(package / "__init__.py"): b"",
        str(package / "net.py"): net.encode("latin-1"),
        str(package / "new.py"): b"NAME = 1\n",
    }
    file = str(package / "net.py")
    specs = (InputSpec((1, 3, 4, 4)),)
    target = Target(file, "traced_package.net", (str(tmp_path),), str(tmp_path), Call("Net"), specs, overlay=overlay)
    trace = open_model(target)
    assert _conv(trace).facts["out_channels"] == 1
    names = ["__init__.py", "parts.py", "new.py", "net.py"]
    assert [path.rpartition("/")[2] for path in trace.files] == names
    assert not list(package.glob("__pycache__/net*")) and not list(package.glob("__pycache__/new*"))


def test_a_file_called_like_a_module_of_python(tmp_path):
    file = tmp_path / "colorsys.py"
    file.write_text("from torch import nn\ndef make(): return nn.Linear(2, 2)\n")
    import colorsys

    try:
        trace = open_model(
            Target(str(file), "colorsys", (str(tmp_path),), str(tmp_path), Call("make"), (InputSpec((1, 2)),))
        )
        assert trace.files == (str(file),)
    finally:
        sys.modules["colorsys"] = colorsys


def test_the_trace_travels(opened):
    trace = opened(NET)
    assert pickle.loads(pickle.dumps(trace)) == trace
    assert trace.instances[1].definition is None and trace.instances[0].definition.file == trace.files[0]
