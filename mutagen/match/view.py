"""A trace with what the matchers ask of it again and again, computed once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from mutagen.blocks.catalogue import load_blocks
from mutagen.match.families import METADATA
from mutagen.match.made import Made
from mutagen.records.blocks import BODY, Block
from mutagen.records.rules import Value
from mutagen.records.trace import Instance, Node, Trace


class TraceView:
    """A trace, the standing products in it, what the rules of the run make, and the data flow.

    ``blocks`` are those that rules may name, the catalogue's if not said.

    Data flow runs along tensor operands only; sizes and other facts of tensors carry none.
    """

    def __init__(
        self,
        trace: Trace,
        products: Mapping[str, str],
        made: Made | None = None,
        blocks: Mapping[str, Block] | None = None,
    ) -> None:
        self.trace = trace
        self.blocks = load_blocks() if blocks is None else blocks
        self.products = dict(products)
        self.made = made or Made()
        self.files = frozenset(trace.files)
        self.nodes = trace.nodes
        self.memo: dict[str, object] = {}

    @cached_property
    def instances_at(self) -> Mapping[str, Instance]:
        """Instances by each of their paths."""
        return {alias: item for item in self.trace.instances for alias in (item.path, *item.aliases)}

    @cached_property
    def nodes_in(self) -> Mapping[str, tuple[int, ...]]:
        """The calls that are made in each module, or are calls of it, in order, by each of the module's paths."""
        found: dict[str, dict[int, None]] = {}
        for node in self.nodes:
            for path in (node.scope, node.path):
                for prefix in outermost_first(path) if path is not None else ():
                    found.setdefault(prefix, {})[node.index] = None
        return {path: tuple(indices) for path, indices in found.items()}

    @cached_property
    def ancestors(self) -> tuple[int, ...]:
        """For each node the set of the nodes it depends on, itself excluded, as the bits of an integer."""
        found: list[int] = []
        for sources in self.flows:
            bits = 0
            for source in sources:
                bits |= found[source] | (1 << source)
            found.append(bits)
        return tuple(found)

    @cached_property
    def flows(self) -> tuple[tuple[int, ...], ...]:
        """For each node its operands that carry values, not only sizes."""
        return tuple(
            tuple(source for source in node.inputs if self.nodes[source].name not in METADATA) for node in self.nodes
        )

    @cached_property
    def feeds(self) -> tuple[tuple[int, ...], ...]:
        """For each node its operands that depend on an input of the model: weights and constants are left out."""
        entries = sum(1 << node.index for node in self.nodes if node.kind == "input")

        def carries(index: int) -> bool:
            return bool((self.ancestors[index] | (1 << index)) & entries)

        return tuple(tuple(source for source in sources if carries(source)) for sources in self.flows)

    @cached_property
    def users(self) -> tuple[tuple[int, ...], ...]:
        """For each node the nodes that read it, in order."""
        found: list[list[int]] = [[] for _ in self.nodes]
        for node in self.nodes:
            for source in dict.fromkeys(node.inputs):
                found[source].append(node.index)
        return tuple(tuple(readers) for readers in found)

    def is_ancestor(self, early: int, late: int) -> bool:
        """Whether ``late`` depends on ``early``; no node is its own ancestor."""
        return bool(self.ancestors[late] >> early & 1)

    def product_around(self, path: str) -> str | None:
        """Path of the outermost standing product that is the instance at ``path`` or holds it.

        What a product was put around is the user's, and no part of it.
        """
        around = (prefix for prefix in outermost_first(path) if prefix in self.products)
        return next((prefix for prefix in around if not self._is_wrapped(path, prefix)), None)

    def _is_wrapped(self, path: str, product: str) -> bool:
        block = self.blocks.get(self.products[product])
        wraps = block is not None and block.composed is not None and block.composed.wraps
        return wraps and is_within(path, f"{product}.{BODY}")

    def product_of_node(self, node: Node) -> str | None:
        """Path of the standing product that makes this call or is called by it."""
        inner = self.product_around(node.path) if node.path is not None else None
        return self.product_around(node.scope) or inner


def outermost_first(path: str) -> Iterator[str]:
    """All prefixes of a dotted path, from the model itself ("") to the path."""
    yield ""
    parts = path.split(".") if path else []
    for count in range(1, len(parts) + 1):
        yield ".".join(parts[:count])


def is_within(path: str | None, owner: str) -> bool:
    """Whether ``path`` is ``owner`` or lies below it."""
    return path is not None and (owner == "" or path == owner or path.startswith(owner + "."))


def node_within(node: Node, owner: str) -> bool:
    """Whether the node is a call made inside the instance, or a call of a leaf that is or lies in the instance."""
    return is_within(node.scope, owner) or is_within(node.path, owner)


def constant(node: Node, name: str, position: int, default: Value = None) -> Value:
    """An argument of a call that is not a tensor, by name or by position."""
    for key in (name, str(position)):
        if key in node.constants:
            return node.constants[key]
    return default
