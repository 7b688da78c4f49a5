"""The edited source, run on the weights and inputs of the reference."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from mutagen.count.model import count_model
from mutagen.errors import ProofError
from mutagen.records.plan import Product
from mutagen.records.proof import CaseFacts, CaseStart, EditedInfo, EditedRun, ReferenceInfo
from mutagen.records.result import Case
from mutagen.trace.failures import place_of
from mutagen.trace.mode import set_mode
from mutagen.verify.compare import compare
from mutagen.verify.fill import fill_buffers, fill_parameters
from mutagen.verify.names import canonical_names
from mutagen.verify.observe import Observed, Tensors, observe
from mutagen.verify.saved import BUILT_FILE, START_FILE, load_inputs, load_numbers
from mutagen.verify.streams import module_paths, with_chance
from mutagen.verify.tensors import edited_tensors, roll, shapes_of_keys


@dataclass(frozen=True, slots=True)
class Edited:
    """The edited model with the reference's weights; ``paths`` are the common paths of its modules.

    ``ahead`` is what was seen of cases, by number, that were run before the reference was done with them.
    """

    model: nn.Module
    own: Tensors
    paths: dict[int, str]
    folder: str
    seed: int
    starts: tuple[CaseStart, ...]
    ahead: dict[int, Observed] = field(default_factory=dict)

    def run_ahead(self, number: int) -> None:
        """Run a case, if there is such a case, while the reference is at work; an exception is one of ``run``."""
        if number < len(self.starts) and number not in self.ahead:
            self.ahead[number] = self._seen(number, backward=True)

    def run(self, facts: CaseFacts) -> EditedRun:
        """Run one case and compare; an exception in forward is a finding."""
        expected = load_numbers(self.folder, facts.file)
        try:
            ahead = self.ahead.pop(facts.number, None)
            seen = ahead if ahead and facts.backward else self._seen(facts.number, backward=facts.backward)
        except Exception as error:  # whatever the edited model raises is what there is to say of this case
            message = f"{type(error).__name__}: {error}"
            case = Case(facts.mode, facts.shapes, False, 0.0, f"the edited model raises {message}")
            asked = isinstance(error, AttributeError) and isinstance(error.obj, nn.Module)
            return EditedRun(case, error=message, place=place_of(error) if asked else None)
        rolled = {"parameter": roll(self.own)} if "parameter" in expected else {}
        found = compare(expected, rolled | seen.groups)
        first = found.first
        if not first and seen.outputs.structure != facts.structure:
            first = f"structure {seen.outputs.structure} of the result, {facts.structure} before"
        note = f"first difference: {first}" if first else ""
        case = Case(facts.mode, facts.shapes, not first, min(found.max_abs_diff, sys.float_info.max), note)
        return EditedRun(case, found.bit_equal, seen.outputs.structure, seen.outputs.facts(), seen.unreached)

    def _seen(self, number: int, *, backward: bool) -> Observed:
        case = self.starts[number]
        saved = load_inputs(self.folder, case.file)

        def call(*leaves: Any) -> Any:
            args, kwargs = saved.arguments(leaves)
            return self.model(*args, **kwargs)

        set_mode(self.model, case.mode)
        return with_chance(
            lambda _: observe(call, saved.leaves, self.own, seed=self.seed, backward=backward, graded=case.graded),
            seed=self.seed,
            modules=self.paths,
            chance=case.chance,
        )


def open_edited(
    model: nn.Module,
    rebuild: Callable[[], nn.Module],
    *,
    info: ReferenceInfo,
    products: tuple[Product, ...],
    folder: str,
    seed: int,
) -> tuple[Edited, EditedInfo]:
    """Give the edited model the weights of the reference; ``rebuild`` makes another with other random numbers."""
    canonical = canonical_names(products, info.names)
    start = load_inputs(folder, START_FILE)
    built_with = {name: it["values"] for name, it in load_numbers(folder, BUILT_FILE)["buffer"].items()}
    args, kwargs = start.arguments(start.leaves)

    def settled(built: nn.Module) -> Tensors:
        if any(is_lazy(tensor) for tensor in (*built.parameters(), *built.buffers())):
            with torch.no_grad():
                built.eval()(*args, **kwargs)
        return edited_tensors(built, canonical)

    own = settled(model)
    notes = _settle_buffers(own, lambda: settled(rebuild()), built_with)
    # Before the weights are drawn: a forward without gradients may change them.
    told = EditedInfo(shapes_of_keys(model), count_model(model, args, kwargs=kwargs), notes)
    fill_parameters(own.parameters, seed, gain=info.gain)
    fill_buffers(own.buffers, seed)
    paths = {identity: canonical(path) for identity, path in module_paths(model).items()}
    return Edited(model, own, paths, folder, seed, info.cases), told


def _settle_buffers(own: Tensors, rebuild: Callable[[], Tensors], built: dict[str, torch.Tensor]) -> tuple[str, ...]:
    """Give buffers that are drawn while building the original's values; raise ProofError P813 if others differ."""
    apart = [name for name in built if name in own.buffers and _differs(built[name], own.buffers[name])]
    if not apart:
        return ()
    again = rebuild().buffers
    for name in apart:
        if not _differs(again[name], own.buffers[name]):
            raise ProofError("P813", f"buffer {name} has another value in the edited model than in the original")
        own.buffers[name].data.copy_(built[name])
    return (f"{len(apart)} buffers that are drawn while building were copied from the original",)


def _differs(one: torch.Tensor, other: torch.Tensor) -> bool:
    same = one.shape == other.shape and torch.allclose(one.double(), other.double(), rtol=0, atol=0, equal_nan=True)
    return one.shape == other.shape and not same
