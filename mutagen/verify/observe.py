"""One run, forward and backward, and everything that may be compared of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from mutagen.verify.draw import generator, normal
from mutagen.verify.flatten import Outputs, flatten
from mutagen.verify.sketch import Sketch, sketch

Leaves = tuple[Any, ...]
Groups = dict[str, dict[str, Sketch]]


@dataclass(frozen=True, slots=True)
class Tensors:
    """Parameters and buffers of one side by their common names."""

    parameters: dict[str, torch.Tensor]
    buffers: dict[str, torch.Tensor]


@dataclass(frozen=True, slots=True)
class Observed:
    """``groups`` holds what is compared, by kind and name in the order of reporting.

    ``telling`` says that all outputs are finite and that some vary: others would hide every difference.
    """

    outputs: Outputs
    groups: Groups
    unreached: tuple[str, ...]
    telling: bool


def observe(
    run: Callable[..., Any],
    leaves: Leaves,
    own: Tensors,
    *,
    seed: int,
    backward: bool = True,
    graded: bool = True,
    compared: bool = True,
) -> Observed:
    """Run on copies of the inputs; buffers, and parameters that are not trained, are as before afterwards.

    Without ``graded`` no gradients are recorded, and parameters may change too. Without ``compared`` only the outputs
    are of interest, not the groups.
    """
    inputs = {f"input {i}": _leaf(leaf) for i, leaf in enumerate(leaves) if isinstance(leaf, torch.Tensor)}
    given = [_passed(inputs[f"input {i}"]) if f"input {i}" in inputs else leaf for i, leaf in enumerate(leaves)]
    fixed = {name: parameter for name, parameter in own.parameters.items() if not (graded and parameter.requires_grad)}
    saved = [(tensor, tensor.detach().clone()) for tensor in (*own.buffers.values(), *fixed.values())]
    try:
        with torch.set_grad_enabled(graded):
            outputs = flatten(run(*given))
        groups: Groups = {}
        if compared:
            groups["output"] = {name: sketch(tensor) for name, tensor in outputs.tensors.items()}
            groups["buffer"] = {name: sketch(tensor) for name, tensor in (own.buffers | fixed).items()}
        roots = {number: t for number, t in enumerate(outputs.tensors.values()) if t.requires_grad}
        if backward and graded:
            groups |= _gradients(roots, inputs, own, seed)
    finally:  # behind the backward pass, which notices every change of what it needs
        with torch.no_grad():
            for tensor, value in saved:
                tensor.copy_(value)
    return Observed(outputs, groups, _unreached(roots, own), _finite(outputs) and _varied(outputs))


def _leaf(tensor: torch.Tensor) -> torch.Tensor:
    copy = tensor.detach().clone()
    return copy.requires_grad_() if copy.is_floating_point() or copy.is_complex() else copy


def _passed(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.clone() if tensor.requires_grad else tensor  # a leaf must not be changed in place


def _gradients(
    roots: Mapping[int, torch.Tensor], inputs: Mapping[str, torch.Tensor], own: Tensors, seed: int
) -> Groups:
    differentiable = {name: tensor for name, tensor in inputs.items() if tensor.requires_grad}
    trained = {name: tensor for name, tensor in own.parameters.items() if tensor.requires_grad}
    wanted = [*differentiable.values(), *trained.values()]
    if not roots or not wanted:
        return {"input gradient": {}, "gradient": {}}
    # One number to differentiate: gradients handed in would make torch import its symbolic shapes, a matter of seconds.
    loss = sum(_weighed(tensor, generator(seed, f"cotangent {number}")) for number, tensor in roots.items())
    assert isinstance(loss, torch.Tensor)
    found = torch.autograd.grad(loss, wanted, allow_unused=True)
    count = len(differentiable)
    return {
        "input gradient": _present(differentiable, found[:count]),
        "gradient": _present(trained, found[count:]),
    }


def _weighed(tensor: torch.Tensor, source: torch.Generator) -> torch.Tensor:
    total = (tensor * normal(tensor.shape, source, dtype=tensor.dtype)).sum()
    return total.real if total.is_complex() else total


def _present(names: Mapping[str, torch.Tensor], gradients: tuple[torch.Tensor | None, ...]) -> dict[str, Sketch]:
    pairs = zip(names, gradients, strict=True)
    return {name: sketch(gradient) for name, gradient in pairs if gradient is not None}


def _unreached(roots: Mapping[int, torch.Tensor], own: Tensors) -> tuple[str, ...]:
    """Trainable parameters that no output depends on, by walking the graph of autograd, without running it."""
    reached: set[int] = set()
    seen: set[Any] = set()
    todo = [tensor.grad_fn for tensor in roots.values() if tensor.grad_fn is not None]
    reached.update(id(tensor) for tensor in roots.values() if tensor.grad_fn is None)
    while todo:
        function = todo.pop()
        if function in seen:
            continue
        seen.add(function)
        if hasattr(function, "variable"):
            reached.add(id(function.variable))
        todo.extend(following for following, _ in function.next_functions if following is not None)
    return tuple(name for name, p in own.parameters.items() if p.requires_grad and id(p) not in reached)


def _floats(outputs: Outputs) -> list[torch.Tensor]:
    return [t.detach() for t in outputs.tensors.values() if t.is_floating_point() or t.is_complex()]


def _finite(outputs: Outputs) -> bool:
    return all(bool(torch.isfinite(tensor).all()) for tensor in _floats(outputs))


def _varied(outputs: Outputs) -> bool:
    """Whether some output of several elements is not constant, or there is no such output to judge by."""
    judged = [tensor for tensor in _floats(outputs) if tensor.numel() > 1]
    return not judged or any(bool((tensor != tensor.flatten()[0]).any()) for tensor in judged)
