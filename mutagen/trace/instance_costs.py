"""What each module of a model costs, as a fact of its instance."""

from __future__ import annotations

from dataclasses import replace

from torch import nn

from mutagen.count.by_module import count_modules
from mutagen.records.trace import Instance
from mutagen.trace.inputs import Inputs, Layout
from mutagen.trace.running import State

_MACS = "macs"


def with_macs(
    instances: tuple[Instance, ...], model: nn.Module, layout: Layout, inputs: Inputs, state: State
) -> tuple[Instance, ...]:
    """The instances with the multiply-adds of one sample in all their calls; as they are where nothing is counted."""
    args, kwargs = layout.arguments(inputs)
    with state.preserved("eval"):
        spent = count_modules(model, args, kwargs=kwargs)
    if spent is None:
        return instances
    modules = dict(model.named_modules())
    return tuple(replace(it, facts={**it.facts, _MACS: spent.get(id(modules[it.path]), 0)}) for it in instances)


def macs_of(instances: tuple[Instance, ...]) -> int:
    """The multiply-adds of the whole model, 0 where they were not counted."""
    macs = instances[0].facts.get(_MACS) if instances else None
    return macs if isinstance(macs, int) else 0
