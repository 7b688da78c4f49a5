"""One trusted graph of a model: three ways to get it, each held against the running model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, fx, nn

from mutagen.errors import TargetError
from mutagen.records.trace import Method, Node
from mutagen.trace.facts import describe, module_paths, resized
from mutagen.trace.failures import place_of, reason, user_error
from mutagen.trace.fx_way import trace_fx
from mutagen.trace.inputs import Inputs, Layout
from mutagen.trace.measure import Look, look_at
from mutagen.trace.recorded_way import trace_recorded
from mutagen.trace.running import State, difference, run
from mutagen.trace.taken import Taken

_MOST_LEAVES = 40


@dataclass(frozen=True, slots=True)
class LiveGraph:
    """An executable graph that equals the model for its inputs; ``nodes[i]`` tells of the i-th node of ``gm.graph``.

    ``gm`` shares its modules, and so their mode, with the model. ``notes`` say why other ways did not serve.
    """

    gm: fx.GraphModule
    nodes: tuple[Node, ...]
    method: Method
    notes: tuple[str, ...] = ()
    taken: Taken | None = None
    looks: Mapping[str, Look] = field(default_factory=dict)


def live_graph(
    model: nn.Module,
    layout: Layout,
    inputs: Inputs,
    state: State,
    *,
    mode: str,
    need_calls: bool = True,
    expected: Any = None,
    closed: frozenset[int] = frozenset(),
) -> LiveGraph:
    """The graph of a model in a mode for flat inputs, by the first way whose graph computes what the model does.

    ``expected`` is the model's own output for them by ``eager``, where it is at hand. The insides of ``closed``
    modules, by identity, are of no interest: a recorded graph calls them as they are if that can be.
    """
    if expected is None:
        with state.preserved(mode):
            expected = eager(model, layout, inputs)
    reasons = []
    for method, take in _ways(model, layout, inputs, need_calls, closed):
        with state.preserved(mode, runs=method == "recorded"):
            taken, why = take()
        if taken is None:
            reasons.append(f"{method}: {why}")
            continue
        looks, why = _checked(model, layout, inputs, taken, expected, state, mode)
        if looks is None:
            reasons.append(f"{method}: {why}")
            continue
        nodes = describe(taken, looks, module_paths(model))
        return LiveGraph(taken.module, nodes, method, tuple(reasons), taken, looks)
    hint = "name the smallest part of the model that can be traced, or take randomness and global state out of forward"
    raise TargetError(
        "T121", "no graph of the model computes what the model does", hint=hint, detail="\n".join(reasons)
    )


def symbolic_graph(model: nn.Module, layout: Layout, inputs: Inputs, state: State, *, mode: str) -> LiveGraph | None:
    """What symbolic tracing gives, not held against anything yet: only good for ``same_graph``, and without names."""
    with state.preserved(mode, runs=False):
        taken, _, _ = trace_fx(model, layout, inputs, names=False)
    return LiveGraph(taken.module, (), "fx", taken=taken) if taken is not None else None


def same_graph(
    known: LiveGraph,
    model: nn.Module,
    layout: Layout,
    inputs: Inputs,
    state: State,
    *,
    mode: str,
    expected: Any = None,
) -> LiveGraph | None:
    """A graph of the same model in the same mode for other inputs and weights, if it computes what the model does.

    Only graphs of symbolic tracing can hold for other inputs; None where this one does not.
    """
    if known.taken is None or known.method == "recorded":
        return None
    if expected is None:
        with state.preserved(mode):
            expected = eager(model, layout, inputs)
    looks, _ = _checked(model, layout, inputs, known.taken, expected, state, mode)
    if looks is None:
        return None
    nodes = resized(known.nodes, known.looks, looks) or describe(known.taken, looks, module_paths(model))
    return replace(known, nodes=nodes, looks=looks)


def eager(model: nn.Module, layout: Layout, inputs: Inputs) -> Any:
    """The output of the model itself; what it raises is shown at the user's line with the inputs given."""
    try:
        return run(model, layout, inputs)
    except Exception as error:
        raise forward_error(error, inputs) from error


def forward_error(error: Exception, inputs: Inputs) -> TargetError:
    """What to tell of a forward that failed."""
    return user_error("T120", f"forward failed for {describe_inputs(inputs)}", error, hint=_INPUT_HINT)


