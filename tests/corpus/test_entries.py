"""Entries become model calls and inputs as the command line takes them, and the same objects when built."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from corpus.entries import SLICE, Entry, build, call_text, choose, input_texts, read_entries


def entry(**changes: object) -> Entry:
    return Entry(**{"package": "p", "version": "1", "module": "m", "file": "p/m.py", "factory": "F", **changes})  # type: ignore[arg-type]


def test_all_entries_are_read_and_written_as_calls() -> None:
    entries = read_entries()
    assert len(entries) == len({one.key for one in entries}) == 250
    for one in entries:
        call = ast.parse(call_text(one), mode="eval").body
        assert isinstance(call, ast.Call)
        assert "$" not in call_text(one)


def test_special_values() -> None:
    nested = {"$call": "lib:Config", "args": [], "kwargs": {"depths": [2, 2], "act": None}}
    made = entry(args=[nested], kwargs={"size": {"$tuple": [4]}, "kind": {"$ref": "torch.nn:ReLU"}})
    assert call_text(made) == "F(lib.Config(depths=[2, 2], act=None), size=(4,), kind=torch.nn.ReLU)"


def test_inputs() -> None:
    assert input_texts(entry(input_shapes=((1, 3, 8, 8), (1,)))) == ("1x3x8x8", "1")
    assert input_texts(entry(input_shapes=((1, 12),), dtype="int64", int_high=90)) == ("1x12:int64",)


def test_build() -> None:
    made = entry(
        module="collections", factory="OrderedDict.fromkeys", args=[{"$tuple": [1, 2]}, {"$ref": "math:pi"}], kwargs={}
    )
    assert list(build(made).items()) == [(1, 3.141592653589793), (2, 3.141592653589793)]


def test_choice() -> None:
    entries = read_entries()
    assert [one.key for one in choose(entries, "slice")] == list(SLICE)
    assert len(SLICE) == 10
    assert choose(entries, "3") == entries[:3]
    assert choose(entries, "all") == entries
    assert [one.factory for one in choose(entries, "vit_pytorch.vit:ViT")] == ["ViT"]
    assert {one.package for one in choose(entries, "resnest.torch,unet.unet")} == {"resnest", "unet"}
