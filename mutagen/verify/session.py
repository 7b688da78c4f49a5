"""What the two sessions of a proof do: one computes the reference, one runs the edited source against it."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from mutagen.records.plan import Product, Surgery
from mutagen.records.proof import CaseFacts, EditedInfo, EditedRun, ReferenceInfo
from mutagen.records.target import Target
from mutagen.trace import session as trace
from mutagen.trace.build import build_model, evaluate, seed_all
from mutagen.trace.load_target import import_target
from mutagen.verify.edited import Edited, open_edited
from mutagen.verify.quiet import quiet
from mutagen.verify.reference import Reference, open_reference

_reference: list[Reference] = []
_built: list[tuple[nn.Module, Callable[[], nn.Module]]] = []
_edited: list[Edited] = []


def reference(surgery: tuple[Surgery, ...], folder: str, seed: int) -> ReferenceInfo:
    """Draw the weights of the open model anew, choose the cases and try the first; numbers go to ``folder``.

    Raises ProofError where there can be no proof.
    """
    live = trace.live()
    with quiet():
        opened, info = open_reference(
            live.model, surgery, example=live.example, graph=trace.graph, folder=folder, seed=seed
        )
    _reference[:] = [opened]
    return info


def reference_case(number: int) -> CaseFacts:
    """Run one case on the graph, edited as the rules mean."""
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

    _built[:] = [(model, rebuild)]


def edited_open(info: ReferenceInfo, products: tuple[Product, ...], folder: str, seed: int) -> EditedInfo:
    """Give the edited model the weights of the reference."""
    model, rebuild = _built[0]
    with quiet():
        opened, told = open_edited(model, rebuild, info=info, products=products, folder=folder, seed=seed)
    _edited[:] = [opened]
    return told


def edited_case(facts: CaseFacts) -> EditedRun:
    """Run one case on the edited model and compare."""
    with quiet():
        return _edited[0].run(facts)
