"""Keeps an eye on ``torch.no_grad`` and its like while a graph is taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import torch

SET_GRAD = cast(Callable[[bool], None], torch._C._set_grad_enabled)


@contextmanager
def watching(changed: Callable[[bool], None]) -> Iterator[None]:
    """Tells ``changed`` of every switch of gradients inside the block, without making it.

    The block itself runs without gradients, but the code in it is told that they are on: so a ``no_grad`` in a
    forward is seen to switch them off and on again, as it does in training.
    """
    tensor_module = cast(Any, torch)
    asked, enabled = tensor_module.is_grad_enabled, True

    def switch(mode: bool) -> None:
        nonlocal enabled
        if mode != enabled:
            enabled = mode
            changed(mode)

    cast(Any, torch._C)._set_grad_enabled = switch
    tensor_module.is_grad_enabled = lambda: enabled
    try:
        yield
    finally:
        cast(Any, torch._C)._set_grad_enabled = SET_GRAD
        tensor_module.is_grad_enabled = asked
