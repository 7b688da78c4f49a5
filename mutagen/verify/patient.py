"""The traced graph under the knife: a copy whose nodes are found by index, key and operand."""

from __future__ import annotations

import copy
import itertools
import operator
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any, Protocol

import torch
from torch import fx, nn

from mutagen.errors import ProofError
from mutagen.records.trace import Node, NodeKey


class LiveGraph(Protocol):
    """What the tracer hands out: ``nodes[i]`` tells about the i-th node of ``gm.graph``."""

    @property
    def gm(self) -> fx.GraphModule: ...

    @property
    def nodes(self) -> tuple[Node, ...]: ...

    @property
    def method(self) -> str: ...


class Patient:
    """A graph being edited; ``current[i]`` is the node that now stands for the i-th of the trace.

    ``blocks`` holds the blocks by match; those that are missing are added. ``rebuilt`` are the modules, by match, that
    get other arguments.
    """

    def __init__(
        self,
        live: LiveGraph,
        model: nn.Module,
        blocks: dict[str, nn.Module],
        rebuilt: Mapping[str, nn.Module],
    ) -> None:
        self.model = model
        self.blocks = blocks
        self.rebuilt = rebuilt
        self.root = live.gm
        self.graph: fx.Graph = copy.deepcopy(live.gm.graph)
        self.records = live.nodes
        self.current: list[fx.Node] = list(self.graph.nodes)
        self.gone: set[int] = set()
        self.swapped: list[tuple[nn.Module, nn.Module]] = []
        if len(self.current) != len(self.records):
            raise ProofError("P801", "the traced graph and its description differ in length")
        self._keys = {node.key: node.index for node in self.records}
        self._slots = [
            _slots(node, record, self.current) for node, record in zip(self.current, live.nodes, strict=True)
        ]

    def swap(self, module: nn.Module, block: nn.Module, undo: ExitStack) -> None:
        """Put a block in the place of a module that runs inside a leaf of the graph, or does not run at all."""
        self.swapped.append((module, block))
        swap_object(self.model, module, block, undo)

    def enter(self, undo: ExitStack) -> None:
        """Do again what was undone since, for another run in the same mode."""
        for block in (*self.blocks.values(), *self.rebuilt.values()):
            block.train(self.model.training)
        for module, block in self.swapped:
            swap_object(self.model, module, block, undo)

    def scopes(self) -> dict[fx.Node, str]:
        """Path of the module whose forward runs at each call that is left."""
        pairs = zip(self.current, self.records, strict=True)
        return {node: it.scope if it.forward is None else it.forward for node, it in pairs}

    def find(self, key: NodeKey) -> int:
        """Index of the node with this key; raises ProofError P802 if this graph has none."""
        index = self._keys.get(key)
        if index is None or index in self.gone:
            where = f"{key.span}: " if key.span else ""
            raise ProofError(
                "P802",
                f"{where}the call of {key.name} in {key.scope or 'the model'} does not occur in every mode and size",
                hint="select something that is computed in training and in evaluation alike",
            )
        return index

    def operand(self, index: int, number: int) -> fx.Node:
        """What now stands at operand ``number`` of a node."""
        return _operands(self.current[index])[self._slot(index, number)]

    def set_operand(self, index: int, number: int, value: fx.Node) -> None:
        """Put ``value`` in the place of operand ``number``, and of that alone if the node reads a tensor twice."""
        node, slot, seen = self.current[index], self._slot(index, number), itertools.count()
        args, kwargs = _map_operands(node, lambda operand: value if next(seen) == slot else operand)
        node.args, node.kwargs = args, kwargs

    def _slot(self, index: int, number: int) -> int:
        slots = self._slots[index]
        slot = slots[number] if 0 <= number < len(slots) else None
        if slot is None:
            raise ProofError("P803", f"{self.records[index].key.name} has no operand {number}")
        return slot

    def module(self, index: int) -> nn.Module | None:
        """The module that a node calls."""
        node = self.current[index]
        return self.root.get_submodule(str(node.target)) if node.op == "call_module" else None

    def channels(self, *indices: int) -> tuple[int, ...]:
        """Channels (axis 1) of the tensors that nodes of the trace gave."""
        shapes = [self.records[index].shape for index in indices]
        return tuple(shape[1] for shape in shapes if shape is not None and len(shape) > 1)

    def replace(
        self, index: int, target: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any] | None = None
    ) -> fx.Node:
        """Let a call of ``target`` take the place and all readers of a node."""
        old = self.current[index]
        with self.graph.inserting_before(old):
            new = self._call(target, args, kwargs)
        old.replace_all_uses_with(new)
        self.graph.erase_node(old)
        self.current[index] = new
        return new

    def insert(self, before: int, target: Callable[..., Any], args: tuple[Any, ...]) -> fx.Node:
        """Call ``target`` right before a node."""
        with self.graph.inserting_before(self.current[before]):
            return self._call(target, args)

    def insert_behind(self, index: int, target: Callable[..., Any], *, before: tuple[fx.Node, ...] = ()) -> fx.Node:
        """Call ``target`` with what a node gives, right behind it, and let all its readers read that instead.

        The call is given ``before`` that what other nodes give.
        """
        old = self.current[index]
        readers = list(old.users)
        with self.graph.inserting_after(old):
            new = self._call(target, (*before, old))
        for reader in readers:
            reader.replace_input_with(old, new)
        return new

    def _call(self, target: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any] | None = None) -> fx.Node:
        # A module is a callable too, but it has no name that fx could take for the node.
        return self.graph.create_node("call_function", target, args, kwargs, name="edit")

    def block(self, match: str, make: Callable[[], nn.Module]) -> nn.Module:
        """The block of a match: one object, however many calls the match has, in the mode of the model."""
        if match not in self.blocks:
            self.blocks[match] = make()
        return self.blocks[match].train(self.model.training)


def _slots(node: fx.Node, record: Node, all_nodes: list[fx.Node]) -> tuple[int | None, ...]:
    """For each tensor operand, its position among all operands of the node."""
    found = _operands(node)
    free: list[int | None] = list(range(len(found)))
    slots: list[int | None] = []
    for wanted in record.inputs:
        position = next((p for p in free if p is not None and found[p] is all_nodes[wanted]), None)
        if position is not None:
            free[position] = None
        slots.append(position)
    return tuple(slots)


def _operands(node: fx.Node) -> list[fx.Node]:
    found: list[fx.Node] = []

    def note(operand: fx.Node) -> fx.Node:
        found.append(operand)
        return operand

    _map_operands(node, note)
    return found


def _map_operands(node: fx.Node, change: Callable[[fx.Node], Any]) -> tuple[Any, Any]:
    return torch.fx.node.map_arg(node.args, change), torch.fx.node.map_arg(node.kwargs, change)


def swap_object(model: nn.Module, module: nn.Module, block: nn.Module, undo: ExitStack) -> None:
    """Put the block in the place of a module that runs inside a leaf of the graph, or does not run at all."""
    for parent in list(model.modules()):
        for name, child in list(parent._modules.items()):
            if child is module:
                parent._modules[name] = block
                undo.callback(operator.setitem, parent._modules, name, module)
