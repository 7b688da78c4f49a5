"""Somebody else's class in the place of a module, tried out: what it makes of what the module was given."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from mutagen.blocks.lender import lent_class
from mutagen.records.blocks import Borrowed, Trial


def problems(borrowed: Borrowed, trials: Sequence[Trial]) -> tuple[str, ...]:
    """For each trial what does not fit; empty where the class makes a tensor of the same shape."""
    return tuple(_problem(borrowed, it) for it in trials)


def _problem(borrowed: Borrowed, trial: Trial) -> str:
    given = ", ".join(f"{name}={value!r}" for name, value in trial.args.items())
    call = f"{borrowed.name}({given})"
    try:
        with torch.random.fork_rng(devices=()), torch.no_grad():
            result = lent_class(borrowed)(**trial.args).eval()(torch.randn(trial.takes))
    except Exception as error:  # whatever somebody else's class raises is what there is to say
        why = str(error).strip().partition("\n")[0][:160]
        return f"{call} raises {type(error).__name__} with {_shown(trial.takes)}: {why}"
    if not isinstance(result, torch.Tensor):
        return f"{call} returns a {type(result).__name__}, not one tensor"
    if tuple(result.shape) != trial.makes:
        shapes = f"{_shown(tuple(result.shape))} of {_shown(trial.takes)}"
        return f"{call} makes {shapes}, where the module makes {_shown(trial.makes)}"
    return ""


def _shown(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))
