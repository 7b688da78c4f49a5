"""Squeeze-and-excitation by what a module computes (Hu et al., 2018), whatever its class is called."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import cast

from mutagen.match.families import EXPANSIONS, METADATA, NEUTRAL, NONLINEAR, POINTWISE, RESHAPES, stem
from mutagen.match.view import TraceView, constant, node_within
from mutagen.records.trace import Instance, Node

_PASSED = NEUTRAL | RESHAPES | EXPANSIONS
_GATES = frozenset({"sigmoid", "hardsigmoid"})
_CLIPS = frozenset({"relu6", "hardtanh", "clamp", "clip"})
_SQUEEZES = frozenset({"adaptive_avg_pool", "avg_pool", "mean"})


@dataclass(frozen=True, slots=True)
class SqueezeExcites:
    """The instances that are squeeze-and-excitation, and those that compute only its gate."""

    whole: tuple[Instance, ...]
    gate_only: tuple[Instance, ...]


class _Mismatch(Exception):
    """The module computes something else."""


def squeeze_excites(view: TraceView) -> SqueezeExcites:
    """All such instances of user classes that do not hold a smaller one, in the order of the model."""
    if "squeeze-excite" not in view.memo:
        view.memo["squeeze-excite"] = _scan(view)
    return cast("SqueezeExcites", view.memo["squeeze-excite"])


def _scan(view: TraceView) -> SqueezeExcites:
    calls = _calls_by_owner(view)
    whole: list[Instance] = []
    gates: list[Instance] = []
    for instance in view.trace.instances:
        inner = calls.get(instance.path, [])
        if instance.definition is None or instance.library or not inner:
            continue
        kind = _kind(view, instance, inner)
        if kind is not None:
            (whole if kind == "whole" else gates).append(instance)
    return SqueezeExcites(_smallest(whole), _smallest(gates))


def _calls_by_owner(view: TraceView) -> dict[str, list[Node]]:
    """The calls inside of each instance that is small enough to be one."""
    found: dict[str, list[Node]] = {}
    for node in view.nodes:
        parts = (node.path if node.path is not None else node.scope).split(".")
        for count in range(1, len(parts) + 1):
            found.setdefault(".".join(parts[:count]), []).append(node)
    return {path: nodes for path, nodes in found.items() if any(_is_gate(node) for node in nodes)}


def _is_gate(node: Node) -> bool:
    return stem(node.name) in _GATES | _CLIPS


def _smallest(instances: list[Instance]) -> tuple[Instance, ...]:
    paths = [item.path for item in instances]
    return tuple(item for item in instances if not any(path.startswith(item.path + ".") for path in paths))


def _kind(view: TraceView, instance: Instance, inner: list[Node]) -> str | None:
    """Either "whole" or "gate", or None for an instance with these calls."""
    computed = [node.index for node in inner if node.name not in METADATA and view.feeds[node.index]]
    own = set(computed)
    outside = {user for index in computed for user in view.users[index]} - {node.index for node in inner}
    ends = [index for index in computed if not outside.isdisjoint(view.users[index])]
    kinds: set[str] = set()
    used: set[int] = set()
    weights = 0
    try:
        for end in ends:
            shape = _Shape(view, instance.path)
            kinds.add(shape.read(end))
            used |= shape.used
            weights = max(weights, shape.weights)
    except _Mismatch:
        return None
    params = instance.facts.get("params")
    if own - used or (isinstance(params, int) and params != weights) or len(kinds) != 1:
        return None
    return kinds.pop()


def _adds_axes(node: Node) -> bool:
    """Whether a call is an index that keeps all numbers: ``y[:, :, None, None]``."""
    index = node.constants.get("index")
    whole = (("slice", None, None, None), None, "...")
    return node.name == "getitem" and isinstance(index, tuple) and all(it in whole for it in index)


class _Shape:
    """Reads one output of a module backwards; ``used`` are the calls read, ``weights`` counts their parameters."""

    def __init__(self, view: TraceView, owner: str) -> None:
        self.view = view
        self.owner = owner
        self.used: set[int] = set()
        self.weights = 0

    def read(self, end: int) -> str:
        """Reads the output: "whole" for x * gate(x), "gate" for gate(x)."""
        end = self.back(end, NEUTRAL)
        feeds = self.view.feeds[end]
        if self.view.nodes[end].name != "mul" or len(feeds) != 2:
            self.gate(end)
            return "gate"
        self.used.add(end)
        for scaled, gate in ((feeds[0], feeds[1]), (feeds[1], feeds[0])):
            if not self.inside(scaled) and self.inside(gate):
                if self.gate(gate) != scaled:
                    raise _Mismatch
                return "whole"
        raise _Mismatch

    def inside(self, index: int) -> bool:
        return node_within(self.view.nodes[index], self.owner)

    def back(self, index: int, passed: frozenset[str]) -> int:
        """The nearest call behind calls that only pass values on."""
        while self.inside(index) and self.view.feeds[index]:
            node = self.view.nodes[index]
            if stem(node.name) not in passed and not (passed is _PASSED and _adds_axes(node)):
                break
            self.used.add(index)
            index = self.view.feeds[index][0]
        return index

    def step(self, index: int, names: frozenset[str]) -> int:
        """The only tensor that a call of one of these names reads."""
        feeds = self.view.feeds[index]
        if not self.inside(index) or stem(self.view.nodes[index].name) not in names or len(feeds) != 1:
            raise _Mismatch
        self.used.add(index)
        return feeds[0]

    def gate(self, index: int) -> int:
        """The tensor that is squeezed by the gate that ends at this call."""
        index = self.back(index, _PASSED)
        soft = stem(self.view.nodes[index].name) in _GATES
        index = self.step(index, _GATES) if soft else self.hard_sigmoid(index)
        index = self.pointwise(self.back(index, _PASSED))
        index = self.activation(self.back(index, _PASSED))
        index = self.pointwise(self.back(index, _PASSED))
        return self.squeeze(self.back(index, _PASSED))

    def activation(self, index: int) -> int:
        """Behind a nonlinear function of one tensor, also one that is written out, as x * sigmoid(x)."""
        pending, seen, sources = [index], {index}, set()
        while pending:
            index = pending.pop()
            if not self.inside(index) or stem(self.view.nodes[index].name) not in POINTWISE:
                sources.add(index)
                continue
            for feed in set(self.view.feeds[index]) - seen:
                seen.add(feed)
                pending.append(feed)
        passed = seen - sources
        if len(sources) != 1 or not any(stem(self.view.nodes[item].name) in NONLINEAR for item in passed):
            raise _Mismatch
        self.used |= passed
        return sources.pop()

    def hard_sigmoid(self, index: int) -> int:
        """relu6(x + 3) / 6 in its spellings."""
        index = self.back(self.step(index, frozenset({"div", "mul", "true_divide"})), NEUTRAL)
        index = self.back(self.step(index, _CLIPS), NEUTRAL)
        return self.step(index, frozenset({"add"}))

    def pointwise(self, index: int) -> int:
        """Behind a 1x1 convolution without groups, or a linear layer."""
        node = self.view.nodes[index]
        source = self.step(index, frozenset({"conv", "linear"}))
        instance = self.view.instances_at.get(node.path) if node.path is not None else None
        weights = [self.view.nodes[item] for item in node.inputs if item != source]
        if instance is not None:
            kernel, groups = instance.facts.get("kernel_size", 1), instance.facts.get("groups", 1)
            params = instance.facts.get("params", 0)
            self.weights += params if isinstance(params, int) else 0
        else:
            kernel = weights[0].shape[2:] if weights and weights[0].shape else 1
            groups = constant(node, "groups", 6, 1)
            self.weights += sum(prod(item.shape or ()) for item in weights)
        sizes = kernel if isinstance(kernel, tuple) else (kernel,)
        if any(size != 1 for size in sizes) or groups != 1:
            raise _Mismatch
        return source

    def squeeze(self, index: int) -> int:
        """Behind an average over all of space, also one taken in two steps."""
        shape = self.view.nodes[index].shape
        while True:
            index = self.back(self.step(index, _SQUEEZES), _PASSED)
            if not self.inside(index):
                break
        before = self.view.nodes[index].shape
        if shape is None or before is None or len(before) < 3 or prod(shape) != before[0] * before[1]:
            raise _Mismatch
        if shape[: min(2, len(shape))] != before[: min(2, len(shape))]:
            raise _Mismatch
        return index
