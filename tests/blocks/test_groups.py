"""The groups rule, in the tool and in the function that is emitted."""

from __future__ import annotations

import pytest
from torch import nn

from mutagen.blocks.catalogue import Names, find_block, render
from mutagen.blocks.groups import num_groups

TABLE = {12: 6, 16: 8, 24: 12, 36: 18, 48: 24, 50: 25, 64: 32, 96: 32, 100: 25, 160: 32, 1000: 25}
PRIMES = (2, 3, 31, 37, 127)


@pytest.fixture(scope="module")
def emitted():
    space = {"nn": nn}
    exec(render(find_block("group_norm"), Names(), "group_norm"), space)
    return space["group_norm"]


@pytest.mark.parametrize(("channels", "groups"), [*TABLE.items(), *((prime, 1) for prime in PRIMES), (1, 1), (4, 2)])
def test_table(channels, groups, emitted):
    assert num_groups(channels) == groups
    assert emitted(channels).num_groups == groups


def test_is_the_largest_that_is_allowed(emitted):
    for channels in range(1, 400):
        allowed = [d for d in range(1, 33) if channels % d == 0 and channels // d >= 2]
        expected = max(allowed, default=1)
        assert num_groups(channels) == expected, channels
        assert emitted(channels).num_groups == expected, channels


def test_emitted_function_hands_on_eps_and_affine(emitted):
    norm = emitted(64, eps=1e-3, affine=False)
    assert (norm.num_channels, norm.eps, norm.affine, norm.weight) == (64, 1e-3, False, None)
    assert emitted(64).eps == nn.BatchNorm2d(64).eps
