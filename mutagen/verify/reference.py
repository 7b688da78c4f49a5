"""The reference: graphs of the original, edited as the rules mean, with weights that hide nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import nn

from mutagen.count.model import count_model
from mutagen.errors import MutagenError, ProofError
from mutagen.records.plan import Surgery
from mutagen.records.proof import CaseFacts, ReferenceInfo
from mutagen.verify.cases import CaseInput, choose_cases
from mutagen.verify.fill import GAINS, fill_buffers, fill_parameters
from mutagen.verify.interpret import runner
from mutagen.verify.observe import Groups, Leaves, Observed, Tensors, observe
from mutagen.verify.original import Original
from mutagen.verify.patient import LiveGraph
from mutagen.verify.saved import START_FILE, Layout, save
from mutagen.verify.streams import module_paths, streams
from mutagen.verify.surgery import operate
from mutagen.verify.tensors import all_names, block_paths, roll, shapes_of_keys, surviving_tensors, with_blocks

GraphOf = Callable[[str, Leaves], LiveGraph]


class Example(Protocol):
    """The example inputs of a model: for a batch size (None: as described), a spatial scale and a seed."""

    @property
    def layout(self) -> Layout: ...

    @property
    def make(self) -> Callable[[int | None, float, int], Leaves]: ...


@dataclass(frozen=True, slots=True)
class Reference:
    """The open reference: each case is run on its own, so that the edited model can follow closely."""

    original: Original
    cases: tuple[CaseInput, ...]
    surgery: Sequence[Surgery]
    survivors: Tensors
    graph: GraphOf
    folder: str

    def run(self, number: int) -> CaseFacts:
        """Run one case and leave its numbers in the folder; raises ProofError P809 where they tell nothing."""
        facts = self.attempt(number)
        if facts is None:
            raise _degenerate()
        return facts

    def attempt(self, number: int) -> CaseFacts | None:
        """Run one case; None if the outputs are not finite or constant."""
        case = self.cases[number]
        before = self.original.seen[case.mode, case.shapes]
        observed, own = _observe(self, case)
        if not observed.telling:
            return None
        names = tuple(before.outputs.tensors)
        if len(names) != len(observed.outputs.tensors):
            raise ProofError("P812", "the traced graph returns other tensors than the model")
        groups: Groups = {"parameter": roll(own)} | observed.groups
        groups["output"] = dict(zip(names, observed.groups["output"].values(), strict=True))
        file = f"case{number}.pt"
        save(self.folder, file, layout=self.original.layout, leaves=case.leaves, groups=groups)
        outputs = before.outputs
        return CaseFacts(case.mode, case.shapes, file, outputs.structure, outputs.facts(), before.unreached)


def open_reference(
    model: nn.Module, surgery: Sequence[Surgery], *, example: Example, graph: GraphOf, folder: str, seed: int
) -> tuple[Reference, ReferenceInfo]:
    """Draw the model's weights anew and choose the cases, so that the outputs of the first case tell something.

    Raises ProofError where an edit has no exact meaning, or where no such weights are found.
    """
    survivors = surviving_tensors(model, surgery)
    pristine = {name: buffer.detach().clone() for name, buffer in model.named_buffers()}
    described = example.make(None, 1.0, 0)
    built = {name: pristine[name] for name in survivors.buffers if name in pristine}
    save(folder, START_FILE, layout=example.layout, leaves=described, groups={}, buffers=built)
    args, kwargs = example.layout.arguments(described)
    counts = count_model(model, args, kwargs=kwargs)
    for gain in GAINS:
        _refill(model, survivors, pristine, seed=seed, gain=gain)
        original = Original(model, example.layout, seed=seed, gain=gain)
        cases, notes = choose_cases(lambda batch, scale: example.make(batch, scale, seed), original.accepts)
        if not cases:
            raise ProofError("P810", "the original runs with none of the inputs of the proof", detail=original.why)
        reference = Reference(original, tuple(cases), surgery, survivors, graph, folder)
        first = reference.attempt(0) if original.telling else None
        if first is not None:
            if not any(case.mode == "train" for case in cases):
                notes.append(f"no train proof: {original.why}")
            keys, names = shapes_of_keys(model), all_names(model)
            return reference, ReferenceInfo(len(cases), first, gain, keys, names, counts, tuple(notes))
    raise _degenerate()


def _degenerate() -> ProofError:
    return ProofError(
        "P809",
        "the outputs are not finite, or constant, whatever weights are drawn; such numbers prove nothing",
        hint="give inputs that the model tells apart: --inputs-from file.py:make_inputs",
    )


def _refill(model: nn.Module, survivors: Tensors, pristine: dict[str, torch.Tensor], *, seed: int, gain: float) -> None:
    with torch.no_grad():
        for name, buffer in model.named_buffers():
            buffer.copy_(pristine[name])
    fill_parameters(survivors.parameters, seed, gain=gain)
    fill_buffers(survivors.buffers, seed)


def _observe(reference: Reference, case: CaseInput) -> tuple[Observed, Tensors]:
    original = reference.original
    model, seed = original.model, original.seed
    model.train(case.mode == "train")
    live = reference.graph(case.mode, case.leaves)
    known = frozenset(original.blocks)
    with ExitStack() as undo:
        patient = operate(live, reference.surgery, model=model, made=original.blocks, undo=undo)
        fresh = {match: block for match, block in patient.blocks.items() if match not in known}
        blocks = with_blocks(Tensors({}, {}), fresh)
        fill_parameters(blocks.parameters, seed, gain=original.gain)
        fill_buffers(blocks.buffers, seed)
        own = with_blocks(reference.survivors, patient.blocks)
        paths = module_paths(model) | block_paths(patient.blocks)
        with streams(seed, paths) as active:
            try:
                return observe(runner(patient, active), case.leaves, own, seed=seed), own
            except MutagenError:
                raise
            except Exception as error:
                raise ProofError(
                    "P811",
                    f"the graph edited as the rules say does not run: {type(error).__name__}: {error}",
                    hint="the block does not fit there; leave these matches out of the rule",
                ) from error
