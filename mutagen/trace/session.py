"""What a session process offers: open the model once, then ask for graphs of it."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from functools import partial
from types import ModuleType
from typing import Any

from torch import nn

from mutagen.errors import InternalError, TargetError
from mutagen.records.target import Device, Target
from mutagen.records.trace import Trace
from mutagen.trace.device import build_on, drawn, neither, without_values
from mutagen.trace.facts import alike, module_paths
from mutagen.trace.failures import reason
from mutagen.trace.graphs import (
    Drawing,
    LiveGraph,
    describe_inputs,
    eager,
    forward_error,
    live_graph,
    same_graph,
    symbolic_graph,
    with_draws,
)
from mutagen.trace.inputs import Example, Inputs, from_function, from_specs, guesses
from mutagen.trace.instance_costs import macs_of, with_macs
from mutagen.trace.instances import Calls, counting, describe_instances
from mutagen.trace.load_target import import_target, local_files
from mutagen.trace.own_functions import install
from mutagen.trace.recorder import Births, recording
from mutagen.trace.running import State, materialise, run


@dataclass(frozen=True, slots=True)
class Live:
    """The model of this process. ``model`` is in the state it was built in, whatever was traced."""

    model: nn.Module
    example: Example
    births: Births
    need_calls: bool = True

    def make_inputs(self, batch: int | None = None, scale: float = 1.0, *, seed: int = 0) -> Inputs:
        """Flat inputs: as described, or with another batch size, or with heights and widths times ``scale``."""
        return self.example.make(batch, scale, seed)

    def call(self, model: nn.Module, inputs: Inputs) -> Any:
        """Calls a model of the same signature with flat inputs."""
        args, kwargs = self.example.layout.arguments(inputs)
        return model(*args, **kwargs)


_ON = {"cpu": "it is traced on the CPU", "meta": "it is traced without values, on the meta device"}

_live: list[Live] = []
_states: list[State] = []
_graphs: dict[str, LiveGraph] = {}
_hopeless: set[str] = set()
"""Modes in which symbolic tracing fails."""


def open_model(target: Target, *, need_calls: bool = True) -> Trace:
    """Imports and builds the target's model, runs and traces it in eval mode, and keeps it for ``live`` and ``Graphs``.

    Raises ``TargetError`` where the target cannot be imported, built, run or traced: on none of its devices.
    """
    before = frozenset(sys.modules)
    install()
    failures: list[TargetError] = []
    with recording() as births:
        module = import_target(target)
    for device in target.devices:
        try:
            with without_values(device):
                trace = _opened(target, module, births, device, before=before, need_calls=need_calls)
        except TargetError as error:
            failures.append(error)
            continue
        return replace(trace, notes=(*(f"{it.message}; so {_ON[device]}" for it in failures), *trace.notes))
    raise failures[0] if len(failures) == 1 else neither(failures)


def _opened(
    target: Target, module: ModuleType, births: Births, device: Device, *, before: frozenset[str], need_calls: bool
) -> Trace:
    with recording(births):
        model = build_on(device, target, module)
    example, inputs, output, calls, state = _example(target, model, device)
    graph = live_graph(model, example.layout, inputs, state, mode="eval", need_calls=need_calls, expected=output)
    del output
    assert target.call is not None
    paths = module_paths(model)
    instances = describe_instances(model, births, calls, paths)
    if target.counted:
        instances = with_macs(instances, model, example.layout, inputs, state)
    trace = Trace(
        method=graph.method,
        instances=instances,
        nodes=graph.nodes,
        inputs=example.specs,
        inferred_inputs=example.inferred,
        call=target.call,
        files=local_files(target, before),
        notes=graph.notes,
        macs=macs_of(instances),
        hidden=tuple(sorted(paths[key] for key in calls.hidden if key in paths)),
        device=device,
    )
    _live[:] = [Live(model, example, births, need_calls)]
    _states[:] = [state]
    _forget()
    _graphs["eval"] = graph
    return trace


def open_again(target: Target, *, need_calls: bool = True) -> None:
    """Imports and builds the model of a target that another process traces, and keeps it for ``live`` and ``Graphs``.

    It is built on the CPU, to be run. Raises ``TargetError`` as ``open_model`` does.
    """
    install()
    with recording(chains=False) as births:
        model = build_on("cpu", target, import_target(target))
    example = example_of(target, "cpu") or _inferred(model, "cpu")[0]
    materialise(model, example.layout, example.make(None, 1.0, 0))
    _live[:] = [Live(model, example, births, need_calls)]
    _states[:] = [State(model, late=True)]  # other weights are drawn before anything is traced
    _forget()


def _forget() -> None:
    _graphs.clear()
    _hopeless.clear()


def live() -> Live:
    """The model that ``open_model`` built in this process."""
    if not _live:
        raise InternalError("B102", "no model was opened in this process")
    return _live[0]


class Graphs:
    """Graphs of the open model with the weights that it has now, and must have as long as graphs are asked for.

    The insides of ``closed`` modules, by identity, are of no interest.
    """

    def __init__(self, closed: frozenset[int] = frozenset()) -> None:
        self._here = live()
        self._closed = closed
        self._state = _states[0]
        self._state.follow()

    def symbolic(self, mode: str, inputs: Inputs, expected: Any = None) -> LiveGraph | None:
        """The graph of symbolic tracing for flat inputs in a mode, compared for them; None where it does not hold."""
        here = self._here
        if mode in _hopeless:
            return None
        if mode not in _graphs:
            found = symbolic_graph(here.model, here.example.layout, inputs, self._state, mode=mode)
            if found is None:
                _hopeless.add(mode)
                return None
            _graphs[mode] = found
        given = (here.model, here.example.layout, inputs, self._state)
        same = same_graph(_graphs[mode], *given, mode=mode, expected=expected)
        if same is not None:
            _graphs[mode] = same
        return same

    def holds(self, known: LiveGraph, mode: str, inputs: Inputs, expected: Any = None) -> bool:
        """Whether a graph, with all that is said of its nodes but batch and spatial sizes, holds for inputs too."""
        given = (self._here.model, self._here.example.layout, inputs, self._state)
        again = same_graph(known, *given, mode=mode, expected=expected)
        return again is not None and alike(known.looks, again.looks)

    def __call__(self, mode: str, inputs: Inputs, expected: Any = None, *, drawing: Drawing | None = None) -> LiveGraph:
        """The graph for flat inputs in ``train`` or ``eval`` mode, compared for them; the model's modes may change.

        ``expected`` is the model's output for them, where it is at hand and no chance had a part in it; where it had
        one, ``drawing`` draws the numbers for which the graph is wanted.
        """
        here, known = self._here, _graphs.get(mode)
        given = (here.model, here.example.layout, inputs, self._state)
        found = same_graph(known, *given, mode=mode, expected=expected) if known else None
        if found is None:
            found = live_graph(*given, mode=mode, need_calls=here.need_calls, closed=self._closed)
        if drawing is not None:
            found = with_draws(found, *given, mode=mode, drawing=drawing)
        _graphs[mode] = found
        return found


_First = tuple[Example, Inputs, Any, Calls, State]


def _example(target: Target, model: nn.Module, device: Device) -> _First:
    """The example inputs, how they are made, the output and calls of a run with them, and the state before it."""
    example = example_of(target, device)
    if example is None:
        return _inferred(model, device)
    inputs = example.make(None, 1.0, 0)
    try:
        materialise(model, example.layout, inputs)
    except Exception as error:
        raise forward_error(error, inputs) from error
    state = State(model)
    with state.preserved("eval"), counting() as calls:
        output = eager(model, example.layout, inputs)
    return example, inputs, output, calls, state


def example_of(target: Target, device: Device) -> Example | None:
    """The example inputs as described, on a device; None where they are to be inferred."""
    reference = target.inputs_from
    if reference is not None:
        return drawn(lambda: from_function(reference), device)
    return drawn(lambda: from_specs(target.inputs), device) if target.inputs else None


def _inferred(model: nn.Module, device: Device) -> _First:
    tried = []
    for specs in guesses(model):
        example = replace(drawn(partial(from_specs, specs), device), inferred=True)
        inputs = example.make(None, 1.0, 0)
        try:
            materialise(model, example.layout, inputs)
            state = State(model)
            with state.preserved("eval"), counting() as calls:
                output = run(model, example.layout, inputs)
        except Exception as error:
            tried.append(f"{describe_inputs(inputs)}: {reason(error)}")
            continue
        return example, inputs, output, calls, state
    hint = "give them: --input 1x3x224x224, or --inputs-from file.py:make_inputs"
    raise TargetError("T110", "no example inputs were given and none fitted", hint=hint, detail="\n".join(tried))
