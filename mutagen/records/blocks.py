"""Blocks: what a rule can put into a model, from the catalogue, from somebody's file or out of other blocks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from mutagen.errors import Place

if TYPE_CHECKING:
    from mutagen.records.rules import Value

Kind = Literal["conv", "norm", "feature", "scale", "combine", "wrap", "function"]
Origin = Literal["channels", "channels_other", "from-module", "module", "rule"]
Imported = Literal["torch", "nn", "F", "math", "partial"]
How = Literal["copy", "import"]
BODY = "body"
"""What stands for the matched module among the parts of a composition that wraps it."""
Fuse = Literal["concat-conv1x1", "add", "gate", "select"]


@dataclass(frozen=True, slots=True)
class Requirement:
    """What the operand must be: ``fact`` (``rank``, ``rank_other``) is one of ``values``, else the code and texts."""

    fact: str
    values: tuple[Value, ...]
    code: str
    message: str
    advice: str


@dataclass(frozen=True, slots=True)
class Borrowed:
    """Somebody else's class: the absolute path of its file, its name there, ``shown`` as the rule file writes it.

    ``module`` is the dotted name of an installed module, which takes the place of the file until that is found.
    ``channels`` are the constructor's arguments that are the number of channels, where the rule file names them.
    """

    file: str
    name: str
    shown: str
    how: How = "copy"
    module: str = ""
    channels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Contract:
    """What a borrowed class wants and does, as a trial run has shown.

    Of its ``parameters`` those that are the number of channels are ``channels``, to be given ``by_name`` where they do
    not come first; of a tensor with one of the ``ranks`` it keeps the shape. ``file`` is where the class is defined.
    ``required`` are parameters without a default, ``defaults`` those of simple kinds. ``unfit`` is the code, the cause
    and the cure where it hands on no feature map, but may take the place of a module.
    """

    parameters: tuple[str, ...]
    channels: tuple[str, ...]
    by_name: bool
    ranks: tuple[int, ...]
    file: str
    required: tuple[str, ...] = ()
    defaults: Mapping[str, Value] = field(default_factory=dict)
    unfit: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trial:
    """A borrowed class in the place of the modules at ``paths``.

    Its arguments, the shape of what it is given, and that of what the old module made of it.
    """

    args: Mapping[str, Value]
    takes: tuple[int, ...]
    makes: tuple[int, ...]
    paths: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Part:
    """A block or class of ``torch.nn`` in a composition, with the arguments that the rule file gives it."""

    what: str
    args: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Composed:
    """A block out of others: one behind the other, or side by side where ``fuse`` says how they come together.

    With ``identity`` it is x + gamma * f(x), and gamma is 0 at the start. The part ``BODY`` is the matched module: then
    it is what that gives, plus gamma times the rest.
    """

    parts: tuple[Part, ...]
    fuse: Fuse | None = None
    identity: bool = False

    @property
    def wraps(self) -> bool:
        """Whether it has a module that is matched as a part."""
        return any(it.what == BODY for it in self.parts)


@dataclass(frozen=True, slots=True)
class Block:
    """A block that rules can name.

    ``arguments`` are the constructor's parameters in order and where each value comes from: the channels of the
    operand, those of the other operand, what is read from the module that is replaced, the module that is wrapped, or
    the rule (which may leave it out).
    ``options`` are the types of those that the rule may give, ``given`` values that the rule file gives to all uses.
    ``imports`` are the names that the text needs. The text is the Jinja ``text`` of the file ``template``, unless the
    block is ``borrowed`` or ``composed``. ``class_name`` is what its class is called, ``name`` where that is empty.
    ``identity`` are the arguments with which it changes nothing at the start, where it ``can_be_identity``; ``by_name``
    says that a call names the arguments that are channels. ``required``, ``defaults`` and ``unfit`` are those of the
    contract of a borrowed class; ``tried`` says why it cannot be in the place of modules, by their paths.
    """

    name: str
    kind: Kind
    summary: str
    paper: str
    template: str
    arguments: Mapping[str, Origin]
    options: Mapping[str, str] = field(default_factory=dict)
    requires: tuple[Requirement, ...] = ()
    imports: tuple[Imported, ...] = ()
    text: str = ""
    class_name: str = ""
    given: Mapping[str, Value] = field(default_factory=dict)
    borrowed: Borrowed | None = None
    composed: Composed | None = None
    identity: Mapping[str, Value] = field(default_factory=dict)
    can_be_identity: bool = False
    by_name: bool = False
    required: tuple[str, ...] = ()
    defaults: Mapping[str, Value] = field(default_factory=dict)
    unfit: tuple[str, ...] = ()
    tried: Mapping[str, str] = field(default_factory=dict)

    @property
    def reads_other(self) -> bool:
        """Whether it is called with two tensors, as a gate is."""
        return "channels_other" in self.arguments.values()

    @property
    def written(self) -> str:
        """What its class is called in source."""
        return self.class_name or self.name


@dataclass(frozen=True, slots=True)
class OwnBlock:
    """A block that a rule file brings along, as it is written there, with the place of its name."""

    name: str
    made: Block | Borrowed | Composed
    given: Mapping[str, Value] = field(default_factory=dict)
    place: Place | None = None
