"""The executable graph of a model, whatever its children are called."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from torch import fx, nn
from torch.fx.node import map_arg

_HIDING = frozenset(name for name, value in vars(fx.GraphModule).items() if isinstance(value, property))


class HeldGraph(fx.GraphModule):
    """A graph module for models that may have children with the names of its own attributes, ``graph`` or ``code``."""

    def __getattribute__(self, name: str) -> Any:
        """The children come first as long as they are being collected, which is until there is a graph."""
        if name in _HIDING and "_graph" not in object.__getattribute__(self, "__dict__"):
            return self.__getattr__(name)
        return super().__getattribute__(name)

    def __setattr__(self, name: str, value: Any) -> None:
        """Sets the graph past a child of that name."""
        if isinstance(value, fx.Graph):
            object.__setattr__(self, name, value)
        else:
            super().__setattr__(name, value)

    def recompile(self) -> Any:
        """Leaves the graph as it is: writing it down as Python code costs a tenth of tracing, and few call it."""
        return None

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Writes the graph down after all, which puts another function in the place of this one."""
        super().recompile()
        return self.forward(*args, **kwargs)

    def get_submodule(self, target: str) -> nn.Module:
        """The module at a path, which no attribute of the graph module hides."""
        first, _, rest = target.partition(".")
        child = self._modules.get(first)
        return super().get_submodule(target) if child is None else child.get_submodule(rest)


class GraphRun:
    """Runs a graph node by node with the modules of a model, which no attribute of the graph module hides.

    It does what ``fx.Interpreter`` does, in a fraction of the time that this spends on each node.
    """

    def __init__(self, module: nn.Module, graph: fx.Graph) -> None:
        self.module = module
        self._values: dict[fx.Node, Any] = {}
        self._inputs: Iterator[Any] = iter(())
        self._nodes = [(node, tuple(dead)) for node, dead in _last_uses(graph).items()]

    def run(self, *inputs: Any) -> Any:
        """What the graph returns for flat inputs."""
        values = self._values = {}
        self._inputs = iter(inputs)
        try:
            for node, dead in self._nodes:
                value = self.run_node(node)
                if node.op == "output":
                    return value
                values[node] = value
                for each in dead:
                    del values[each]
        finally:
            self._values = {}
        return None

    def run_node(self, n: fx.Node) -> Any:
        """The value of a node, once those that it reads are known."""
        op, target = n.op, n.target
        if op == "placeholder":
            return next(self._inputs)
        if op == "get_attr":
            return self.fetch_attr(str(target))
        args = [self._value(each) for each in n.args]
        kwargs = {name: self._value(each) for name, each in n.kwargs.items()}
        if op == "call_module":
            return self.fetch_attr(str(target))(*args, **kwargs)
        if op == "call_function":
            return target(*args, **kwargs)  # type: ignore[operator]
        if op == "call_method":
            return getattr(args[0], str(target))(*args[1:], **kwargs)
        return args[0]

    def _value(self, argument: Any) -> Any:
        if isinstance(argument, fx.Node):
            return self._values[argument]
        if argument is None or isinstance(argument, (int, float, str)):
            return argument
        return map_arg(argument, self._values.__getitem__)

    def fetch_attr(self, target: str) -> Any:
        """The module or tensor at a path."""
        first, *rest = target.split(".")
        value: Any = self.module._modules.get(first)
        if value is None:
            value = getattr(self.module, first)
        for name in rest:
            child = value._modules.get(name) if isinstance(value, nn.Module) else None
            value = getattr(value, name) if child is None else child
        return value


def _last_uses(graph: fx.Graph) -> dict[fx.Node, list[fx.Node]]:
    """The nodes in order, each with those whose values nobody reads after it."""
    uses: dict[fx.Node, list[fx.Node]] = {node: [] for node in graph.nodes}
    last = {operand: node for node in uses for operand in node.all_input_nodes}
    for operand, node in last.items():
        uses[node].append(operand)
    return uses


def as_module(model: nn.Module, graph: fx.Graph) -> fx.GraphModule:
    """The graph with the modules and tensors of the model that it speaks of."""
    return HeldGraph(model, graph, type(model).__name__)
