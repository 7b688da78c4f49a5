"""What a rule file says, after it was read and validated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from mutagen.errors import Place

if TYPE_CHECKING:
    from mutagen.records.blocks import OwnBlock
    from mutagen.records.claims import Claim
    from mutagen.records.rule_tests import RuleTest

Scalar = bool | int | float | str | None
Value = Scalar | tuple["Value", ...]

TestName = Literal["eq", "ne", "gt", "ge", "lt", "le", "in", "multiple_of"]
EdgeKind = Literal["residual", "skip", "concat", "add", "mul"]
ActionKind = Literal["replace", "insert", "set", "wrap", "remove", "skip"]
Style = Literal["inline", "module"]
Partial = Literal["refuse", "allow"]
_MEETING = ("insert", "wrap", "remove")
Safety = Literal["exact", "fine-tune", "train"]
Emit = Literal["in-place", "flag", "subclass"]
Start = Literal["paper", "identity"]
Strategy = Literal["site", "origin", "split", "subclass", "override", "forward"]

COSTS = frozenset({"macs", "macs_share"})
"""Facts of instances that only counting the multiply-adds of a run tells."""


@dataclass(frozen=True, slots=True)
class Test:
    """One comparison with a fact of an instance; an ordering test on a tuple speaks of its largest element."""

    fact: str
    test: TestName
    value: Value


@dataclass(frozen=True, slots=True)
class Only:
    """Positions, from 1, among all that a query selects in the order in which the model runs; 0 asks for nothing."""

    first: int = 0
    last: int = 0
    every: int = 0
    nth: int = 0


@dataclass(frozen=True, slots=True)
class Source:
    """Where the expression stands that makes an instance or a call: globs for its class, its function and its file."""

    cls: tuple[str, ...] = ()
    function: tuple[str, ...] = ()
    file: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PartQuery:
    """One operation of a pattern: ``means`` are the operations that its name stands for, if its query names none.

    ``reads`` are the names of its operands: other parts, or any tensors, of which those of one name are the same.
    """

    name: str
    means: tuple[str, ...]
    query: Query
    reads: tuple[str, ...] = ("x",)


@dataclass(frozen=True, slots=True)
class Query:
    """What a rule selects. One subject at most: instances (``type``, ``isa``, ``path``), ``block``, ``op``, ``edge``.

    A query without one takes the subjects of ``every`` and ``some``, the queries of which all, or any, must hold.
    ``pattern`` is a tree of operations in the data flow, mostly a chain, the last one first.
    """

    type: tuple[str, ...] = ()
    isa: tuple[str, ...] = ()
    path: tuple[str, ...] = ()
    block: str | None = None
    edge: EdgeKind | None = None
    op: str | None = None
    where: tuple[Test, ...] = ()
    inside: Query | None = None
    has: Query | None = None
    after: Query | None = None
    before: Query | None = None
    source: Source | None = None
    every: tuple[Query, ...] = ()
    some: tuple[Query, ...] = ()
    excluded: tuple[Query, ...] = ()
    only: Only | None = None
    pattern: tuple[PartQuery, ...] = ()

    def nested(self) -> Iterator[Query]:
        """The query and all those within it."""
        yield self
        around = (self.inside, self.has, self.after, self.before)
        for inner in (*around, *self.every, *self.some, *self.excluded, *(part.query for part in self.pattern)):
            if inner is not None:
                yield from inner.nested()

    @property
    def facts(self) -> frozenset[str]:
        """The facts that it, or a query within it, tests."""
        return frozenset(test.fact for query in self.nested() for test in query.where)

    @property
    def speaks_of_calls(self) -> bool:
        """Whether it selects by what is computed, not by what modules there are."""
        called = (it.op or it.edge or it.block or it.after or it.before or it.pattern for it in self.nested())
        return any(map(bool, called))


@dataclass(frozen=True, slots=True)
class Action:
    """What happens to a match.

    ``block`` names a catalogue block, a ``torch.nn`` class or an operation; for ``set`` it is empty, and ``args`` are
    the constructor's arguments that change. ``emit`` says whether a new argument, off by default, switches it on, or
    whether subclasses carry it and the classes stay as they are. ``start`` says whether the block starts as published
    or as if it were not there; ``strategy`` is the rung that all edits must stand on, where the rule asks for one.
    """

    kind: ActionKind
    block: str
    at: str | None = None
    args: Mapping[str, Value] = field(default_factory=dict)
    style: Style = "inline"
    partial: Partial = "refuse"
    emit: Emit = "in-place"
    start: Start = "paper"
    strategy: Strategy | None = None


@dataclass(frozen=True, slots=True)
class Captured:
    """A fact of another part of a pattern, as an argument.

    ``values`` are those of the fact, ``sources`` the paths of the modules that have it, by the path of the module that
    gets the argument.
    """

    part: str
    fact: str
    values: Mapping[str, Value]
    sources: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, with the place of its ``id`` in the rule file.

    ``parts`` are what happens to the parts of a pattern, by name; ``action`` then holds what they have in common.
    ``captured`` are arguments of the action that are facts of other parts.
    """

    id: str
    query: Query
    action: Action
    why: str = ""
    optional: bool = False
    place: Place | None = None
    claims: tuple[Claim, ...] = ()
    safety: Safety | None = None
    parts: Mapping[str, Action] = field(default_factory=dict)
    captured: Mapping[str, Captured] = field(default_factory=dict)

    @property
    def actions(self) -> tuple[Action, ...]:
        """All that it does."""
        return tuple(self.parts.values()) or (self.action,)

    def arguments(self, path: str) -> dict[str, Value]:
        """The arguments of the action for the module at a path."""
        told = {name: it.values[path] for name, it in self.captured.items() if path in it.values}
        return {**self.action.args, **told}

    @property
    def needs_calls(self) -> bool:
        """Whether it asks when, or where, something is called."""
        return self.query.speaks_of_calls or self.query.only is not None or self.action.kind in _MEETING

    @property
    def needs_macs(self) -> bool:
        """Whether it tests what modules cost."""
        return not self.query.facts.isdisjoint(COSTS)


@dataclass(frozen=True, slots=True)
class RuleSet:
    """A rule file; ``model``, ``inputs`` and those of the smaller configuration are texts as the flags take them.

    ``files`` are all that were read for it: its own, those of a folder, and what these include. ``own`` are the blocks
    that it brings along.
    """

    rules: tuple[Rule, ...]
    file: str
    model: str | None = None
    inputs: tuple[str, ...] = ()
    prove_with: str | None = None
    prove_inputs: tuple[str, ...] = ()
    budget: tuple[Claim, ...] = ()
    files: tuple[str, ...] = ()
    own: tuple[OwnBlock, ...] = ()
    tests: tuple[RuleTest, ...] = ()
