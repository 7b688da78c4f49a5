"""The full configuration of a model that is proved in a smaller one: what it computes, without values.

Numbers prove the smaller configuration. That the edited source does in the full one what the rules mean there is told
by operations: those of the traced graph, edited as the rules say, and those of the edited model must be the same.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from typing import Any, get_args

import torch
from torch import nn

from mutagen.count.model import count_model
from mutagen.errors import ProofError, TargetError
from mutagen.records.plan import Product, Surgery
from mutagen.records.proof import Mode, Operations, Outline
from mutagen.records.target import Target
from mutagen.trace import session as trace
from mutagen.trace.device import build_on
from mutagen.trace.load_target import import_target
from mutagen.trace.mode import set_mode
from mutagen.trace.running import materialise
from mutagen.verify.flatten import flatten
from mutagen.verify.interpret import runner
from mutagen.verify.marks import marked
from mutagen.verify.names import canonical_names
from mutagen.verify.quiet import quiet
from mutagen.verify.rebuild import rebuilt
from mutagen.verify.surgery import operate, untouched
from mutagen.verify.tensors import all_names, edited_tensors, shapes_of_keys, surviving_tensors, with_blocks


def meant_outline(surgery: tuple[Surgery, ...]) -> Outline:
    """What the open model, edited as the rules mean, computes in the modes in which it can be traced."""
    live = trace.live()
    model, leaves = live.model, live.make_inputs()
    args, kwargs = live.example.layout.arguments(leaves)
    anew = rebuilt(model, surgery, live.births.given)
    survivors = surviving_tensors(model, surgery, anew)
    graphs = trace.Graphs(untouched(model, surgery))
    found: dict[Mode, Operations] = {}
    notes = []
    with quiet():
        counts = count_model(model, args, kwargs=kwargs)
        for mode in get_args(Mode):
            try:
                graph = graphs(mode, leaves)
                structure = _structure(model, args, kwargs, mode)
            except TargetError as error:
                notes.append(f"the full configuration was not compared in {mode}: {error.message}")
                continue
            with ExitStack() as undo:
                patient = operate(graph, surgery, model=model, made={}, undo=undo, rebuilt=anew)
                own = with_blocks(survivors, patient.blocks)
                try:
                    found[mode] = replace(marked(runner(patient, None), leaves, own), structure=structure)
                except Exception as error:
                    message = f"the graph edited as the rules say does not run: {type(error).__name__}: {error}"
                    hint = "the block does not fit there; leave these matches out of the rule"
                    raise ProofError("P811", message, hint=hint) from error
    return Outline(found, shapes_of_keys(model), counts, all_names(model), tuple(notes))


def _structure(model: nn.Module, args: Any, kwargs: Any, mode: Mode) -> str:
    set_mode(model, mode)
    with torch.no_grad():
        return flatten(model(*args, **kwargs)).structure


def edited_outline(target: Target, meant: Outline, products: tuple[Product, ...]) -> Outline:
    """What the edited model computes in the modes of ``meant``; ``target`` names the device of the original."""
    (device,) = target.devices
    model = build_on(device, target, import_target(target))
    example = trace.example_of(target, device)
    assert example is not None  # inferred ones are described by the trace
    leaves = example.make(None, 1.0, 0)
    args, kwargs = example.layout.arguments(leaves)

    def run(*given: Any) -> Any:
        args, kwargs = example.layout.arguments(given)
        return model(*args, **kwargs)

    materialise(model, example.layout, leaves)
    own = edited_tensors(model, canonical_names(products, meant.names))
    found: dict[Mode, Operations] = {}
    with quiet():
        for mode in meant.modes:
            set_mode(model, mode)
            found[mode] = marked(run, leaves, own)
        counts = count_model(model, args, kwargs=kwargs)
    return Outline(found, shapes_of_keys(model), counts)
