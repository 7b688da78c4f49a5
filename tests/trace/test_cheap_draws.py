"""Large weights get few numbers while a model is built; everything else is drawn as ever."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from torch import nn

from mutagen.trace.cheap_draws import cheap_draws

LARGE = (700, 700)


def test_large_weights_have_the_distribution_asked_for():
    with cheap_draws():
        one, other = torch.empty(LARGE).uniform_(2.0, 3.0), torch.empty(LARGE).normal_(1.0, 0.5)
    assert float(one.min()) >= 2.0 and float(one.max()) < 3.0 and abs(float(one.mean()) - 2.5) < 0.01
    assert abs(float(other.mean()) - 1.0) < 0.02 and abs(float(other.std()) - 0.5) < 0.02
    assert len(other.unique()) < other.numel() / 2
    assert len({tuple(row.tolist()) for row in other}) == LARGE[0]


def test_small_weights_own_generators_and_views_are_drawn_as_ever():
    expected = torch.empty(8, 8).uniform_(generator=torch.Generator().manual_seed(1))
    large = torch.empty(LARGE).normal_(generator=torch.Generator().manual_seed(1))
    with cheap_draws():
        assert torch.equal(torch.empty(8, 8).uniform_(generator=torch.Generator().manual_seed(1)), expected)
        assert torch.equal(torch.empty(LARGE).normal_(generator=torch.Generator().manual_seed(1)), large)
        view = torch.zeros(700, 1400)[:, ::2].normal_()
    assert len(view.unique()) > view.numel() / 2


def test_a_leaf_that_is_trained_is_refused_as_ever():
    with cheap_draws(), pytest.raises(RuntimeError, match="leaf Variable"):
        torch.empty(LARGE, requires_grad=True).normal_()


def test_torch_is_as_before_afterwards():
    with pytest.raises(KeyError), cheap_draws():
        nn.init.kaiming_normal_(torch.empty(LARGE))
        raise KeyError
    assert not {"uniform_", "normal_"} & vars(torch.Tensor).keys()


def test_on_meta_nothing_is_drawn_and_nothing_imported_to_say_so():
    program = """
import sys, torch
from torch import nn
from mutagen.trace.cheap_draws import cheap_draws
known = set(sys.modules)
with cheap_draws(), torch.device("meta"):
    weight = nn.Linear(4, 4).weight
    assert nn.init.kaiming_normal_(weight) is weight and weight.is_meta
    nn.init.uniform_(weight)
print(*({name.partition(".")[0] for name in set(sys.modules) - known} & {"sympy"}))
"""
    found = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert found.stdout == "\n"
