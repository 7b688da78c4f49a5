"""Training and evaluation mode."""

from __future__ import annotations

from torch import nn


def set_mode(model: nn.Module, mode: str) -> None:
    """Put a model in ``eval`` or ``train``, in each case by way of training.

    What a model keeps for evaluation, such as biases looked up once or merged weights, belongs to the weights that it
    had then; on the way through training such models let go of it.
    """
    model.train()
    if mode == "eval":
        model.eval()
