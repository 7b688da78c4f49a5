"""The edited source, run on the weights and inputs of the reference."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy
from torch.utils._pytree import tree_map

from mutagen.count.model import count_model
from mutagen.errors import ProofError
from mutagen.records.plan import Product
from mutagen.records.proof import CaseFacts, EditedRun, Findings, ReferenceInfo
from mutagen.records.result import Case
from mutagen.verify.compare import compare
from mutagen.verify.fill import fill_buffers, fill_parameters
from mutagen.verify.names import canonical_names
from mutagen.verify.observe import Groups, Leaves, Tensors, observe
from mutagen.verify.reference import START_FILE
from mutagen.verify.streams import module_paths, streams
from mutagen.verify.tensors import edited_tensors, roll, shapes_of_keys


@dataclass(frozen=True, slots=True)
class Edited:
    """The edited model; ``rebuild`` makes another with other random numbers."""

    model: nn.Module
    rebuild: Callable[[], nn.Module]


@dataclass(frozen=True, slots=True)
class _Saved:
    """``places`` are the arguments of forward, with the numbers of leaves in the place of the leaves."""

    leaves: Leaves
    places: Any
    groups: Groups
    buffers: dict[str, torch.Tensor] = field(default_factory=dict)

    def arguments(self, leaves: Leaves) -> tuple[Any, Any]:
        """Positional and keyword arguments made of flat inputs."""
        args, kwargs = tree_map(lambda place: leaves[place], self.places)
        return args, kwargs


def examine(edited: Edited, info: ReferenceInfo, products: tuple[Product, ...], *, folder: str, seed: int) -> Findings:
    """Run every case of the reference on the edited model and compare; an exception in forward is a finding."""
    model = edited.model
    canonical = canonical_names(products, info.names)
    start = _load(folder, START_FILE)
    args, kwargs = start.arguments(start.leaves)
    if any(is_lazy(parameter) for parameter in model.parameters()):
        with torch.no_grad():
            model.eval()(*args, **kwargs)
    own = edited_tensors(model, canonical)
    notes = _settle_buffers(own, edited, canonical, start.buffers)
    fill_parameters(own.parameters, seed, gain=info.gain)
    fill_buffers(own.buffers, seed)
    paths = {identity: canonical(path) for identity, path in module_paths(model).items()}
    found = [_case(model, own, paths, facts, saved=_load(folder, facts.file), seed=seed) for facts in info.cases]
    return Findings(
        cases=tuple(case for case, _, _ in found),
        bit_equal=all(bit_equal for _, _, bit_equal in found),
        runs=tuple(run for _, run, _ in found),
        keys=shapes_of_keys(model),
        counts=count_model(model, args, kwargs=kwargs),
        notes=notes,
    )


def _load(folder: str, file: str) -> _Saved:
    # The file was written by the other session of this proof; its inputs may be of the user's own classes.
    return _Saved(**torch.load(Path(folder, file), weights_only=False))


def _case(
    model: nn.Module, own: Tensors, paths: dict[int, str], facts: CaseFacts, *, saved: _Saved, seed: int
) -> tuple[Case, EditedRun, bool]:
    def call(*leaves: Any) -> Any:
        args, kwargs = saved.arguments(leaves)
        return model(*args, **kwargs)

    model.train(facts.mode == "train")
    try:
        with streams(seed, paths):
            seen = observe(call, saved.leaves, own, seed=seed)
    except Exception as error:  # whatever the edited model raises is what there is to say of this case
        message = f"{type(error).__name__}: {error}"
        return (
            Case(facts.mode, facts.shapes, False, 0.0, f"the edited model raises {message}"),
            EditedRun(facts.mode, facts.shapes, error=message),
            False,
        )
    found = compare(saved.groups, {"parameter": roll(own)} | seen.groups)
    first = found.first
    if not first and seen.outputs.structure != facts.structure:
        first = f"structure {seen.outputs.structure} of the result, {facts.structure} before"
    difference = min(found.max_abs_diff, sys.float_info.max)
    note = f"first difference: {first}" if first else ""
    run = EditedRun(facts.mode, facts.shapes, seen.outputs.structure, seen.outputs.facts(), seen.unreached)
    return Case(facts.mode, facts.shapes, not first, difference, note), run, found.bit_equal


def _settle_buffers(
    own: Tensors, edited: Edited, canonical: Callable[[str], str], built: dict[str, torch.Tensor]
) -> tuple[str, ...]:
    """Give buffers that are drawn while building the original's values; raise ProofError P813 if others differ."""
    apart = [name for name in built if name in own.buffers and _differs(built[name], own.buffers[name])]
    if not apart:
        return ()
    again = edited_tensors(edited.rebuild(), canonical).buffers
    for name in apart:
        if not _differs(again[name], own.buffers[name]):
            raise ProofError("P813", f"buffer {name} has another value in the edited model than in the original")
        own.buffers[name].data.copy_(built[name])
    return (f"{len(apart)} buffers that are drawn while building were copied from the original",)


def _differs(one: torch.Tensor, other: torch.Tensor) -> bool:
    same = one.shape == other.shape and torch.allclose(one.double(), other.double(), rtol=0, atol=0, equal_nan=True)
    return one.shape == other.shape and not same
