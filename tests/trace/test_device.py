from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import torch
from torch import nn

from mutagen.errors import TargetError
from mutagen.records.target import Target
from mutagen.records.trace import Trace
from mutagen.trace import session
from mutagen.trace.device import TooLarge, at_most, size, stand_on

Write = Callable[..., Target]
LARGE = """
class Net(nn.Module):
    def __init__(self, width=200_000):
        super().__init__()
        self.up = nn.Linear(8, width)
        self.down = nn.Linear(width, width)
    def forward(self, x):
        return self.down(F.relu(self.up(x)))
"""


@pytest.fixture(autouse=True)
def _on_cpu() -> Iterator[None]:
    yield
    stand_on("cpu")


def opened(target: Target, *devices: str, memory: int | None = 2 << 30) -> Trace:
    return session.open_model(replace(target, devices=devices, memory=memory))  # type: ignore[arg-type]


def test_what_does_not_fit_is_traced_without_values(write: Write) -> None:
    trace = opened(write(LARGE, (1, 8)), "cpu", "meta")
    assert (trace.device, [node.name for node in trace.nodes]) == (
        "meta",
        ["input", "linear", "relu", "linear", "output"],
    )
    assert trace.instances[0].facts["params"] == 9 * 200_000 + 200_001 * 200_000
    assert trace.instances[1].chain[0].span.line == 8
    assert "take 160.0 GB, more than the 2.1 GB" in trace.notes[0]


def test_what_fits_is_not(write: Write) -> None:
    assert opened(write(LARGE.replace("200_000", "20"), (1, 8)), "cpu", "meta").device == "cpu"


def test_what_does_not_fit_is_an_error_where_the_user_says_cpu(write: Write) -> None:
    with pytest.raises(TargetError) as caught:
        opened(write(LARGE, (1, 8)), "cpu")
    assert caught.value.code == "T209" and "--device meta" in caught.value.hint


def test_values_are_missed_on_meta(write: Write) -> None:
    source = LARGE.replace("return ", "assert x.sum() == x.sum(); return ")
    target = write(source.replace("200_000", "20"), (1, 8))
    with pytest.raises(TargetError) as caught:
        opened(target, "meta")
    assert caught.value.code == "T210" and caught.value.place is not None
    trace = opened(target, "meta", "cpu")
    assert trace.device == "cpu" and trace.notes[0].endswith("so it is traced on the CPU")


def test_only_weights_lack_values_where_the_constructor_needs_others(write: Write) -> None:
    source = LARGE.replace("self.up =", "width = int(torch.full((), width).item())\n        self.up =")
    trace = opened(write(source.replace("200_000", "16_000"), (1, 8)), "cpu", "meta", memory=1 << 29)
    assert trace.device == "meta" and len(trace.instances) == 3


def test_weights_that_are_gone_do_not_count() -> None:
    with at_most(10_000):
        for _ in range(100):
            nn.Linear(40, 40)
        kept = nn.Linear(40, 40)
        kept.again = kept.weight
        with pytest.raises(TooLarge):
            nn.ModuleList(nn.Linear(40, 40) for _ in range(100))


def test_a_lack_of_memory_is_too_large_and_other_errors_stay_what_they_are() -> None:
    with pytest.raises(TooLarge), at_most(1):
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate")
    with pytest.raises(ValueError, match="other"), at_most(1):
        raise ValueError("other")
    with at_most(None):
        nn.Linear(40, 40)


def test_sizes_in_words() -> None:
    assert [size(it) for it in (12, 2500, 3_400_000, 27 * 10**9)] == ["12 bytes", "2.5 kB", "3.4 MB", "27.0 GB"]
    assert torch.get_default_device().type == "cpu"
