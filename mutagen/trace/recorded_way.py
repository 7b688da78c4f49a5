"""The graph by recording one real run: modules by their calls, functions by a mode, tensors by identity.

What comes out holds for the shapes it was recorded with: sizes are plain numbers in it.
"""

from __future__ import annotations

import enum
import operator
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.overrides import TorchFunctionMode

from mutagen.trace.calls import CallForm, call_form
from mutagen.trace.grad_mode import SET_GRAD, watching
from mutagen.trace.graph_module import as_module
from mutagen.trace.inputs import Inputs, Layout
from mutagen.trace.leaves import is_leaf
from mutagen.trace.own_functions import own_functions
from mutagen.trace.provenance import Link, Walker
from mutagen.trace.running import copied, run
from mutagen.trace.taken import Taken

_PLAIN = (int, float, bool, complex, str, type(None), torch.dtype, torch.device, torch.layout, torch.memory_format)
_PREFIX = "_recorded_"
_READS = frozenset(
    {"item", "tolist", "numpy", "equal", "allclose", "is_nonzero", "__array__"}
    | {f"__{kind}__" for kind in ("bool", "int", "float", "complex", "index")}
)


class Recorder:
    """Turns the calls of one run into the nodes of a graph."""

    def __init__(self, model: nn.Module, inputs: Inputs, closed: frozenset[int]) -> None:
        self._closed = closed
        self.graph = fx.Graph()
        self.chains: dict[fx.Node, Link | None] = {}
        self.scopes: dict[fx.Node, str] = {}
        self.constants: dict[str, Any] = {}
        self.foreign: list[Tensor] = []
        self.reads = False
        self.inside = 0
        self._scope = [""]
        self._walker = Walker()
        self._nodes: dict[int, tuple[Any, fx.Node]] = {}
        self._modules = {id(module): path for path, module in reversed(list(model.named_modules()))}
        self._tensors = dict(_tensors(model))
        for index, leaf in enumerate(inputs):
            node = self.graph.placeholder(f"input_{index}")
            self._note(node, None)
            if isinstance(leaf, Tensor):
                self._nodes.setdefault(id(leaf), (leaf, node))

    def module(self, module: nn.Module, args: Any, kwargs: Any, call: Callable[[], Any], frame: FrameType) -> Any:
        """Runs a module: a leaf becomes one node, of others the insides are recorded."""
        path = self._modules.get(id(module))
        closed = id(module) in self._closed and _is_plain((args, kwargs))
        if path is not None and (is_leaf(module) or closed):
            form = CallForm("call_module", path, args, kwargs)
            arguments = self._arguments(form, frame)
            with self._hidden():
                value = call()
            return self._result(form, arguments, value, frame)
        self._scope.append(self._scope[-1] if path is None else path)
        try:
            return call()
        finally:
            self._scope.pop()

    def function(self, function: Callable[..., Any], args: Any, kwargs: Any, frame: FrameType) -> Any:
        """Runs a function and, if it gives or changes tensors, makes a node of it."""
        if self.inside:
            return function(*args, **kwargs)
        form = call_form(function, args, kwargs)
        before = self._mark()
        arguments = self._arguments(form, frame) if form is not None else None
        with self._hidden():
            value = function(*args, **kwargs)
        if form is None or arguments is None or not (form.effect or _has_tensor(value)):
            self._rewind(before)
            self.reads |= getattr(function, "__name__", "") in _READS
            return value
        return self._result(form, arguments, value, frame)

    def switch_grad(self, mode: bool) -> None:
        """Notes that gradients are switched on or off, unless a recorded call does so inside."""
        if not self.inside:
            self._note(self.graph.call_function(SET_GRAD, (mode,)), sys._getframe(2))

    def _mark(self) -> fx.Node:
        last: fx.Node = next(iter(reversed(self.graph.nodes)))
        return last

    def _rewind(self, mark: fx.Node) -> None:
        """Takes back the nodes that were made for the arguments of a call that is not recorded."""
        for node in reversed(self.graph.nodes):
            if node is mark:
                return
            self._nodes = {key: pair for key, pair in self._nodes.items() if pair[1] is not node}
            self.constants.pop(str(node.target), None)
            self.graph.erase_node(node)

    @contextmanager
    def _hidden(self) -> Iterator[None]:
        self.inside += 1
        try:
            yield
        finally:
            self.inside -= 1

    def _arguments(self, form: CallForm, frame: FrameType) -> tuple[Any, Any]:
        return self._argument(form.args, frame), self._argument(form.kwargs, frame)

    def _argument(self, value: Any, frame: FrameType) -> Any:
        if isinstance(value, Tensor):
            return self._node(value, frame)
        if isinstance(value, (tuple, list)):
            items = [self._argument(item, frame) for item in value]
            return items if isinstance(value, list) else tuple(items)
        if isinstance(value, dict):
            return {key: self._argument(item, frame) for key, item in value.items()}
        if isinstance(value, slice):
            return slice(*(self._argument(part, frame) for part in (value.start, value.stop, value.step)))
        if value is None or value is Ellipsis or type(value) in _PLAIN:
            return value
        if isinstance(value, (int, float)) and not isinstance(value, enum.Enum):
            return int(value) if isinstance(value, int) else float(value)
        if isinstance(value, nn.Module) and id(value) in self._modules:
            node = self.graph.get_attr(self._modules[id(value)])
            self._note(node, frame)
            return node
        return self._constant(value, frame)

    def _node(self, tensor: Tensor, frame: FrameType) -> fx.Node:
        known = self._nodes.get(id(tensor))
        if known is not None:
            return known[1]
        path = self._tensors.get(id(tensor))
        if path is None:
            node = self._constant(tensor, frame)
            self.foreign.append(self.constants[str(node.target)])
            return node
        node = self.graph.get_attr(path)
        self._note(node, frame)
        self._nodes[id(tensor)] = (tensor, node)
        return node

    def _constant(self, value: Any, frame: FrameType) -> fx.Node:
        name = f"{_PREFIX}{len(self.constants)}"
        self.constants[name] = value.detach().clone() if isinstance(value, Tensor) else value
        node = self.graph.create_node("get_attr", name)
        self._note(node, frame)
        self._nodes[id(value)] = (value, node)
        return node

    def _result(self, form: CallForm, arguments: tuple[Any, Any], value: Any, frame: FrameType) -> Any:
        node = self.graph.create_node(form.op, form.target, *arguments)
        self._note(node, frame)
        with self._hidden():
            return self._hold(node, value, frame)

    def _hold(self, node: fx.Node, value: Any, frame: FrameType) -> Any:
        """Ties the tensors of a result to its node; a tensor that has a node already is given a new face."""
        if isinstance(value, Tensor):
            if id(value) in self._nodes or id(value) in self._tensors:
                value = value.view_as(value)
            self._nodes[id(value)] = (value, node)
            return value
        if isinstance(value, (tuple, list)) and _has_tensor(value):
            items = [self._item(node, index, item, frame) for index, item in enumerate(value)]
            if type(value) in (tuple, list):
                return type(value)(items)
            return type(value)(items) if hasattr(value, "n_fields") else type(value)(*items)
        return value

    def _item(self, node: fx.Node, index: int, item: Any, frame: FrameType) -> Any:
        if not _has_tensor(item):
            return item
        part = self.graph.call_function(operator.getitem, (node, index))
        self._note(part, frame)
        return self._hold(part, item, frame)

    def _note(self, node: fx.Node, frame: FrameType | None) -> None:
        self.chains[node] = self._walker.chain(frame) if frame is not None else None
        self.scopes[node] = self._scope[-1]

    def finish(self, output: Any) -> None:
        """Adds the output; mappings and dataclasses become dicts."""
        frame = sys._getframe()
        self._walker.forget()
        node = self.graph.output(self._argument(_plain_output(output), frame))
        self._note(node, None)
        self._nodes.clear()


