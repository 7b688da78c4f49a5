"""Where in a graph the spatial resolution is lower than elsewhere."""

from __future__ import annotations

from typing import Literal, cast

from mutagen.match.families import CHANNELS_FIRST, CHANNELS_LAST, REDUCTIONS, RESHAPES, stem
from mutagen.match.view import TraceView
from mutagen.records.rules import Value
from mutagen.records.trace import Node

Layout = Literal["first", "last"]
Size = tuple[int, ...]


def layouts(view: TraceView) -> tuple[Layout | None, ...]:
    """For each node of three or more dimensions where its channels are, told by the nearest call that fixes it."""
    if "layouts" not in view.memo:
        found: list[Layout | None] = []
        for node in view.nodes:
            found.append(_layout(view, node, found))
        view.memo["layouts"] = tuple(found)
    return cast("tuple[Layout | None, ...]", view.memo["layouts"])


def _layout(view: TraceView, node: Node, known: list[Layout | None]) -> Layout | None:
    name = stem(node.name)
    if node.shape is None:  # a tuple: what pooling returns with its indices
        return "first" if name in CHANNELS_FIRST else None
    rank = len(node.shape)
    if rank < 3:
        return None
    if name in CHANNELS_FIRST or node.kind == "input":
        return "first"
    if name in CHANNELS_LAST:
        return "last"
    if name in RESHAPES:
        return None
    shapes = ((source, view.nodes[source].shape) for source in view.feeds[node.index])
    alike = (source for source, shape in shapes if shape is None or len(shape) == rank)
    return next((known[source] for source in alike if known[source] is not None), None)


def spatial_size(view: TraceView, index: int) -> Size | None:
    """Height and width (and depth) of an image tensor of four or five dimensions, else None."""
    shape = view.nodes[index].shape
    if shape is None or len(shape) not in {4, 5}:
        return None
    return shape[1:-1] if layouts(view)[index] == "last" else shape[2:]


def channel_facts(view: TraceView, index: int) -> dict[str, Value]:
    """``channels``, ``layout``, ``height`` and ``width`` of a tensor, as far as it has them.

    The layout, ``channels-first`` or ``channels-last``, is that of three and more dimensions, where a layer tells it.
    """
    shape = view.nodes[index].shape
    if shape is None or len(shape) < 2:
        return {}
    last = layouts(view)[index] == "last"
    facts: dict[str, Value] = {"channels": shape[-1] if last else shape[1]}
    if (layout := layouts(view)[index]) is not None:
        facts["layout"] = f"channels-{layout}"
    size = spatial_size(view, index)
    if size is not None:
        facts |= {"height": size[-2], "width": size[-1]}
    return facts


def reaches_at_resolution(view: TraceView, root: int, goal: int, join: int) -> bool:
    """Whether some path from ``root`` to ``goal`` never falls below the resolution of ``join`` and ``root``.

    Without image tensors at ``join`` there is no resolution to fall below: any path will do.
    """
    if not view.is_ancestor(root, goal):
        return False
    size = _reference(view, root, join)
    if size is None:
        return True
    batch = (view.nodes[join].shape or (0,))[0]
    pending, seen = [goal], {goal}
    while pending:
        index = pending.pop()
        if index == root:
            return True
        if _is_lower(view, index, size, batch):
            continue
        for source in view.flows[index]:
            if source not in seen and (source == root or view.is_ancestor(root, source)):
                seen.add(source)
                pending.append(source)
    return False


def calls_between(view: TraceView, root: int, goal: int) -> list[int]:
    """The calls on all paths from ``root`` to ``goal``, ``goal`` included, in order."""
    pending, seen = [goal], {goal}
    while pending:
        for source in view.flows[pending.pop()]:
            if source not in seen and view.is_ancestor(root, source):
                seen.add(source)
                pending.append(source)
    return sorted(seen)


def longest_path(view: TraceView, root: int, goal: int) -> int:
    """Number of calls on the longest path from ``root`` to ``goal``, which depends on it."""
    length = {root: 0}
    for index in calls_between(view, root, goal):
        before = [length[source] for source in view.flows[index] if source in length]
        length[index] = max(before, default=0) + 1
    return length[goal]


def _reference(view: TraceView, root: int, join: int) -> Size | None:
    size, origin = spatial_size(view, join), spatial_size(view, root)
    if size is None or origin is None or len(origin) != len(size):
        return size
    return tuple(min(pair) for pair in zip(size, origin, strict=True))


def _is_lower(view: TraceView, index: int, size: Size, batch: int) -> bool:
    """Only images with channels first have a resolution here: heads, windows and tokens have none."""
    node = view.nodes[index]
    if stem(node.name) in REDUCTIONS:
        return _reduces_space(view, node, len(size))
    if layouts(view)[index] != "first" or node.shape is None or len(node.shape) != len(size) + 2:
        return False
    own = node.shape[2:]
    return node.shape[0] == batch and own != size and all(a <= b for a, b in zip(own, size, strict=True))


def _reduces_space(view: TraceView, node: Node, dims: int) -> bool:
    """Whether the call takes one number for each channel of an image."""
    feeds = view.feeds[node.index]
    source = view.nodes[feeds[0]].shape if feeds else None
    if source is None or node.shape is None or len(source) != dims + 2 or all(n == 1 for n in source[2:]):
        return False
    return node.shape in {source[:2], source[:2] + (1,) * dims}
