"""Spares the time of drawing first weights that nobody will look at.

Half of the time of building a large model goes into random numbers, and the proof draws its own. While a model is
built, the large tensors among its weights are therefore filled with a few numbers again and again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

_DRAWN = 65_521  # a prime: no row of a weight repeats another
_METHODS = ("uniform_", "normal_")


@contextmanager
def cheap_draws() -> Iterator[None]:
    """Lets ``uniform_`` and ``normal_`` of large tensors draw few numbers inside the block, and on meta none."""
    for name in _METHODS:
        setattr(Tensor, name, _cheap(getattr(torch._C.TensorBase, name)))
    try:
        yield
    finally:
        for name in _METHODS:
            delattr(Tensor, name)


def _cheap(draw: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def drawn(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        if self.is_meta:  # has no values, but torch would import sympy and its compiler to say so
            return self
        if kwargs.get("generator") is not None or not _is_large(self):
            return draw(self, *args, **kwargs)
        flat = self.view(-1)
        few, whole = flat[:_DRAWN], flat.numel() // _DRAWN * _DRAWN
        draw(few, *args, **kwargs)
        flat[_DRAWN:whole].view(-1, _DRAWN).copy_(few)
        flat[whole:].copy_(few[: flat.numel() - whole])
        return self

    return drawn


def _is_large(tensor: Tensor) -> bool:
    """Whether it pays, and whether it can be: for plain memory of which no derivative is taken."""
    return (
        tensor.numel() >= 2 * _DRAWN
        and tensor.device.type == "cpu"
        and tensor.layout == torch.strided
        and tensor.is_contiguous()
        and not (tensor.requires_grad and torch.is_grad_enabled())
    )
