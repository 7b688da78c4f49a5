"""Residual edges: additions of a tensor and of something computed from it at the same resolution."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, cast

from mutagen.match.families import NEUTRAL, POINTWISE, stem
from mutagen.match.resolution import calls_between, reaches_at_resolution
from mutagen.match.view import TraceView, constant
from mutagen.match.walk import SHORTCUT_CALLS, entering, roots
from mutagen.records.trace import Node

Shortcut = Literal["identity", "projected"]


@dataclass(frozen=True, slots=True)
class Edge:
    """An operand of a joining node and its partner, as indices into the inputs of the node."""

    node: int
    operand: int
    other: int
    shortcut: Shortcut | None = None


class _Rank(NamedTuple):
    """The better the lower: made by a projection of its own, sums and calls on the way, changed on the way at all.

    ``root`` is the tensor that it was made from.
    """

    projected: bool
    sums: int
    length: int
    changed: bool
    root: int


@dataclass(frozen=True, slots=True)
class EdgeScan:
    """The edges of one kind in a trace, how many joining nodes were looked at, and why the others are none."""

    edges: tuple[Edge, ...]
    seen: int
    misses: Mapping[str, int]


def residual_edges(view: TraceView) -> EdgeScan:
    """All residual additions of the trace, in the order of the graph; the branch is the operand, the shortcut other.

    The shortcut is an ancestor of the branch, or made from one through at most one convolution or linear layer
    (He et al., "Deep residual learning", 2015), or a sum that such a shortcut was joined to already: of ``x + a(x) +
    b(x)`` both ``a(x)`` and ``b(x)`` are branches. Projections alike are no branch and shortcut but a sum.
    Activations that are written out, such as x + 0.04 x^3, have no branch.
    """
    if "residual" not in view.memo:
        view.memo["residual"] = _scan(view)
    return cast("EdgeScan", view.memo["residual"])


def adds_two(node: Node) -> bool:
    """Whether a call is the sum of two tensors; a number added to a tensor joins nothing."""
    return node.name == "add" and len(node.inputs) == 2


def addition(view: TraceView, node: Node) -> str | None:
    """Why a sum of two tensors joins no two tensors of one shape as they are, or None if it does."""
    if node.inputs[0] == node.inputs[1]:
        return "add a tensor to itself"
    left, right = (view.nodes[index].shape for index in node.inputs)
    if left is None or left != right:
        return "add tensors of different shapes"
    return None if constant(node, "alpha", 2, 1) in (1, None) else "scale an operand"


def _scan(view: TraceView) -> EdgeScan:
    misses: Counter[str] = Counter()
    edges: list[Edge] = []
    carried: dict[int, int] = {}
    alike: dict[int, _Rank] = {}
    additions = [node for node in view.nodes if adds_two(node)]
    for node in additions:
        found = addition(view, node) or _residual(view, node, carried, alike)
        if isinstance(found, Edge):
            edges.append(found)
            carried[node.index] = node.inputs[found.other]
        else:
            misses[found] += 1
    return EdgeScan(tuple(edges), len(additions), misses)


def _residual(view: TraceView, node: Node, carried: Mapping[int, int], alike: dict[int, _Rank]) -> Edge | str:
    """The edge that a sum of two tensors is, or why it is none; ``carried`` are the shortcuts of the sums before.

    ``alike`` are the sums before that add projections alike, and gets this one if it does.
    """
    if any(_gated_by(view, node.inputs[operand], node.inputs[1 - operand]) for operand in (0, 1)):
        return "add a skip that the other operand gates"
    found = [(rank, operand) for operand in (1, 0) if (rank := _rank(view, node, operand, carried)) is not None]
    if not found:
        return "have no shortcut at the same resolution"
    best = min(found)
    rest = _plain(view, node.inputs[1 - best[1]])[0]
    if (len(found) == 2 and found[0][0] == found[1][0]) or alike.get(rest) == best[0]:
        alike[node.index] = best[0]
        return "add projections alike"
    start, branch = node.inputs[best[1]], node.inputs[1 - best[1]]
    between = calls_between(view, start, branch) if view.is_ancestor(start, branch) else ()
    if between and all(stem(view.nodes[index].name) in POINTWISE for index in between):
        return "are part of a pointwise function"
    if _straight_through(view, start, branch):
        return "pass another value on with the gradient of a tensor"
    kind: Shortcut = "projected" if best[0].changed else "identity"
    return Edge(node.index, 1 - best[1], best[1], kind)


def _gated_by(view: TraceView, operand: int, other: int) -> bool:
    """Whether an operand comes out of a standing gate that reads the other one beside what it lets through."""
    product = view.product_of_node(view.nodes[operand])
    sources = entering(view, operand, product) if product is not None else ()
    return len(sources) > 1 and other in sources


def _straight_through(view: TraceView, start: int, branch: int) -> bool:
    """Whether the branch is what is missing to another value: ``x + (q - x).detach()`` or ``x + (q - x.detach())``.

    The sum is then ``q`` with the gradient of ``x`` (Bengio et al., "Estimating or propagating gradients", 2013).
    """
    end, cut = _plain(view, branch)
    node = view.nodes[end]
    if node.name != "sub" or len(node.inputs) != 2:
        return False
    taken, cut_there = _plain(view, node.inputs[1])
    return taken == _plain(view, start)[0] and (cut or cut_there)


def _plain(view: TraceView, index: int) -> tuple[int, bool]:
    """The tensor that neutral calls carry on, and whether one of them is ``detach``."""
    cut = False
    while (node := view.nodes[index]).name in NEUTRAL and node.inputs:
        cut = cut or node.name == "detach"
        index = node.inputs[0]
    return index, cut


def _rank(view: TraceView, node: Node, shortcut: int, carried: Mapping[int, int]) -> _Rank | None:
    """How well this operand serves as a shortcut around the other, None if it is none."""
    start, branch = node.inputs[shortcut], node.inputs[1 - shortcut]
    ranks = [
        _Rank(root.changed and not sums, sums, root.length, root.changed, root.node)
        for sums, term in enumerate(_terms(view, start, carried))
        for root in roots(view, term, SHORTCUT_CALLS)
        if reaches_at_resolution(view, root.node, branch, node.index)
        and not (root.changed and _modulated(view, root.node, branch))
    ]
    return min(ranks, default=None)


def _modulated(view: TraceView, root: int, branch: int) -> bool:
    """Whether ``root`` only scales something else on the branch: with a projection of it as shift that is no block.

    So scale and shift modulate features (FiLM, Perez et al., 2018), or noise (``mean + std * noise``).
    """
    node = view.nodes[_plain(view, branch)[0]]
    return node.name == "mul" and len(node.inputs) == 2 and any(_strange(view, root, it) for it in node.inputs)


def _strange(view: TraceView, root: int, factor: int) -> bool:
    node = view.nodes[_plain(view, factor)[0]]
    if node.kind == "attribute" or node.index == root:
        return False
    return node.name.startswith("rand") or not view.is_ancestor(root, node.index)


def _terms(view: TraceView, start: int, carried: Mapping[int, int]) -> Iterator[int]:
    """The operand and, where it is a sum that carries a shortcut on, this shortcut, and so on."""
    yield start
    while (index := _plain(view, start)[0]) in carried:
        start = carried[index]
        yield start
