"""Equal to the bit, equal within the tolerance, and not equal."""

from __future__ import annotations

import math

import pytest
import torch

from mutagen.verify.compare import TOLERANCE, compare
from mutagen.verify.sketch import LIMIT, sketch


def groups(**tensors):
    return {"gradient": {name: sketch(tensor) for name, tensor in tensors.items()}}


SIZES = [(8, 8), (3, LIMIT)]


@pytest.mark.parametrize("size", SIZES)
def test_equal_to_the_bit(size):
    a = torch.randn(size)
    found = compare(groups(a=a), groups(a=a.clone()))
    assert (found.equal, found.bit_equal, found.max_abs_diff, found.first) == (True, True, 0.0, "")


@pytest.mark.parametrize("size", SIZES)
def test_rounding_is_equal_but_not_to_the_bit(size):
    a = torch.randn(size)
    found = compare(groups(a=a), groups(a=a * (1 + 1e-7)))
    assert found.equal and not found.bit_equal


@pytest.mark.parametrize("size", SIZES)
def test_difference_above_the_tolerance(size):
    a = torch.randn(size)
    found = compare(groups(a=a), groups(a=a * (1 + 30 * TOLERANCE)))
    assert not found.equal and found.max_abs_diff > 0
    assert found.first == "gradient of a"


@pytest.mark.parametrize("size", SIZES)
def test_one_element_off(size):
    a = torch.randn(size)
    b = a.clone()
    b[1, 5] += 1
    assert not compare(groups(a=a), groups(a=b)).equal


def test_exchanged_rows_of_a_large_tensor():
    a = torch.randn(512, 512)
    b = a.clone()
    b[[3, 7]] = a[[7, 3]]
    assert not compare(groups(a=a), groups(a=b)).equal
    assert not compare(groups(a=a), groups(a=a.t())).equal


def test_large_tensor_of_another_shape():
    a = torch.randn(512, 512)
    assert not compare(groups(a=a), groups(a=a.view(256, 1024))).equal


def test_missing_and_extra_names():
    a = torch.randn(4)
    assert compare(groups(a=a, b=a), groups(a=a)).first == "gradient of b (the edited model has none)"
    assert compare(groups(a=a), groups(a=a, b=a)).first == "gradient of b (the reference has none)"


def test_other_shape_and_other_type():
    a = torch.randn(4)
    assert compare(groups(a=a), groups(a=a[:3])).max_abs_diff == math.inf
    assert not compare(groups(a=a), groups(a=a.double())).equal


def test_not_a_number_equals_itself_only():
    a, b = torch.tensor([1.0, math.nan]), torch.tensor([1.0, 2.0])
    assert compare(groups(a=a), groups(a=a.clone())).bit_equal
    assert not compare(groups(a=a), groups(a=b)).equal
    assert not compare(groups(a=b), groups(a=a)).equal


def test_whole_numbers_have_no_tolerance():
    a = torch.tensor([100_000_000])
    assert not compare(groups(a=a), groups(a=a + 1)).equal
    big = torch.ones(LIMIT + 1, dtype=torch.int64) * 10**9
    other = big.clone()
    other[0] += 1
    assert not compare(groups(a=big), groups(a=other)).equal


def test_noise_of_a_bias_before_a_norm_is_no_difference():
    a, noise, other = torch.ones(8), torch.full((8,), 1e-8), torch.full((8,), -1e-8)
    assert compare(groups(a=a, b=a, bias=noise), groups(a=a, b=a, bias=other)).equal
    assert not compare(groups(a=a, b=a, bias=noise), groups(a=a, b=a, bias=other * 1e4)).equal


def test_what_large_gradients_leave_where_they_cancel_is_no_difference():
    large, small = torch.full((8,), 60.0), torch.ones(8)
    left, other = torch.full((8,), 1e-5), torch.full((8,), -1e-5)

    assert compare(groups(a=large, b=small, bias=left), groups(a=large, b=small, bias=other)).equal
    assert not compare(groups(a=large, b=small, bias=left), groups(a=large, b=small, bias=other * 10)).equal
    before, after = groups(a=large, b=small, c=left)["gradient"], groups(a=large, b=small, c=other)["gradient"]
    assert not compare({"output": before}, {"output": after}).equal


def test_half_precision_is_coarse():
    a = torch.randn(64).to(torch.bfloat16)
    assert compare(groups(a=a), groups(a=(a.float() * 1.004).to(torch.bfloat16))).equal
    assert not compare(groups(a=a), groups(a=(a.float() * 1.1).to(torch.bfloat16))).equal
