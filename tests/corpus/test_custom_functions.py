"""What a custom autograd function makes still comes from what its module was given."""

from __future__ import annotations

import torch
from torch import nn

from corpus.judge import survey
from corpus.targets import Edge


def _half(x: torch.Tensor) -> torch.Tensor:
    return x * 0.5


HALF = torch.jit.script(_half)


class Half(torch.autograd.Function):
    """Not seen by torch function modes."""

    @staticmethod
    def forward(ctx, x):
        return HALF(x)

    @staticmethod
    def backward(ctx, gradient):
        return gradient * 0.5


class Halve(nn.Module):
    def forward(self, x):
        return Half.apply(x)


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.act = nn.Conv2d(4, 4, 3, padding=1), Halve()

    def forward(self, x):
        return x + self.act(self.conv(x))


def test_the_residual_behind_it_is_found():
    found = survey(lambda: nn.Sequential(Block()), lambda batch: [torch.ones(batch, 4, 8, 8)])
    assert len(found.targets["gated-residuals"].must) == 1


class Parallel(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(4, 4, 1), nn.Conv2d(4, 4, 1)

    def forward(self, x):
        return x + self.a(x) + self.b(x) + (self.a(x) + self.b(x))


def test_each_branch_of_a_running_sum_is_the_branch_and_two_alike_are_in_doubt():
    found = survey(Parallel, lambda batch: [torch.ones(batch, 4, 8, 8)]).targets["gated-residuals"]
    assert found.must == (Edge("add", 0, 1, 0), Edge("add", 1, 1, 0), Edge("add", 3, 1, 0))
    assert found.may == (Edge("add", 2, 1, 0), Edge("add", 2, 0, 1))


class Rounded(nn.Module):
    def forward(self, x):
        return x + (x.round() - x).detach(), x + (x.round() - 0.5 * x).detach()


def test_a_straight_through_estimator_is_no_residual():
    found = survey(Rounded, lambda batch: [torch.ones(batch, 4, 8, 8)]).targets["gated-residuals"]
    assert found.must + found.may == (Edge("add", 1, 1, 0),)


class Fused(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c = (nn.Conv2d(4, 4, 1) for _ in range(3))

    def forward(self, x):
        return self.c(x) + (self.a(x) + self.b(x))


def test_a_third_convolution_beside_two_is_no_shortcut_without_doubt():
    found = survey(Fused, lambda batch: [torch.ones(batch, 4, 8, 8)]).targets["gated-residuals"]
    assert found.must == ()
