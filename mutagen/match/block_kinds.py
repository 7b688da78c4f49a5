"""Modules by what they compute: repeated ones, bottlenecks, attention."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from mutagen.match.around import readers, sources_of
from mutagen.match.families import ACTIVATIONS, NEUTRAL, NORMS, POINTWISE, RESHAPES, stem
from mutagen.match.subjects import instance_subject
from mutagen.match.view import TraceView, node_within
from mutagen.match.walk import entering
from mutagen.records.rules import Value
from mutagen.records.trace import Instance, Node

_BETWEEN = NORMS | ACTIVATIONS | NEUTRAL
_PRODUCTS = frozenset({"matmul", "bmm", "mm", "baddbmm", "einsum"})
_SCORES = POINTWISE | RESHAPES | {"masked_fill", "where", "softmax", "expand", "getitem", "clamp"}
_WHOLE = frozenset({"scaled_dot_product_attention", "multi_head_attention"})


def repeated(view: TraceView) -> frozenset[str]:
    """Paths of the user's modules that stand in one container beside another of their class, one fed by the other."""
    found: set[str] = set()
    for item in view.trace.instances:
        if item.definition is None or item.library or not item.path:
            continue
        for index in sources_of(view, instance_subject(view, item)):
            before = _sibling(view, item, view.nodes[index])
            if before is not None:
                found |= {before.path, item.path}
    return frozenset(found)


def bottlenecks(view: TraceView) -> frozenset[str]:
    """Paths of the user's modules that go through a narrow convolution: 1x1, then larger, then 1x1 to more channels.

    What widens first and narrows last, as in MobileNetV2, is none (He et al., "Deep residual learning", 2015).
    """
    found: set[str] = set()
    for middle, entered, ends in _large(view):
        one = _nearest(view, entered, lambda index: view.feeds[index])
        other = _nearest(view, readers(view, ends[0]), lambda index: readers(view, index))
        if one is None or other is None or not (_is_pointwise(view, one) and _is_pointwise(view, other)):
            continue
        if _channels(view, other.index) > _channels(view, ends[0]):
            found |= _around(view, (one, middle, other))
    return frozenset(found)


def attentions(view: TraceView) -> frozenset[str]:
    """Paths of the innermost modules that weigh values by a softmax of products (Vaswani et al., 2017)."""
    found: set[str] = set()
    for node in view.nodes:
        if node.name in _WHOLE:
            path = node.path if node.kind == "module" else None
            found |= {path} if path else _around(view, (node,))
        elif node.name == "softmax" and _weighs(view, node):
            found |= _around(view, (node,))
    return frozenset(found)


KINDS: Mapping[str, Callable[[TraceView], frozenset[str]]] = {
    "repeated": repeated,
    "bottleneck": bottlenecks,
    "attention": attentions,
}


def _sibling(view: TraceView, item: Instance, node: Node) -> Instance | None:
    """The module of the same class in the same place that makes a tensor which this one reads."""
    prefix = f"{item.owner}." if item.owner else ""
    for path in (node.path, node.scope):
        if path is not None and path.startswith(prefix):
            name = path[len(prefix) :].partition(".")[0]
            other = view.instances_at.get(prefix + name)
            if other is not None and other.path != item.path and other.type == item.type:
                return other
    return None


def _large(view: TraceView) -> Iterator[tuple[Node, tuple[int, ...], tuple[int, ...]]]:
    """Convolutions of more than 1x1: the call, the tensors that enter it, the calls that end it.

    One that was made separable counts as one.
    """
    seen: set[str] = set()
    for node in view.nodes:
        if stem(node.name) != "conv" or not _is_large(view, node):
            continue
        product = view.product_of_node(node)
        if product is None:
            yield node, view.feeds[node.index], (node.index,)
        elif product not in seen:
            seen.add(product)
            inner = set(view.nodes_in.get(product, ()))
            ends = tuple(it for it in sorted(inner) if any(user not in inner for user in view.users[it]))
            if ends:
                yield node, entering(view, ends[0], product), ends


def _nearest(view: TraceView, indices: tuple[int, ...], onward: Callable[[int], tuple[int, ...]]) -> Node | None:
    """The nearest convolution on one side, behind calls that mix no channels; None where the way parts."""
    for _ in range(12):
        if len(indices) != 1:
            return None
        node = view.nodes[indices[0]]
        if stem(node.name) == "conv":
            return node
        if stem(node.name) not in _BETWEEN:
            return None
        indices = onward(node.index)
    return None


def _is_large(view: TraceView, node: Node) -> bool:
    return any(size > 1 for size in _kernel(view, node))


def _is_pointwise(view: TraceView, node: Node) -> bool:
    sizes = _kernel(view, node)
    return bool(sizes) and all(size == 1 for size in sizes)


def _kernel(view: TraceView, node: Node) -> tuple[int, ...]:
    instance = view.instances_at.get(node.path) if node.path is not None else None
    if instance is not None:
        return _numbers(instance.facts.get("kernel_size"))
    weights = [view.nodes[index].shape for index in node.inputs if index not in view.feeds[node.index]]
    return tuple(weights[0][2:]) if weights and weights[0] else ()


def _numbers(value: Value) -> tuple[int, ...]:
    items = value if isinstance(value, tuple) else (value,)
    return tuple(it for it in items if isinstance(it, int))


def _channels(view: TraceView, index: int) -> int:
    shape = view.nodes[index].shape or ()
    return shape[1] if len(shape) > 1 else 0


def _around(view: TraceView, nodes: tuple[Node, ...]) -> set[str]:
    """The path of the innermost module of the user's that makes all these calls; empty without one."""
    path = nodes[0].scope
    while not all(node_within(node, path) for node in nodes) or not _is_users(view, path):
        if not path:
            return set()
        path = path.rpartition(".")[0]
    return {path}


def _is_users(view: TraceView, path: str) -> bool:
    item = view.instances_at.get(path)
    return item is not None and item.definition is not None and not item.library


def _weighs(view: TraceView, node: Node) -> bool:
    """Whether a softmax weighs values with scores that are products of two tensors."""
    scores = _reaches(view, node.index, lambda index: view.feeds[index])
    return scores and _reaches(view, node.index, lambda index: readers(view, index))


def _reaches(view: TraceView, start: int, onward: Callable[[int], tuple[int, ...]]) -> bool:
    pending, seen = list(onward(start)), {start}
    while pending:
        index = pending.pop()
        if index in seen:
            continue
        seen.add(index)
        if view.nodes[index].name in _PRODUCTS:
            if len(view.feeds[index]) == 2:
                return True
        elif stem(view.nodes[index].name) in _SCORES:
            pending.extend(onward(index))
    return False
