"""What the two sessions of a proof do: one computes the reference, one runs the edited source against it."""

from __future__ import annotations

from torch import nn

from mutagen.records.plan import Product, Surgery
from mutagen.records.proof import Findings, ReferenceInfo
from mutagen.records.target import Target
from mutagen.trace import session as trace
from mutagen.trace.build import build_model, evaluate, seed_all
from mutagen.trace.load_target import import_target
from mutagen.verify.edited import Edited, examine
from mutagen.verify.quiet import quiet
from mutagen.verify.reference import make_reference

_edited: list[Edited] = []


def reference(surgery: tuple[Surgery, ...], folder: str, seed: int) -> ReferenceInfo:
    """Edit the graphs of the open model as the rules mean, run them and leave the numbers in ``folder``.

    The weights of the open model are drawn anew and stay so. Raises ProofError where there can be no proof.
    """
    live = trace.live()
    with quiet():
        return make_reference(live.model, surgery, example=live.example, graph=trace.graph, folder=folder, seed=seed)


def edited_build(target: Target) -> None:
    """Build the edited model, eagerly, as the original was built, and keep it for ``edited_compare``."""
    module = import_target(target)
    model = build_model(target, module)

    def rebuild() -> nn.Module:
        seed_all(1)
        again = evaluate(target.call, module)
        assert isinstance(again, nn.Module)
        return again

    _edited[:] = [Edited(model, rebuild)]


def edited_compare(info: ReferenceInfo, products: tuple[Product, ...], folder: str, seed: int) -> Findings:
    """Run the edited model on the weights and inputs of the reference and compare."""
    with quiet():
        return examine(_edited[0], info, products, folder=folder, seed=seed)
