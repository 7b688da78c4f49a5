"""What the two sessions of a proof do: one computes the reference, one runs the edited source against it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from mutagen.records.plan import Product, Surgery
from mutagen.records.proof import CaseFacts, EditedInfo, EditedRun, ReferenceInfo
from mutagen.records.target import Target
from mutagen.trace import session as trace
from mutagen.trace.build import build_model, evaluate, seed_all
from mutagen.trace.load_target import import_target
from mutagen.verify.case_graphs import CaseGraphs
from mutagen.verify.edited import Edited, open_edited
from mutagen.verify.prepared import Prepared
from mutagen.verify.quiet import quiet
from mutagen.verify.reference import Reference, open_reference
from mutagen.verify.surgery import untouched

_prepared: list[Prepared] = []
_graphs: list[CaseGraphs] = []
_reference: list[Reference] = []
_built: list[tuple[nn.Module, Callable[[], nn.Module], list[tuple[Tensor, Tensor]]]] = []
_edited: list[Edited] = []


def prepare(seed: int) -> None:
    """Draw the weights of the open model anew and choose the cases, whatever the edit will be.

    Raises ProofError where there can be no proof.
    """
    live = trace.live()
    if _prepared and _prepared[0].model is live.model:
        _prepared[0].put_back()
    with quiet():
        _prepared[:] = [Prepared(live.model, live.example, seed=seed)]
    _graphs[:] = [CaseGraphs(_prepared[0])]
    _reference.clear()


def look_ahead(number: int) -> None:
    """Find the graph of a case, if there is such a case, while it is not known yet what will be changed."""
    if number < len(_prepared[0].cases):
        with quiet():
            _graphs[0].look_ahead(number, trace.Graphs)


def reference(surgery: tuple[Surgery, ...], folder: str) -> ReferenceInfo:
    """Open the reference for an edit, with other weights than the time before; numbers go to ``folder``."""
    prepared = _prepared[0]
    with quiet():
        if _reference:
            prepared.advance()
        graphs = partial(trace.Graphs, untouched(prepared.model, surgery))
        opened, info = open_reference(
            prepared,
            surgery,
            graph=partial(_graphs[0].graph, graphs=graphs),
            folder=folder,
            given=trace.live().births.given,
        )
    _reference[:] = [opened]
    return info


def reference_case(number: int) -> CaseFacts | None:
    """Run one case on the graph, edited as the rules mean; None if the first one needs other weights."""
    with quiet():
        return _reference[0].run(number)


def edited_build(target: Target) -> None:
    """Build the edited model, eagerly, as the original was built, and keep it."""
    module = import_target(target)
    model = build_model(target, module)

    def rebuild() -> nn.Module:
        seed_all(1)
        again = evaluate(target.call, module)
        assert isinstance(again, nn.Module)
        return again

    buffers = [(buffer, buffer.detach().clone()) for buffer in model.buffers() if not is_lazy(buffer)]
    _built[:] = [(model, rebuild, buffers)]


def edited_open(info: ReferenceInfo, products: tuple[Product, ...], folder: str, seed: int) -> EditedInfo:
    """Give the edited model the weights of the reference; again, if these were drawn again."""
    model, rebuild, buffers = _built[0]
    with torch.no_grad():
        for buffer, value in buffers:
            buffer.copy_(value)
    with quiet():
        opened, told = open_edited(model, rebuild, info=info, products=products, folder=folder, seed=seed)
    _edited[:] = [opened]
    return told


def edited_ahead(number: int) -> None:
    """Run one case on the edited model before it is known what to compare it with."""
    with quiet():
        _edited[0].run_ahead(number)


def edited_case(facts: CaseFacts) -> EditedRun:
    """Run one case on the edited model and compare."""
    with quiet():
        return _edited[0].run(facts)
