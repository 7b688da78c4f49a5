"""The rules' meaning, done to the live model: for models whose graphs hold for the values of one run alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace

import torch
from torch import nn

from mutagen.blocks.live import function
from mutagen.blocks.live_composed import Composition
from mutagen.records.plan import InsertOnEdge, SetArguments, Surgery, SwapCall, SwapModule, WrapModule
from mutagen.verify.patient import Patient, swap_object


class _Calling(nn.Module):
    """A function of one tensor as a module."""

    def __init__(self, function: Callable[[torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.forward = function


def can_be_eager(patient: Patient, surgery: Sequence[Surgery]) -> bool:
    """Whether everything that changes is a module, which forward calls as it called the old one."""
    # With other inputs forward may make a call more often.
    swapped = {replace(it.key, nth=0) for it in surgery if isinstance(it, SwapCall)}
    paths = {it.path for it in patient.records if replace(it.key, nth=0) in swapped}
    whole = all(replace(it.key, nth=0) in swapped for it in patient.records if it.path in paths)
    return whole and None not in paths and not any(isinstance(it, InsertOnEdge) for it in surgery)


def operate_eagerly(
    patient: Patient,
    surgery: Sequence[Surgery],
    undo: ExitStack,
    rebuilt: Mapping[str, nn.Module],
) -> None:
    """Put the blocks into the model itself; ``undo`` takes them out again.

    Shapes that follow from values (key points, boxes, tokens kept) come out anew then, where a graph holds the numbers
    that it was recorded with.
    """
    model, blocks = patient.model, patient.blocks
    paths = {it.key: it.path for it in patient.records}
    for step in surgery:
        if isinstance(step, InsertOnEdge):
            continue
        module = model.get_submodule((paths[step.key] if isinstance(step, SwapCall) else step.path) or "")
        if isinstance(step, SwapModule):
            swap_object(model, module, blocks[step.match], undo)
        elif isinstance(step, SetArguments):
            swap_object(model, module, rebuilt[step.match].train(model.training), undo)
        elif isinstance(step, SwapCall):
            swap_object(model, module, _Calling(function(step.function)), undo)
        elif isinstance(step, WrapModule):
            for handle in _around(module, blocks[step.match]):
                undo.callback(handle.remove)
        else:
            undo.callback(_beside(module, blocks[step.match], step.at).remove)


def _around(module: nn.Module, block: nn.Module) -> Iterator[torch.utils.hooks.RemovableHandle]:
    assert isinstance(block, Composition)
    if block.prepares:
        yield module.register_forward_pre_hook(lambda _, given: (block.prepare(given[0]), *given[1:]))
    yield module.register_forward_hook(lambda _, given, result: block.finish(given[0], result))


def _beside(module: nn.Module, block: nn.Module, at: str) -> torch.utils.hooks.RemovableHandle:
    if at == "after":
        return module.register_forward_hook(lambda _, given, result: block(result))
    return module.register_forward_pre_hook(lambda _, given: (block(given[0]), *given[1:]))
