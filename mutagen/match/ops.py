"""Calls of an operation, made by a module, a function or a method, in place or not."""

from __future__ import annotations

from mutagen.match.view import TraceView
from mutagen.records.trace import Node
from mutagen.trace.operation_names import of_class

_SPELLINGS = {"swish": "silu", "hard_swish": "hardswish", "hard_sigmoid": "hardsigmoid", "concat": "cat"}


def operation(name: str) -> str:
    """The canonical name of an operation as a rule may spell it."""
    plain = name.lower().replace("-", "_")
    return _SPELLINGS.get(plain, plain)


def op_calls(view: TraceView, name: str) -> tuple[Node, ...]:
    """All calls of the operation in the order of the graph."""
    wanted = operation(name)
    return tuple(node for node in view.nodes if node.name == wanted and node.kind in {"module", "function", "method"})


def operations_before(view: TraceView, name: str) -> frozenset[str]:
    """The operations in the place of which a rule of the run puts this one."""
    made = (classes for block, classes in view.made.replaced.items() if name in (operation(block), of_class(block)))
    return frozenset(of_class(each) for classes in made for each in classes)
