"""Settings of torch under which two runs of the same operations give the same bits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def quiet() -> Iterator[None]:
    """Use no fused path for transformer layers, which would hide their activations.

    Both sessions have the same number of threads (sandbox/threads.py), so that sums are taken in the same order.
    """
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