_INPUT_HINT = "give inputs that the model takes: --input 1x3x224x224, or --inputs-from file.py:make_inputs"


def describe_inputs(inputs: Inputs) -> str:
    """Shapes and dtypes of flat inputs in words."""
    words = []
    for leaf in inputs:
        if isinstance(leaf, Tensor):
            words.append(f"{'x'.join(map(str, leaf.shape))} {str(leaf.dtype).removeprefix('torch.')}")
        else:
            words.append(type(leaf).__name__)
    return ", ".join(words) or "no inputs"


Drawing = Callable[[], AbstractContextManager[object]]
"""What decides, while it is open, which random numbers are drawn."""


def with_draws(
    known: LiveGraph, model: nn.Module, layout: Layout, inputs: Inputs, state: State, *, mode: str, drawing: Drawing
) -> LiveGraph:
    """The graph, taken again within ``drawing`` if it holds numbers that were read out of tensors.

    Those that were drawn at random (``float(torch.bernoulli(p))``) are then the ones that any model draws there.
    """
    if known.taken is None or not known.taken.reads:
        return known
    with state.preserved(mode), drawing():
        taken, _ = _by_record(model, layout, inputs, known.taken.closed)
    if taken is None:
        return known
    with state.preserved(mode):
        _, looks = look_at(taken.module, inputs)
    nodes = describe(taken, looks, module_paths(model))
    return replace(known, gm=taken.module, nodes=nodes, taken=taken, looks=looks)


_Take = Callable[[], tuple[Taken | None, str]]


def _ways(
    model: nn.Module, layout: Layout, inputs: Inputs, need_calls: bool, closed: frozenset[int]
) -> Iterator[tuple[Method, _Take]]:
    yield "fx", lambda: _by_fx(model, layout, inputs, 0)
    if not need_calls:
        yield "fx+leaves", lambda: _by_fx(model, layout, inputs, _MOST_LEAVES)
    if closed:
        yield "recorded", lambda: _by_record(model, layout, inputs, closed)
    yield "recorded", lambda: _by_record(model, layout, inputs)


def _by_fx(model: nn.Module, layout: Layout, inputs: Inputs, most: int) -> tuple[Taken | None, str]:
    extra: frozenset[str] = frozenset()
    while True:
        taken, where, error = trace_fx(model, layout, inputs, extra=extra)
        if taken is not None or error is None:
            return taken, ""
        if len(extra) >= most or not where or where in extra:
            place = place_of(error)
            return None, f"{reason(error)}{f' at {place}' if place else ''}"
        extra |= {where}


def _by_record(
    model: nn.Module, layout: Layout, inputs: Inputs, closed: frozenset[int] = frozenset()
) -> tuple[Taken | None, str]:
    try:
        return trace_recorded(model, layout, inputs, closed), ""
    except Exception as error:
        place = place_of(error)
        return None, f"{reason(error)}{f' at {place}' if place else ''}"


def _checked(
    model: nn.Module, layout: Layout, inputs: Inputs, taken: Taken, expected: Any, state: State, mode: str
) -> tuple[dict[str, Look] | None, str]:
    """What the values of a graph look like if it computes what the model does, else why it does not."""
    try:
        with state.preserved(mode):
            output, looks = look_at(taken.module, inputs)
    except Exception as error:
        return None, f"the graph does not run: {reason(error)}"
    why = difference(output, expected)
    if why:
        return None, f"the graph computes something else: {why}"
    if not _follows(model, layout, inputs, taken, state, mode):
        return None, "some of it is computed outside of torch, where it cannot be followed"
    return looks, ""


def _follows(model: nn.Module, layout: Layout, inputs: Inputs, taken: Taken, state: State, mode: str) -> bool:
    """Whether the tensors of unknown origin stay the same for other inputs: else they are computed from these."""
    if not taken.foreign:
        return True
    with state.preserved(mode):
        other, _ = _by_record(model, layout, tuple(_other(leaf) for leaf in inputs), taken.closed)
    if other is None or len(other.foreign) != len(taken.foreign):
        return False
    return all(difference(one, two) == "" for one, two in zip(taken.foreign, other.foreign, strict=True))


def _other(leaf: Any) -> Any:
    if not isinstance(leaf, Tensor) or not leaf.dim():
        return leaf
    if leaf.dtype.is_floating_point:
        return leaf * 0.75
    return torch.roll(leaf, 1, -1)
