"""What a rule file says, after it was read and validated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from mutagen.errors import Place

Scalar = bool | int | float | str | None
Value = Scalar | tuple["Value", ...]

TestName = Literal["eq", "ne", "gt", "ge", "lt", "le", "in", "multiple_of"]
EdgeKind = Literal["residual", "skip"]
ActionKind = Literal["replace", "insert", "set"]
Style = Literal["inline", "module"]
Partial = Literal["refuse", "allow"]
Emit = Literal["in-place", "flag", "subclass"]


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
class Query:
    """What a rule selects. Exactly one subject: instances (``type``, ``path``), ``block``, ``op`` or ``edge``."""

    type: tuple[str, ...] = ()
    path: tuple[str, ...] = ()
    block: str | None = None
    edge: EdgeKind | None = None
    op: str | None = None
    where: tuple[Test, ...] = ()
    inside: Query | None = None
    excluded: tuple[Query, ...] = ()
    only: Only | None = None

    @property
    def speaks_of_calls(self) -> bool:
        """Whether it selects by what is computed, not by what modules there are."""
        return bool(self.op or self.edge or self.block)


@dataclass(frozen=True, slots=True)
class Action:
    """What happens to a match.

    ``block`` names a catalogue block, a ``torch.nn`` class or an operation; for ``set`` it is empty, and ``args`` are
    the constructor's arguments that change. ``emit`` says whether a new argument, off by default, switches it on, or
    whether subclasses carry it and the classes stay as they are.
    """

    kind: ActionKind
    block: str
    at: str | None = None
    args: Mapping[str, Value] = field(default_factory=dict)
    style: Style = "inline"
    partial: Partial = "refuse"
    emit: Emit = "in-place"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, with the place of its ``id`` in the rule file."""

    id: str
    query: Query
    action: Action
    why: str = ""
    optional: bool = False
    place: Place | None = None

    @property
    def needs_calls(self) -> bool:
        """Whether it asks when, or where, something is called."""
        return self.query.speaks_of_calls or self.query.only is not None or self.action.kind == "insert"


@dataclass(frozen=True, slots=True)
class RuleSet:
    """A rule file; ``model``, ``inputs`` and those of the smaller configuration are texts as the flags take them."""

    rules: tuple[Rule, ...]
    file: str
    model: str | None = None
    inputs: tuple[str, ...] = ()
    prove_with: str | None = None
    prove_inputs: tuple[str, ...] = ()
