"""What a module costs is what its calls cost, with all that it holds."""

from __future__ import annotations

import torch
from torch import nn

from mutagen.count.by_module import count_modules
from mutagen.count.model import count_model


class Twice(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3, padding=1)
        self.rest = nn.Sequential(nn.ReLU(), nn.Conv2d(4, 8, 1))

    def forward(self, x):
        return self.rest(self.conv(self.conv(x)))


def test_calls_add_up_and_holders_include_what_they_hold() -> None:
    model = Twice()
    found = count_modules(model, (torch.randn(2, 4, 8, 8),))
    assert found is not None
    conv, point = 64 * 4 * 4 * 9, 64 * 4 * 8
    assert found[id(model.conv)] == 2 * conv
    assert found[id(model.rest)] == found[id(model.rest[1])] == point
    assert found[id(model)] == 2 * conv + point == count_model(model, (torch.randn(1, 4, 8, 8),)).macs
    assert id(model.rest[0]) not in found


def test_what_cannot_be_run_is_not_counted_and_calls_are_as_before() -> None:
    before = nn.Module.__call__
    assert count_modules(nn.Flatten(9, 10), (torch.randn(1, 5),)) is None
    assert nn.Module.__call__ is before
