"""What will be changed: edits of the source, and the same meaning as surgery on the traced graph."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from mutagen.records.blocks import Block
    from mutagen.records.claims import Claim
    from mutagen.records.rules import Style, Value
    from mutagen.records.span import Span
    from mutagen.records.target import Call, InputSpec
    from mutagen.records.trace import NodeKey


Rung = Literal["site", "origin", "split", "subclass", "override", "forward"]

_CALLED = re.compile(r"[\w.\[\]]+\(")


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the text of ``span`` (empty span: insert there) in one file. ``old`` must stand there."""

    span: Span
    old: str
    new: str
    rule: str
    rung: Rung
    reason: str
    instances: tuple[str, ...] = ()

    @property
    def around(self) -> tuple[str, str] | None:
        """What a call around the old text, which stays as it is, puts before and behind it; None for other edits."""
        at = self.new.find(self.old) if self.old else -1
        while at >= 0:
            before, behind = self.new[:at], self.new[at + len(self.old) :]
            if _CALLED.fullmatch(before) and behind.startswith((")", ",")) and behind.endswith(")"):
                return before, behind
            at = self.new.find(self.old, at + 1)
        return None


@dataclass(frozen=True, slots=True)
class Import:
    """``from module import name`` or, without ``name``, ``import module as alias``, wanted in ``file``."""

    file: str
    module: str
    name: str | None = None
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class Definition:
    """A block to be written into ``file`` as ``name``, above line ``before`` (1-based) or as a module.

    ``parts`` are the names in the file of blocks that it uses; ``part_of`` is the block for which alone it is written.
    """

    file: str
    block: str
    name: str
    style: Style
    before: int
    rule: str
    parts: tuple[tuple[str, str], ...] = ()
    part_of: str = ""


@dataclass(frozen=True, slots=True)
class Use:
    """A block with the arguments that the rule gives; all other arguments come from the live model."""

    block: str
    args: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SwapModule:
    """The module objects at ``path`` become the block; its arguments are read from the object and its input."""

    match: str
    path: str
    use: Use


@dataclass(frozen=True, slots=True)
class SwapCall:
    """The call becomes the stateless function ``function`` (``gelu``) of the same first operand."""

    match: str
    key: NodeKey
    function: str


@dataclass(frozen=True, slots=True)
class InsertOnEdge:
    """Operand ``operand`` of the node passes through the block; operands ``extra`` of the node are further inputs."""

    match: str
    key: NodeKey
    operand: int
    extra: tuple[int, ...]
    use: Use


@dataclass(frozen=True, slots=True)
class InsertAtModule:
    """What the module objects at ``path`` return, or take first, passes through the block."""

    match: str
    path: str
    at: Literal["before", "after"]
    use: Use


@dataclass(frozen=True, slots=True)
class SetArguments:
    """The module object at ``path`` is built again with other arguments; ``auto`` is computed from the object."""

    match: str
    path: str
    args: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class WrapModule:
    """What the module objects at ``path`` take and return passes through the block, of which they become a part."""

    match: str
    path: str
    use: Use


Surgery = SwapModule | SwapCall | InsertOnEdge | InsertAtModule | WrapModule | SetArguments


@dataclass(frozen=True, slots=True)
class Product:
    """The module at ``path`` of the edited model is what ``match`` made; their parameters are tied by role.

    ``wrapped`` is the path of the module that was put into a container with it, or into the product itself, and was in
    the place of that.
    """

    match: str
    path: str
    wrapped: str | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A target that stays as it is: code, place and what the user can do."""

    rule: str
    path: str
    code: str
    message: str
    advice: str
    where: Span | None = None


@dataclass(frozen=True, slots=True)
class RulePlan:
    """Outcome of planning for one rule: what it selects, what stands already, at how many sites it edits.

    ``instances`` is the number of modules, calls or edges that it takes or has changed already, ``made`` the names by
    which the surgery and the products that are its doing say ``match``.
    """

    rule: str
    matched: tuple[str, ...]
    planned: tuple[str, ...]
    already: tuple[str, ...] = ()
    refused: tuple[Refusal, ...] = ()
    sites: tuple[str, ...] = ()
    explanation: str = ""
    partial: Literal["refuse", "allow"] = "refuse"
    instances: int = 0
    made: tuple[str, ...] = ()
    spared: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """A replayable list of edits. ``hashes`` are the SHA-256 of the files it was made for, by absolute path.

    ``switches`` are arguments of the model call, off by default, with which the edited source is the changed model.
    ``claims`` are what the rules say of their own effect, and the budget of their file.
    ``blocks`` are those that the rule file brought along, as far as something is to be done with them.
    """

    schema_version: int
    file: str
    call: Call
    inputs: tuple[InputSpec, ...]
    hashes: Mapping[str, str]
    edits: tuple[Edit, ...] = ()
    definitions: tuple[Definition, ...] = ()
    imports: tuple[Import, ...] = ()
    surgery: tuple[Surgery, ...] = ()
    products: tuple[Product, ...] = ()
    rules: tuple[RulePlan, ...] = ()
    notes: tuple[str, ...] = ()
    switches: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()
    blocks: tuple[Block, ...] = ()
