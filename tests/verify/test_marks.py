from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor

from mutagen.records.proof import Operations
from mutagen.verify.marks import marked
from mutagen.verify.observe import Tensors


@pytest.fixture(params=["meta", "cpu"])
def device(request: Any) -> Iterator[str]:
    with torch.device(request.param):
        yield request.param


def marks(run: Callable[[Tensor, Tensor, Tensor], Any]) -> Operations:
    """Of a function of one input, a weight and a buffer."""
    weight, buffer = torch.empty(4, 4), torch.empty(4, 4)
    own = Tensors({"weight": weight}, {"buffer": buffer})
    return marked(lambda x: run(x, weight, buffer), (torch.empty(4, 4),), own)


def late(x: Tensor, w: Tensor, _: Tensor) -> Tensor:
    a, b = torch.relu(x), x @ w
    return a + b


def early(x: Tensor, w: Tensor, _: Tensor) -> Tensor:
    b = x.matmul(w)
    return x.relu().add(b)


def test_order_and_spelling_are_no_matter(device: str) -> None:
    assert marks(late) == marks(early)


@pytest.mark.parametrize(
    "other",
    [
        lambda x, w, b: x @ w + torch.relu(x),
        lambda x, w, b: torch.relu(x) + w @ x,
        lambda x, w, b: torch.relu(x) + x @ b,
        lambda x, w, b: torch.relu(x) + x @ w.t(),
        lambda x, w, b: torch.tanh(x) + x @ w,
        lambda x, w, b: torch.add(torch.relu(x), x @ w, alpha=2),
        lambda x, w, b: x + x @ w,
        lambda x, w, b: (torch.relu(x) + x @ w,),
        lambda x, w, b: torch.relu_(x) + x @ w,
        lambda x, w, b: torch.relu(x) + x @ w + b.zero_(),
    ],
)
def test_every_difference_shows(device: str, other: Callable[..., Any]) -> None:
    assert marks(other) != marks(late)


def test_changes_in_place_reach_all_names_of_the_memory(device: str) -> None:
    def through_view(x: Tensor, w: Tensor, _: Tensor) -> Tensor:
        y = x.clone()
        y[0].mul_(2)
        return y

    assert marks(through_view) != marks(lambda x, w, b: x.clone())
    assert marks(through_view) == marks(through_view)
    assert marks(lambda x, w, b: b.add_(1)).after["buffer"] != marks(lambda x, w, b: b + 1).after["buffer"]


def test_results_beside_a_change_in_place_are_marked(device: str) -> None:
    def normed(x: Tensor, w: Tensor, mean: Tensor) -> Tensor:
        row, scale = mean[0], w[0]
        return torch.nn.functional.batch_norm(x, row, row, scale, scale, training=True)

    assert marks(normed) != marks(lambda x, w, b: normed(torch.relu(x), w, b))


def test_numbers_of_constants_count_where_there_are_any() -> None:
    assert marks(lambda x, w, b: x + torch.tensor(2.0)) != marks(lambda x, w, b: x + torch.tensor(3.0))
