"""What a session process offers: open the model once, then ask for graphs of it."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import Any

from torch import nn

from mutagen.errors import InternalError, TargetError
from mutagen.records.target import Target
from mutagen.records.trace import Trace
from mutagen.trace.build import build_model
from mutagen.trace.facts import module_paths
from mutagen.trace.failures import reason
from mutagen.trace.graphs import (
    LiveGraph,
    describe_inputs,
    eager,
    forward_error,
    live_graph,
    same_graph,
    symbolic_graph,
)
from mutagen.trace.inputs import Example, Inputs, from_function, from_specs, guesses
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


_live: list[Live] = []
_states: list[State] = []
_graphs: dict[str, LiveGraph] = {}


def open_model(target: Target, *, need_calls: bool = True) -> Trace:
    """Imports and builds the target's model, runs and traces it in eval mode, and keeps it for ``live`` and ``Graphs``.

    Raises ``TargetError`` where the target cannot be imported, built, run or traced.
    """
    before = frozenset(sys.modules)
    install()
    with recording() as births:
        model = build_model(target, import_target(target))
    example, inputs, output, calls, state = _example(target, model)
    graph = live_graph(model, example.layout, inputs, state, mode="eval", need_calls=need_calls, expected=output)
    del output
    assert target.call is not None
    paths = module_paths(model)
    trace = Trace(
        method=graph.method,
        instances=describe_instances(model, births, calls, paths),
        nodes=graph.nodes,
        inputs=example.specs,
        inferred_inputs=example.inferred,
        call=target.call,
        files=local_files(target, before),
        notes=graph.notes,
        hidden=tuple(sorted(paths[key] for key in calls.hidden if key in paths)),
    )
    _live[:] = [Live(model, example, births, need_calls)]
    _states[:] = [state]
    _graphs.clear()
    _graphs["eval"] = graph
    return trace


def open_again(target: Target, *, need_calls: bool = True) -> None:
    """Imports and builds the model of a target that another process traces, and keeps it for ``live`` and ``Graphs``.

    Raises ``TargetError`` as ``open_model`` does.
    """
    install()
    with recording(chains=False) as births:
        model = build_model(target, import_target(target))
    example = _given(target) or _inferred(model)[0]
    materialise(model, example.layout, example.make(None, 1.0, 0))
    _live[:] = [Live(model, example, births, need_calls)]
    _states[:] = [State(model)]
    _graphs.clear()


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

    def trace_ahead(self, mode: str, inputs: Inputs) -> None:
        """Traces the model by symbols in a mode, if that can be; whoever asks for the graph has it checked."""
        if mode not in _graphs:
            found = symbolic_graph(self._here.model, self._here.example.layout, inputs, self._state, mode=mode)
            if found is not None:
                _graphs[mode] = found

    def __call__(self, mode: str, inputs: Inputs, expected: Any = None) -> LiveGraph:
        """The graph for flat inputs in ``train`` or ``eval`` mode, compared for them; the model's modes may change.

        ``expected`` is the model's output for them, where it is at hand and no chance had a part in it.
        """
        here, known = self._here, _graphs.get(mode)
        given = (here.model, here.example.layout, inputs, self._state)
        found = same_graph(known, *given, mode=mode, expected=expected) if known else None
        if found is None:
            found = live_graph(*given, mode=mode, need_calls=here.need_calls, closed=self._closed)
        _graphs[mode] = found
        return found


_First = tuple[Example, Inputs, Any, Calls, State]


def _example(target: Target, model: nn.Module) -> _First:
    """The example inputs, how they are made, the output and calls of a run with them, and the state before it."""
    example = _given(target)
    if example is None:
        return _inferred(model)
    inputs = example.make(None, 1.0, 0)
    try:
        materialise(model, example.layout, inputs)
    except Exception as error:
        raise forward_error(error, inputs) from error
    state = State(model)
    with state.preserved("eval"), counting() as calls:
        output = eager(model, example.layout, inputs)
    return example, inputs, output, calls, state


def _given(target: Target) -> Example | None:
    """The example inputs as described; None where they are to be inferred."""
    if target.inputs_from is not None:
        return from_function(target.inputs_from)
    return from_specs(target.inputs) if target.inputs else None


def _inferred(model: nn.Module) -> _First:
    tried = []
    for specs in guesses(model):
        example = replace(from_specs(specs), inferred=True)
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
