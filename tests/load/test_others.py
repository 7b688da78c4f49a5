from __future__ import annotations

from mutagen.load.others import other_models
from mutagen.records.target import Call

SOURCE = b"""
import torch.nn as nn


class Net(nn.Module):
    def __init__(self, width=8):
        super().__init__()

    def forward(self, x):
        return x


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()

    def forward(self, x):
        return x


class Options:
    pass


class Twice(nn.Module):
    def forward(self, x):
        return x


class Twice(nn.Module):
    def forward(self, x):
        return x


def small():
    return Net()


def wide(width=32, **kwargs):
    net = Net(width)
    return net


def block(width):
    return Block(width)


def train():
    raise SystemExit("never called")


def _private():
    return Net()
"""


def names(target: Call | None, named: dict[str, Call] | None = None) -> list[str]:
    return [it.name for it in other_models({"/m.py": SOURCE}, target, named)]


def test_what_needs_no_arguments_and_makes_a_model() -> None:
    assert names(None) == ["small", "wide", "Net"]


def test_the_target_is_left_out() -> None:
    assert names(Call("small")) == ["wide", "Net"]
    assert names(Call("Net", (16,))) == ["small", "wide", "Net"]


def test_named_calls_of_what_the_file_defines() -> None:
    named = {"Net(16)": Call("Net", (16,)), "Elsewhere(1)": Call("Elsewhere", (1,))}
    assert names(Call("small"), named) == ["wide", "Net", "Net(16)"]
    assert names(Call("Net", (16,)), named) == ["small", "wide", "Net"]
