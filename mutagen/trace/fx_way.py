"""The graph by symbolic tracing, with the chain of every call."""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import torch
from torch import Tensor, fx, nn

from mutagen.trace.build import seed_all
from mutagen.trace.grad_mode import SET_GRAD, watching
from mutagen.trace.graph_module import as_module
from mutagen.trace.inputs import Inputs, Layout
from mutagen.trace.leaves import is_leaf
from mutagen.trace.mode_reads import mode_reads
from mutagen.trace.own_functions import own_functions
from mutagen.trace.provenance import Link, Walker, boundary
from mutagen.trace.taken import Taken

# What tracing draws from other generators must differ from what the run draws that the graph is compared with.
_OTHER_SEED = 1_000_003


class _Value(fx.Proxy):
    """A proxy that keeps changes in place as such: fx itself turns ``x += y`` into ``x = x + y``."""

    def _change(self, function: Callable[..., Any], *args: Any) -> fx.Proxy:
        return self.tracer.create_proxy("call_function", function, (self, *args), {})

    def __setitem__(self, index: Any, value: Any) -> None:
        self._change(operator.setitem, index, value)


def _changer(function: Callable[..., Any]) -> Callable[[_Value, Any], fx.Proxy]:
    return lambda self, other: self._change(function, other)


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor"):
    setattr(_Value, f"__i{_name}__", _changer(getattr(operator, f"i{_name}")))


class ChainTracer(fx.Tracer):
    """A tracer that keeps, for every node, the chain of calls and the module that made it."""

    # Else what is computed from buffers alone would be a constant, wrong for other weights.
    proxy_buffer_attributes = True

    def __init__(
        self, layout: Layout, inputs: Inputs, extra: frozenset[str] = frozenset(), *, names: bool = True
    ) -> None:
        super().__init__()
        self._layout = layout
        self._inputs = inputs
        self._extra = extra
        self._walker = Walker(names)
        self._open: list[tuple[str, nn.Module]] = []
        self.chains: dict[fx.Node, Link | None] = {}
        self.scopes: dict[fx.Node, str] = {}
        self.deepest = ""

    def create_node(self, *args: Any, **kwargs: Any) -> fx.Node:
        """The node as fx makes it, its chain and scope noted."""
        node = super().create_node(*args, **kwargs)
        if node.op not in ("placeholder", "output"):
            self.chains[node] = self._walker.chain(sys._getframe(1))
        self.scopes[node] = self._open[-1][0] if self._open else ""
        return node

    def proxy(self, node: fx.Node) -> fx.Proxy:
        """The proxy for a node."""
        return _Value(node, self)

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        """Modules of torch are leaves, containers are not."""
        return is_leaf(m) or module_qualified_name in self._extra

    def call_module(
        self, m: nn.Module, forward: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """One node for a leaf; else the module's forward, with the module as the scope."""
        try:
            path = self.path_of_module(m)
        except NameError:
            return forward(*args, **kwargs)
        if self.is_leaf_module(m, path):
            return self.create_proxy("call_module", path, args, kwargs)
        self._open.append((path, m))
        self.deepest = path
        value = forward(*args, **kwargs)
        self._open.pop()
        return value

    def switch_grad(self, mode: bool) -> None:
        """Notes that gradients are switched on or off."""
        self.create_node("call_function", SET_GRAD, (mode,), {})

    def function(self, function: Callable[..., Any], args: Any, kwargs: Any, frame: FrameType) -> Any:
        """Makes a node of the user's own autograd function."""
        return self.create_proxy("call_function", function, args, kwargs)

    @property
    def failed_in(self) -> str:
        """Path of the innermost module that was open when tracing stopped."""
        return self._open[-1][0] if self._open else ""

    def create_args_for_root(
        self, root_fn: Callable[..., Any], is_module: bool, concrete_args: Any = None
    ) -> tuple[Callable[..., Any], list[Any]]:
        """A placeholder for each flat input; what is not a tensor is passed as it stands."""
        proxies = []
        for index, leaf in enumerate(self._inputs):
            proxy = self.create_proxy("placeholder", f"input_{index}", (), {})
            proxies.append(proxy if isinstance(leaf, Tensor) else leaf)

        def function(root: nn.Module, *flat: Any) -> Any:
            args, kwargs = self._layout.arguments(flat)
            return boundary(root_fn, root, *args, **kwargs)

        return function, [self.root, *proxies]


def trace_fx(
    model: nn.Module, layout: Layout, inputs: Inputs, *, extra: frozenset[str] = frozenset(), names: bool = True
) -> tuple[Taken | None, str, Exception | None]:
    """The traced graph, or the path of the module where tracing stopped and why; ``names`` as for a walker."""
    tracer = ChainTracer(layout, inputs, extra, names=names)
    try:
        seed_all(_OTHER_SEED)
        before = torch.get_rng_state()
        eyes = watching(tracer.switch_grad), own_functions(tracer.function), _without_proxies(model)
        with eyes[0], eyes[1], eyes[2], mode_reads() as reads:
            graph = tracer.trace(model)
        if not torch.equal(before, torch.get_rng_state()):
            return None, "", fx.proxy.TraceError("numbers drawn at random would be constants")
        module = as_module(model, graph)
    except Exception as error:
        return None, tracer.failed_in, error
    return Taken(module, _moved(tracer.chains, module), _moved(tracer.scopes, module), modal=reads.any), "", None


@contextmanager
def _without_proxies(model: nn.Module) -> Iterator[None]:
    """Takes back what forward keeps in attributes and buffers (``self.seen += 1``): symbols, when it is traced."""
    tables = [table for module in model.modules() for table in (module.__dict__, module._buffers)]
    before = [dict(table) for table in tables]
    try:
        yield
    finally:
        for table, members in zip(tables, before, strict=True):
            for name in [name for name, value in table.items() if isinstance(value, fx.Proxy)]:
                del table[name]
            table.update((name, value) for name, value in members.items() if name not in table)


def _moved(facts: dict[fx.Node, Any], module: fx.GraphModule) -> dict[str, Any]:
    names = {node.name for node in module.graph.nodes}
    return {node.name: fact for node, fact in facts.items() if node.name in names}
