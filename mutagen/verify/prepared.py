"""Weights that hide nothing and the cases to run: chosen before it is known what will be changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Protocol

import torch
from torch import nn

from mutagen.count.model import count_model
from mutagen.errors import ProofError
from mutagen.trace.instances import counting
from mutagen.verify.cases import CaseInput, choose_cases, stay_images
from mutagen.verify.fill import GAINS, fill_buffers, fill_parameters
from mutagen.verify.observe import Leaves, Tensors
from mutagen.verify.original import Original
from mutagen.verify.saved import Layout
from mutagen.verify.tensors import surviving_tensors


class Example(Protocol):
    """The example inputs of a model: for a batch size (None: as described), a spatial scale and a seed."""

    @property
    def layout(self) -> Layout: ...

    @property
    def make(self) -> Callable[[int | None, float, int], Leaves]: ...


class Prepared:
    """The open model with drawn weights; ``original`` remembers its runs of ``cases``.

    Raises ProofError P810 where the model takes none of the inputs, P809 where no weights give outputs that tell.
    """

    original: Original
    cases: tuple[CaseInput, ...]
    notes: tuple[str, ...]

    def __init__(self, model: nn.Module, example: Example, *, seed: int) -> None:
        self.model = model
        self.example = example
        self.seed = seed
        self.described = example.make(None, 1.0, 0)
        args, kwargs = example.layout.arguments(self.described)
        with counting() as calls:
            self.counts = count_model(model, args, kwargs=kwargs)
        self._roomy = self.counts.macs >= 0 and stay_images(calls.shapes.values())
        self.drawn = 0  # goes up with each change of the weights
        self._all = surviving_tensors(model, ())
        self._built = {id(buffer): (buffer, buffer.detach().clone()) for buffer in model.buffers()}
        self._next = self._draw()
        self.advance()

    def advance(self) -> None:
        """Draw other weights than those so far."""
        if next(self._next, None) is None:
            raise degenerate()

    def built(self, buffers: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """The values that the buffers were built with."""
        return {name: self._built[id(buffer)][1] for name, buffer in buffers.items() if id(buffer) in self._built}

    def put_back(self) -> None:
        """Give the buffers the values again that they were built with."""
        with torch.no_grad():
            for buffer, value in self._built.values():
                buffer.copy_(value)

    def rename(self, survivors: Tensors) -> None:
        """Draw anew what has another first name without the modules that are replaced."""
        parameters = {n: t for n, t in survivors.parameters.items() if self._all.parameters.get(n) is not t}
        buffers = {n: t for n, t in survivors.buffers.items() if self._all.buffers.get(n) is not t}
        self._fill(Tensors(parameters, buffers))

    def _fill(self, tensors: Tensors) -> None:
        with torch.no_grad():
            for buffer in tensors.buffers.values():
                if id(buffer) in self._built:
                    buffer.copy_(self._built[id(buffer)][1])
        fill_parameters(tensors.parameters, self.seed, gain=self.original.gain)
        fill_buffers(tensors.buffers, self.seed)
        self.drawn += bool(tensors.parameters or tensors.buffers)

    def _draw(self) -> Iterator[float]:
        """The factors of the weights' scale under which the outputs tell something, the weights drawn by each."""
        for picky, gain in product((False, True), GAINS):
            cases, notes = self._chosen(gain, picky=picky)
            if not cases and not self.original.untelling:
                raise ProofError(
                    "P810", "the original runs with none of the inputs of the proof", detail=self.original.why
                )
            if cases and self.original.telling:
                if not any(case.mode == "train" for case in cases):
                    notes.append(f"no train proof: {self.original.why}")
                self.cases, self.notes = tuple(cases), tuple(notes)
                yield gain

    def _chosen(self, gain: float, *, picky: bool) -> tuple[list[CaseInput], list[str]]:
        """The cases, with gradients if there are any so; ``picky`` leaves out sizes at which outputs say nothing."""
        cases: list[CaseInput] = []
        notes: list[str] = []
        for graded in (True, False):
            wanted = {"graded": graded, "picky": picky}
            self.original = Original(self.model, self.example.layout, seed=self.seed, gain=gain, **wanted)
            self._fill(self._all)
            cases, notes = choose_cases(self._make, self.original.accepts, roomy=self._roomy)
            if cases or self.original.untelling:
                break
        return cases, notes

    def _make(self, batch: int | None, scale: float) -> Leaves:
        return self.example.make(batch, scale, self.seed)


def degenerate() -> ProofError:
    """What to say where no weights give outputs that tell one model from another."""
    return ProofError(
        "P809",
        "the outputs are not finite, or constant, whatever weights are drawn; such numbers prove nothing",
        hint="give inputs that the model tells apart: --inputs-from file.py:make_inputs",
    )
