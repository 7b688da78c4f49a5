"""What a rule selects in a trace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from mutagen.records.rules import Rule, Value


@dataclass(frozen=True, slots=True)
class InstanceMatch:
    """A module object that a rule speaks of."""

    id: str
    path: str


@dataclass(frozen=True, slots=True)
class CallMatch:
    """One call of an operation: ``node`` is its index; ``path`` the module called, else the scope of the call."""

    id: str
    path: str
    node: int


@dataclass(frozen=True, slots=True)
class EdgeMatch:
    """One operand of a joining node (addition, concatenation).

    ``node`` is the joining node, ``operand`` the index in its ``inputs`` of the operand the rule speaks of (the branch
    of a residual for ``at: branch``, the skip for ``at: skip``), ``other`` the index of its partner (the shortcut; the
    decoder tensor that gates). ``path`` is the scope of the joining node.
    """

    id: str
    path: str
    node: int
    operand: int
    other: int
    shortcut: Literal["identity", "projected"] | None = None


@dataclass(frozen=True, slots=True)
class PartMatch:
    """What a part of a pattern is: a call, or a whole module where ``node`` is None; ``path`` as for other matches.

    ``edge`` is where something can be inserted beside the call alone, ``done`` says that what the rule asks for stands.
    """

    name: str
    path: str
    node: int | None
    facts: Mapping[str, Value]
    edge: EdgeMatch | None = None
    done: bool = False


@dataclass(frozen=True, slots=True)
class PatternMatch:
    """A chain of operations. ``parts`` stand in the order in which they run; ``path`` is that of the first of them."""

    id: str
    path: str
    node: int
    parts: tuple[PartMatch, ...]


AnyMatch = InstanceMatch | CallMatch | EdgeMatch | PatternMatch


@dataclass(frozen=True, slots=True)
class RuleMatches:
    """Matches of one rule. ``already`` lists paths where the product stands; ``tally`` counts near misses per test.

    ``spared`` are paths that comments or the configuration keep from the rule, ``held`` those of the modules at which
    it is done, and the nodes of such calls: they are its own as much as what it still has to change.
    """

    rule: Rule
    matches: tuple[AnyMatch, ...]
    already: tuple[str, ...] = ()
    tally: Mapping[str, int] = field(default_factory=dict)
    explanation: str = ""
    spared: tuple[str, ...] = ()
    held: tuple[str | int, ...] = ()
