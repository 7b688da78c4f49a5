"""What a rule does to the parts of a pattern, by their names, as pydantic models."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, ConfigDict, Discriminator, Field, Tag

from mutagen.load.json_schema import Or
from mutagen.load.rules_blocks import BlockName, branch_name, name_of
from mutagen.load.rules_values import AnyValue, Part, Text
from mutagen.load.rules_words import KEYS
from mutagen.records.blocks import Fuse
from mutagen.records.rules import Action, Emit, Partial, Start, Style

PART_TAGS = ("<one>", "<parts>")
ONE: Final = Tag(PART_TAGS[0])
EACH: Final = Tag(PART_TAGS[1])
SIMPLY: Final = {"const": True}


def _plain_yes(given: object) -> object:
    return {} if given is True else given


YES: Final = BeforeValidator(_plain_yes)


KINDS: Final = ("replace", "insert", "set", "wrap", "branch", "remove")
"""Actions that a pattern may have for its parts."""


def parts_in(kind: str, given: object) -> dict[str, Any]:
    """What an action says of parts, by their names; empty where it speaks of all that is matched."""
    if (
        not isinstance(given, dict)
        or kind not in KINDS
        or {"with", "block", "at"} & set(given) & set(KEYS.get(kind, ()))
    ):
        return {}
    found = {key: value for key, value in given.items() if isinstance(value, dict) and key != "args"}
    if kind == "remove":
        found |= {key: {} for key, value in given.items() if value is True and key not in KEYS[kind]}
    return found


def by_parts(kind: str) -> Discriminator:
    """Tells an action on the parts of a pattern from one on all that is matched."""

    def which(given: object) -> str:
        return PART_TAGS[1] if isinstance(given, EachPart) or parts_in(kind, given) else PART_TAGS[0]

    return Discriminator(_named(which))


def _named(which: Callable[[object], str]) -> Callable[[Any], str]:
    return which


class BlockOfPart(Part):
    """A block, for one part of a pattern."""

    block: BlockName = Field(alias="with")
    args: dict[str, AnyValue] = {}


class ReplaceOfPart(BlockOfPart):
    """What a part becomes."""


class InsertOfPart(BlockOfPart):
    """What stands beside a part."""

    block: BlockName
    at: Text
    start: Start = "paper"


class WrapOfPart(BlockOfPart):
    """What a part becomes a part of."""

    start: Start = "paper"


class BranchOfPart(BlockOfPart):
    """A path beside a part."""

    block: BlockName
    fuse: Fuse = "add"
    start: Start = "paper"


class SetOfPart(Part):
    """Arguments of the constructor of a part."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)
    __pydantic_extra__: dict[str, AnyValue]


class RemoveOfPart(Part):
    """A part that goes."""


class EachPart(Part):
    """Something for parts by name, and what holds for all of them."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)

    partial: Partial = "refuse"

    @property
    def named(self) -> Mapping[str, Any]:
        """What is said of each part."""
        return self.model_extra or {}

    @property
    def options(self) -> dict[str, Any]:
        """What is said of all."""
        return {"partial": self.partial}

    @property
    @abstractmethod
    def actions(self) -> Mapping[str, Action]:
        """What happens to each part."""


class _Styled(EachPart):
    style: Style = "inline"

    @property
    def options(self) -> dict[str, Any]:
        """What is said of all."""
        return {"style": self.style, "partial": self.partial}


class _WithBlocks(_Styled):
    emit: Emit = "in-place"

    @property
    def options(self) -> dict[str, Any]:
        """What is said of all."""
        return {**super().options, "emit": self.emit}


class ReplaceParts(_WithBlocks):
    """What becomes of the parts of a pattern, by name."""

    __pydantic_extra__: dict[str, ReplaceOfPart]

    @property
    def actions(self) -> Mapping[str, Action]:
        """What happens to each part."""
        named: Mapping[str, ReplaceOfPart] = self.named
        return {
            it: Action("replace", name_of(to.block), args=dict(to.args), **self.options) for it, to in named.items()
        }


class InsertParts(_WithBlocks):
    """What stands beside the parts of a pattern, by name."""

    __pydantic_extra__: dict[str, InsertOfPart]

    @property
    def actions(self) -> Mapping[str, Action]:
        """What happens to each part."""
        named: Mapping[str, InsertOfPart] = self.named
        return {
            name: Action("insert", name_of(it.block), at=it.at, args=dict(it.args), start=it.start, **self.options)
            for name, it in named.items()
        }


class WrapParts(_Styled):
    """What the parts of a pattern become parts of, by name."""

    __pydantic_extra__: dict[str, WrapOfPart]

    @property
    def actions(self) -> Mapping[str, Action]:
        """What happens to each part."""
        named: Mapping[str, WrapOfPart] = self.named
        return {
            name: Action("wrap", name_of(it.block), args=dict(it.args), start=it.start, **self.options)
            for name, it in named.items()
        }


class BranchParts(_Styled):
    """Paths beside the parts of a pattern, by name."""

    __pydantic_extra__: dict[str, BranchOfPart]

    @property
    def actions(self) -> Mapping[str, Action]:
        """What happens to each part."""
        named: Mapping[str, BranchOfPart] = self.named
        return {name: Action("wrap", branch_name(it.block), **self.options) for name, it in named.items()}


class SetParts(EachPart):
    """Other arguments for the constructors of the parts of a pattern, by name."""

    __pydantic_extra__: dict[str, SetOfPart]

    @property
    def actions(self) -> Mapping[str, Action]:
        """What happens to each part."""
        named: Mapping[str, SetOfPart] = self.named
        return {name: Action("set", "", args=dict(it.model_extra or {}), **self.options) for name, it in named.items()}


class RemoveParts(EachPart):
    """The parts of a pattern that go."""

    __pydantic_extra__: dict[str, Annotated[RemoveOfPart, YES, Or(SIMPLY)]]

    @property
    def actions(self) -> Mapping[str, Action]:
        """What happens to each part."""
        return {name: Action("remove", "Identity", **self.options) for name in self.named}
