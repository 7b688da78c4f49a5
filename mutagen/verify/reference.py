"""The reference: graphs of the original, edited as the rules mean, with weights that hide nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import Any

from torch import nn

from mutagen.errors import MutagenError, ProofError
from mutagen.records.plan import Surgery
from mutagen.records.proof import CaseFacts, CaseStart, ReferenceInfo
from mutagen.trace.mode import set_mode
from mutagen.verify.eager import can_be_eager, operate_eagerly
from mutagen.verify.fill import fill_buffers, fill_parameters
from mutagen.verify.interpret import runner
from mutagen.verify.observe import Groups, Observed, Tensors, observe
from mutagen.verify.patient import LiveGraph, Patient
from mutagen.verify.prepared import Prepared, degenerate
from mutagen.verify.rebuild import GivenOf, rebuilt
from mutagen.verify.saved import BUILT_FILE, START_FILE, save_inputs, save_numbers
from mutagen.verify.streams import Streams, module_paths, with_chance
from mutagen.verify.surgery import operate
from mutagen.verify.tensors import (
    all_names,
    block_paths,
    paths_of,
    roll,
    shapes_of_keys,
    surviving_tensors,
    with_blocks,
)

GraphOf = Callable[[int], LiveGraph]
"""The graph of the original in a case."""


@dataclass(frozen=True, slots=True)
class Reference:
    """The open reference: each case is run on its own, so that the edited model can follow closely."""

    prepared: Prepared
    surgery: Sequence[Surgery]
    survivors: Tensors
    graph: GraphOf
    folder: str
    rebuilt: Mapping[str, nn.Module]
    patients: list[tuple[LiveGraph, Patient]] = field(default_factory=list)

    def run(self, number: int) -> CaseFacts | None:
        """Run one case and leave its numbers in the folder.

        None if the first case tells nothing, its outputs not finite or constant: other weights are needed then. Raises
        ProofError P809 for another that does.
        """
        original = self.prepared.original
        case = self.prepared.cases[number]
        before = original.seen[case.mode, case.shapes]
        seen = _observe(self, number)
        observed = seen.observed
        if not observed.telling:
            if number:
                raise degenerate()
            return None
        names = tuple(before.outputs.tensors)
        if len(names) != len(observed.outputs.tensors):
            raise ProofError("P812", "the traced graph returns other tensors than the model")
        groups: Groups = ({} if number else {"parameter": roll(seen.own)}) | observed.groups
        groups["output"] = dict(zip(names, observed.groups["output"].values(), strict=True))
        file = f"case{number}.pt"
        save_numbers(self.folder, file, groups)
        # Where shapes follow from values, those of the original say nothing about the edited model.
        outputs = observed.outputs if seen.eager else before.outputs
        return CaseFacts(
            number,
            case.mode,
            case.shapes,
            file,
            structure=before.outputs.structure,
            outputs=outputs.facts(),
            backward=seen.backward,
            graded=original.graded,
            unreached=before.unreached,
        )


def open_reference(
    prepared: Prepared, surgery: Sequence[Surgery], *, graph: GraphOf, folder: str, given: GivenOf = lambda _: None
) -> tuple[Reference, ReferenceInfo]:
    """The reference for an edit of a model that was prepared; raises ProofError where the edit has no exact meaning.

    ``given`` tells what constructors were given.
    """
    model = prepared.model
    anew = rebuilt(model, surgery, given)
    survivors = surviving_tensors(model, surgery, anew)
    prepared.rename(survivors)
    built = prepared.built(survivors.buffers)
    save_inputs(folder, START_FILE, layout=prepared.example.layout, leaves=prepared.described)
    save_numbers(folder, BUILT_FILE, {"buffer": {name: {"values": buffer} for name, buffer in built.items()}})
    info = ReferenceInfo(
        cases=tuple(_start(prepared, number, folder) for number in range(len(prepared.cases))),
        gain=prepared.original.gain,
        keys=shapes_of_keys(model),
        names=all_names(model),
        counts=prepared.counts,
        notes=prepared.notes,
    )
    return Reference(prepared, surgery, survivors, graph, folder, anew), info


def _start(prepared: Prepared, number: int, folder: str) -> CaseStart:
    """Hand over the inputs of a case, so that the edited model need not wait for what the reference makes of them."""
    original, case = prepared.original, prepared.cases[number]
    file = f"inputs{number}.pt"
    save_inputs(folder, file, layout=original.layout, leaves=case.leaves)
    return CaseStart(case.mode, file, original.has_chance(case.mode, case.shapes), original.graded)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the edited graph does, with the tensors it has, and whether that includes a backward pass.

    ``eager`` says that the model itself was run, edited, since its graph holds for the recorded values alone.
    """

    observed: Observed
    own: Tensors
    backward: bool = True
    eager: bool = False


def _operated(reference: Reference, live: LiveGraph, undo: ExitStack) -> Patient:
    """The edited graph; the same once more where a case has the graph of another."""
    for known, patient in reference.patients:
        if known is live:
            patient.enter(undo)
            return patient
    original = reference.prepared.original
    patient = operate(
        live,
        reference.surgery,
        model=original.model,
        made=original.blocks,
        undo=undo,
        rebuilt=reference.rebuilt,
    )
    reference.patients[:] = [(live, patient)]
    return patient


def _observe(reference: Reference, number: int) -> _Seen:
    original, case = reference.prepared.original, reference.prepared.cases[number]
    model, seed = original.model, original.seed
    chance = original.has_chance(case.mode, case.shapes)
    live = reference.graph(number)
    set_mode(model, case.mode)
    known = frozenset(original.blocks)
    with ExitStack() as undo:
        patient = _operated(reference, live, undo)
        fresh = {match: block for match, block in patient.blocks.items() if match not in known}
        blocks = with_blocks(Tensors({}, {}), fresh)
        fill_parameters(blocks.parameters, seed, gain=original.gain)
        fill_buffers(blocks.buffers, seed)
        own = with_blocks(reference.survivors, patient.blocks)
        paths = module_paths(model) | block_paths(patient.blocks) | paths_of(reference.rebuilt, reference.surgery)

        def look(backward: bool, run: Callable[..., Any] | None = None) -> Observed:
            def once(active: Streams | None) -> Observed:
                wanted = {"graded": original.graded, "backward": backward}
                return observe(run or runner(patient, active), case.leaves, own, seed=seed, **wanted)

            return with_chance(once, seed=seed, modules=paths, chance=chance)

        recorded = live.method == "recorded" and can_be_eager(patient, reference.surgery)
        by_value = recorded and original.follows_values(case.mode, case.leaves, case.shapes)
        try:
            if by_value:
                operate_eagerly(patient, reference.surgery, undo, reference.rebuilt)
                return _Seen(look(True, original.call), own, eager=True)
            try:
                return _Seen(look(True), own)
            except Exception:
                if not original.fails_backward(case.mode, case.leaves):
                    raise
                return _Seen(look(False), own, backward=False)
        except MutagenError:
            raise
        except Exception as error:
            if not by_value and can_be_eager(patient, reference.surgery):
                with suppress(Exception):
                    operate_eagerly(patient, reference.surgery, undo, reference.rebuilt)
                    return _Seen(look(True, original.call), own, eager=True)
            raise ProofError(
                "P811",
                f"the graph edited as the rules say does not run: {type(error).__name__}: {error}",
                hint="the block does not fit there; leave these matches out of the rule",
            ) from error
