"""Training and evaluation mode."""

from __future__ import annotations

from torch import nn


def set_mode(model: nn.Module, mode: str) -> None:
    """Put a model in ``eval`` or ``train``, in each case by way of training.

    What a model keeps for evaluation, such as biases looked up once or merged weights, belongs to the weights that it
    had then; on the way through training such models let go of it.
    """
    _switch(model, training=True)
    if mode != "eval":
        return
    if type(model).eval is nn.Module.eval and "eval" not in model.__dict__:
        _switch(model, training=False)
    else:
        model.eval()


def _switch(module: nn.Module, *, training: bool) -> None:
    """What ``module.train(training)`` does, without the checks of each assignment, which take most of its time."""
    members = module.__dict__
    if not _is_plain(type(module)) or "train" in members or "training" not in members:
        module.train(training)
        return
    members["training"] = training
    for child in module._modules.values():
        if child is not None:
            _switch(child, training=training)


def _is_plain(kind: type[nn.Module]) -> bool:
    """Whether a class is switched, and its attributes are set, as torch does it."""
    plain = kind.train is nn.Module.train and kind.__setattr__ is nn.Module.__setattr__
    return plain and not hasattr(kind, "training")
