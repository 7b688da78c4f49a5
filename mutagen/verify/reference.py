"""The reference: graphs of the original, edited as the rules mean, with weights that hide nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

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
from mutagen.verify.streams import module_paths, streams
from mutagen.verify.surgery import operate
from mutagen.verify.tensors import all_names, block_paths, roll, shapes_of_keys, surviving_tensors, with_blocks

START_FILE = "start.pt"
GraphOf = Callable[[str, Leaves], LiveGraph]


class Layout(Protocol):
    """How flat inputs become arguments."""

    def arguments(self, inputs: Leaves) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return positional and keyword arguments."""
        ...


class Example(Protocol):
    """The example inputs of a model: for a batch size (None: as described), a spatial scale and a seed."""

    @property
    def layout(self) -> Layout: ...

    @property
    def make(self) -> Callable[[int | None, float, int], Leaves]: ...


def make_reference(
    model: nn.Module, surgery: Sequence[Surgery], *, example: Example, graph: GraphOf, folder: str, seed: int
) -> ReferenceInfo:
    """Run the reference in all cases and leave its numbers in ``folder``; the model's weights are drawn anew.

    Raises ProofError where an edit has no exact meaning, or where no weights were found whose outputs tell anything.
    """
    survivors = surviving_tensors(model, surgery)
    pristine = {name: buffer.detach().clone() for name, buffer in model.named_buffers()}
    described = example.make(None, 1.0, 0)
    args, kwargs = example.layout.arguments(described)
    places = example.layout.arguments(tuple(range(len(described))))
    built = {name: pristine[name] for name in survivors.buffers if name in pristine}
    torch.save({"leaves": described, "places": places, "groups": {}, "buffers": built}, Path(folder, START_FILE))
    counts = count_model(model, args, kwargs=kwargs)
    training = model.training
    try:
        for gain in GAINS:
            _refill(model, survivors, pristine, seed=seed, gain=gain)
            original = Original(model, example.layout, seed=seed, gain=gain)
            cases, notes = choose_cases(lambda batch, scale: example.make(batch, scale, seed), original.accepts)
            if not cases:
                raise ProofError("P810", "the original runs with none of the inputs of the proof", detail=original.why)
            facts = _run_all(original, cases, surgery, survivors, graph=graph, folder=folder)
            if facts is not None:
                if not any(case.mode == "train" for case in cases):
                    notes.append(f"no train proof: {original.why}")
                return ReferenceInfo(facts, gain, shapes_of_keys(model), all_names(model), counts, tuple(notes))
    finally:
        model.train(training)
    raise ProofError(
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


def _run_all(
    original: Original,
    cases: Sequence[CaseInput],
    surgery: Sequence[Surgery],
    survivors: Tensors,
    *,
    graph: GraphOf,
    folder: str,
) -> tuple[CaseFacts, ...] | None:
    """Run the reference in every case; None if an output is degenerate."""
    facts = []
    for number, case in enumerate(cases):
        before = original.seen[case.mode, case.shapes]
        observed, own = _run(original, case, surgery, survivors, graph=graph)
        if not observed.finite or not observed.varied:
            return None
        names = tuple(before.outputs.tensors)
        if len(names) != len(observed.outputs.tensors):
            raise ProofError("P812", "the traced graph returns other tensors than the model")
        groups: Groups = {"parameter": roll(own)} | observed.groups
        groups["output"] = dict(zip(names, observed.groups["output"].values(), strict=True))
        file = f"case{number}.pt"
        places = original.layout.arguments(tuple(range(len(case.leaves))))
        saved = {"leaves": case.leaves, "places": places, "groups": groups}
        torch.save(saved, Path(folder, file))
        expected = observed.outputs.renamed(names).facts()
        facts.append(CaseFacts(case.mode, case.shapes, file, before.outputs.structure, expected, before.unreached))
    return tuple(facts)


def _run(
    original: Original, case: CaseInput, surgery: Sequence[Surgery], survivors: Tensors, *, graph: GraphOf
) -> tuple[Observed, Tensors]:
    model, seed = original.model, original.seed
    model.train(case.mode == "train")
    live = graph(case.mode, case.leaves)
    known = frozenset(original.blocks)
    with ExitStack() as undo:
        patient = operate(live, surgery, model=model, made=original.blocks, undo=undo)
        fresh = {match: block for match, block in patient.blocks.items() if match not in known}
        blocks = with_blocks(Tensors({}, {}), fresh)
        fill_parameters(blocks.parameters, seed, gain=original.gain)
        fill_buffers(blocks.buffers, seed)
        own = with_blocks(survivors, patient.blocks)
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
