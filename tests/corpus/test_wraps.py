"""A module without weights that goes into a sequence is still there; one that is lost is not."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from corpus import judge


class LayerScale(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.zeros(()))

    def forward(self, x):
        return self.gamma * x


class Block(nn.Module):
    def __init__(self, end: nn.Module) -> None:
        super().__init__()
        self.conv, self.act = nn.Conv2d(4, 4, 3, padding=1), end

    def forward(self, x):
        return x + self.act(self.conv(x))


@pytest.mark.parametrize(
    ("end", "problems"),
    [
        (lambda: nn.Sequential(nn.Identity(), LayerScale()), []),
        (lambda: nn.Sequential(LayerScale()), ["0.act was Identity and is Sequential"]),
        (LayerScale, ["0.act was Identity and is LayerScale"]),
    ],
)
def test_a_wrapped_identity(end, problems):
    def inputs(batch):
        return [torch.randn(batch, 4, 8, 8, generator=torch.Generator().manual_seed(1))]

    survey = judge.survey(lambda: nn.Sequential(Block(nn.Identity())), inputs)
    edited = judge.examine(lambda: nn.Sequential(Block(end())), inputs, survey, {})
    found = judge.compare(lambda: nn.Sequential(Block(nn.Identity())), inputs, "gated-residuals", survey, edited, {})
    assert found.problems == problems


class ECA(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(1, 1, 3, padding=1, bias=False)

    def forward(self, x):
        return x * self.conv(x.mean((2, 3))[:, None]).sigmoid()[:, 0, :, None, None]


class Named(nn.Module):
    def __init__(self, wrap: bool = False, again: bool = False) -> None:
        super().__init__()
        conv = nn.Conv2d(4, 4, 3, padding=1)
        self.conv = nn.Sequential(conv, ECA()) if wrap else conv
        self.layers = nn.Sequential(nn.Sequential(conv, ECA()) if again else self.conv, nn.ReLU())

    def forward(self, x):
        return self.layers(x)


@pytest.mark.parametrize(("again", "right"), [(False, True), (True, False)])
def test_one_block_under_two_names(again, right):
    def inputs(batch):
        return [torch.randn(batch, 4, 8, 8, generator=torch.Generator().manual_seed(1))]

    moved = {f"{name}.{it}": f"{name}.0.{it}" for name in ("conv", "layers.0") for it in ("weight", "bias")}
    survey = judge.survey(Named, inputs)
    edited = judge.examine(lambda: Named(True, again), inputs, survey, moved)
    found = judge.compare(Named, inputs, "eca-one-path", survey, edited, moved)
    assert (found.problems == []) is right