def _is_plain(value: Any) -> bool:
    """Whether a value says all there is to it: an object, such as a cache, would live on from run to run."""
    if isinstance(value, (tuple, list)):
        return all(_is_plain(item) for item in value)
    if isinstance(value, dict):
        return all(_is_plain(item) for item in value.values())
    return isinstance(value, (Tensor, int, float, slice)) or value is Ellipsis or type(value) in _PLAIN


def _plain_output(output: Any) -> Any:
    if isinstance(output, Tensor):
        return output
    if hasattr(output, "items") and hasattr(output, "keys"):
        return {str(key): _plain_output(value) for key, value in output.items()}
    if isinstance(output, (tuple, list)):
        items = [_plain_output(item) for item in output]
        return items if isinstance(output, list) else tuple(items)
    if hasattr(output, "__dataclass_fields__"):
        return {name: _plain_output(getattr(output, name)) for name in output.__dataclass_fields__}
    return output if isinstance(output, _PLAIN) else None


def _tensors(model: nn.Module) -> Iterator[tuple[int, str]]:
    """Identity and path of every tensor that a module holds as parameter, buffer or plain attribute."""
    for path, module in reversed(list(model.named_modules())):
        prefix = f"{path}." if path else ""
        for table in (module.__dict__, module._buffers, module._parameters):
            for name, value in table.items():
                if isinstance(value, Tensor):
                    yield id(value), prefix + name


def _has_tensor(value: Any) -> bool:
    if isinstance(value, Tensor):
        return True
    return isinstance(value, (tuple, list)) and any(_has_tensor(item) for item in value)


class _Functions(TorchFunctionMode):
    """Hands every function of torch to a recorder, unless a recorded call is under way."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self._recorder = recorder

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        return self._recorder.function(func, args, kwargs or {}, sys._getframe(1))


@contextmanager
def _modules(recorder: Recorder) -> Iterator[None]:
    """Hands every call of a module to a recorder."""
    original = nn.Module.__call__

    def call(self: nn.Module, *args: Any, **kwargs: Any) -> Any:
        if recorder.inside:
            return original(self, *args, **kwargs)
        return recorder.module(self, args, kwargs, lambda: original(self, *args, **kwargs), sys._getframe(1))

    nn.Module.__call__ = call  # type: ignore[method-assign]
    try:
        yield
    finally:
        nn.Module.__call__ = original  # type: ignore[method-assign]


def trace_recorded(model: nn.Module, layout: Layout, inputs: Inputs, closed: frozenset[int] = frozenset()) -> Taken:
    """The graph of one run with these inputs; of ``closed`` modules, by identity, each call is one node.

    Exceptions of the user's forward pass through.
    """
    own = copied(inputs)
    recorder = Recorder(model, own, closed)
    with _modules(recorder), _Functions(recorder), own_functions(recorder.function), watching(recorder.switch_grad):
        output = run(model, layout, own, copy=False)
    recorder.finish(output)
    for name, value in recorder.constants.items():
        object.__setattr__(model, name, value)
    module = as_module(model, recorder.graph)
    chains = {node.name: chain for node, chain in recorder.chains.items()}
    scopes = {node.name: scope for node, scope in recorder.scopes.items()}
    return Taken(module, chains, scopes, tuple(recorder.foreign), closed, recorder.reads)
