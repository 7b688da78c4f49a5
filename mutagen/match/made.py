"""What the rules of a run make, so that a second run sees the model as the first one saw it.

A product of the run's own rules counts as what it replaced; what was inserted counts as nothing. Such a product need
not be of this run: whoever wrote it, it answers to the tests of these rules as what they would have made it from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import prod

from mutagen.blocks.replacement import sources
from mutagen.records.rules import Query, Rule, Value
from mutagen.records.trace import Instance

_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Made:
    """Blocks that rules put in the place of classes, by their bare names, and those that they insert."""

    replaced: Mapping[str, frozenset[str]] = field(default_factory=dict)
    inserted: frozenset[str] = frozenset()

    def stands_for(self, block: str | None) -> frozenset[str]:
        """The classes (or structural blocks) that a block took the place of."""
        return self.replaced.get(block or "", _NOTHING)


def made_by(rules: Iterable[Rule]) -> Made:
    """What some rules make."""
    replaced: dict[str, frozenset[str]] = {}
    inserted: set[str] = set()
    for it, action in ((rule, action) for rule in rules for action in rule.actions):
        block = action.block.removeprefix("torch.").removeprefix("nn.")
        if action.kind == "replace":
            replaced[block] = frozenset(sources(block)) or _named(it.query)
        elif action.kind == "insert":
            inserted.add(block)
    return Made(replaced, frozenset(inserted))


def _named(query: Query) -> frozenset[str]:
    """The classes of torch that a rule names, for blocks of its own file."""
    return frozenset(name.rpartition(".")[2] for name in query.type if name.replace(".", "_").isidentifier())


def cost_before(block: str, facts: Mapping[str, Value], *, bias: bool) -> tuple[int, int] | None:
    """Parameters and multiply-adds of what a product stands in the place of; None where the product does not tell.

    ``facts`` are those of the product, ``bias`` says whether a convolution had one. Multiply-adds are those of one
    sample, in all calls.
    """
    if block != "DepthwiseSeparableConv2d":
        return None
    kernel, groups = facts.get("kernel_size"), facts.get("groups")
    inputs, outputs = facts.get("in_channels"), facts.get("out_channels")
    if not isinstance(kernel, tuple) or not all(isinstance(it, int) for it in (inputs, outputs, groups, *kernel)):
        return None
    weights = int(str(outputs)) * int(str(inputs)) // int(str(groups)) * prod(int(str(it)) for it in kernel)
    places = prod(int(str(facts.get(name, 0))) for name in ("height", "width", "calls"))
    return weights + (int(str(outputs)) if bias else 0), weights * places


def cost_before_known(block: str) -> bool:
    """Whether what a block replaces can be told from it."""
    return same_cost(block) or block == "DepthwiseSeparableConv2d"


def same_cost(block: str) -> bool:
    """Whether a block has the parameters and multiply-adds of what it replaces."""
    return block in ("GroupNorm", "gelu", "GELU")


def class_of(instance: Instance, products: Mapping[str, str]) -> str:
    """The block that an instance is a product of, else the bare name of its class where torch defines it."""
    found = next((products[path] for path in (instance.path, *instance.aliases) if path in products), "")
    return found or (instance.name if instance.library else "")
