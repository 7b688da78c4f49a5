"""The executable graph of a model, whatever its children are called."""

from __future__ import annotations

from typing import Any

from torch import fx, nn

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

    def get_submodule(self, target: str) -> nn.Module:
        """The module at a path, which no attribute of the graph module hides."""
        first, _, rest = target.partition(".")
        child = self._modules.get(first)
        return super().get_submodule(target) if child is None else child.get_submodule(rest)


class GraphRun(fx.Interpreter):
    """Runs a graph with the modules of a model, which no attribute of the graph module hides."""

    def fetch_attr(self, target: str) -> Any:
        """The module or tensor at a path."""
        first, *rest = target.split(".")
        held = self.module._modules.get(first)
        if held is None:
            return super().fetch_attr(target)
        value: Any = held
        for name in rest:
            value = getattr(value, name)
        return value


def as_module(model: nn.Module, graph: fx.Graph) -> fx.GraphModule:
    """The graph with the modules and tensors of the model that it speaks of."""
    return HeldGraph(model, graph, type(model).__name__)
