"""The shape of a rule file, as pydantic models, and the frozen records they become."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Discriminator, Field, PlainValidator, Tag
from pydantic_core import PydanticCustomError

from mutagen.errors import Place
from mutagen.load.json_schema import Instead, Or, OrOne
from mutagen.load.pattern_text import meaning, parts_of
from mutagen.load.rules_blocks import BlockName, BorrowPart, OwnPart, branch_name, name_of
from mutagen.load.rules_claims import BudgetPart, ExpectPart
from mutagen.load.rules_tests import TestPart
from mutagen.load.rules_values import VALUE, AnyValue, Given, Part, Text, Words
from mutagen.load.rules_words import VERSION
from mutagen.records.blocks import Fuse
from mutagen.records.rules import (
    Action,
    EdgeKind,
    Emit,
    Only,
    Partial,
    PartQuery,
    Query,
    Rule,
    Safety,
    Source,
    Start,
    Strategy,
    Style,
    Test,
    TestName,
    Value,
)

TAGS = ("<match>", "<pattern>", "<one>", "<parts>")
"""Steps that pydantic puts into locations where one key takes two shapes."""

TESTS: tuple[TestName, ...] = ("eq", "ne", "gt", "ge", "lt", "le", "in", "multiple_of")


def _condition(given: object) -> object:
    return given if isinstance(given, dict) else {"eq": given}


def _conditions(given: object) -> object:
    return given if isinstance(given, list) else [given]


def _version(given: object) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or given < 1:
        raise PydanticCustomError("R111", f"the version of a rule file must be {VERSION}")
    if given > VERSION:
        raise PydanticCustomError("R111", f"version {given} is newer than this mutagen, which reads version {VERSION}")
    return given


class ConditionPart(Part):
    """The tests of one fact."""

    eq: AnyValue = None
    ne: AnyValue = None
    gt: AnyValue = None
    ge: AnyValue = None
    lt: AnyValue = None
    le: AnyValue = None
    among: AnyValue = Field(default=None, alias="in")
    multiple_of: AnyValue = None


Count = Annotated[int, Field(ge=1)]


class OnlyPart(Part):
    """Positions among what a match selects."""

    first: Annotated[Count | None, Given] = None
    last: Annotated[Count | None, Given] = None
    every: Annotated[Count | None, Given] = None
    nth: Annotated[Count | None, Given] = None


class SourcePart(Part):
    """Where the expression stands that makes what a match selects."""

    cls: Words = Field(default=(), alias="class")
    function: Words = ()
    file: Words = ()


Tests = dict[str, Annotated[ConditionPart, BeforeValidator(_condition), Or(VALUE)]]


class MatchPart(Part):
    """What a rule, an ``inside`` or a ``not`` selects."""

    type: Words = ()
    isa: Words = ()
    path: Words = ()
    block: Annotated[Text | None, Given] = None
    edge: Annotated[EdgeKind | None, Given] = None
    op: Annotated[Text | None, Given] = None
    where: Tests = {}
    named: Words = Field(default=(), alias="is")
    inside: Annotated[MatchPart | None, Given] = None
    has: Annotated[MatchPart | None, Given] = None
    after: Annotated[MatchPart | None, Given] = None
    before: Annotated[MatchPart | None, Given] = None
    source: Annotated[SourcePart | None, Given] = None
    every: Annotated[list[MatchPart], Field(min_length=1)] = Field(default=[], alias="all")
    some: Annotated[list[MatchPart], Field(min_length=1)] = Field(default=[], alias="any")
    excluded: Annotated[list[MatchPart], BeforeValidator(_conditions), OrOne()] = Field(default=[], alias="not")
    only: Annotated[OnlyPart | None, Given] = None


class PatternPart(Part):
    """A chain of operations; all further keys describe its parts by name."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)
    __pydantic_extra__: dict[str, MatchPart]

    pattern: Text
    path: Words = ()
    inside: Annotated[MatchPart | None, Given] = None
    source: Annotated[SourcePart | None, Given] = None
    every: Annotated[list[MatchPart], Field(min_length=1)] = Field(default=[], alias="all")
    some: Annotated[list[MatchPart], Field(min_length=1)] = Field(default=[], alias="any")
    excluded: Annotated[list[MatchPart], BeforeValidator(_conditions), OrOne()] = Field(default=[], alias="not")
    only: Annotated[OnlyPart | None, Given] = None


class _ActionPart(Part):
    args: dict[str, AnyValue] = {}
    style: Style = "inline"
    partial: Partial = "refuse"
    emit: Emit = "in-place"
    start: Start = "paper"
    strategy: Annotated[Strategy | None, Given] = None

    @property
    def options(self) -> dict[str, Any]:
        """What all actions with a block take."""
        names = ("style", "partial", "emit", "start", "strategy")
        return {name: getattr(self, name) for name in names} | {"args": dict(self.args)}


class ReplacePart(_ActionPart):
    """A replacement."""

    block: BlockName = Field(alias="with")


class OnePart(Part):
    """What becomes of one part of a pattern."""

    block: Text = Field(alias="with")
    args: dict[str, AnyValue] = {}


class PartsPart(Part):
    """What becomes of the parts of a pattern, by name."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)
    __pydantic_extra__: dict[str, OnePart]

    style: Style = "inline"
    partial: Partial = "refuse"
    emit: Emit = "in-place"


class InsertPart(_ActionPart):
    """An insertion."""

    block: BlockName
    at: Text


class WrapPart(_ActionPart):
    """A block that the module becomes a part of."""

    block: BlockName = Field(alias="with")


class BranchPart(_ActionPart):
    """A path beside the module."""

    block: BlockName
    fuse: Fuse = "add"


class RemovePart(Part):
    """A removal."""

    partial: Partial = "refuse"
    strategy: Annotated[Strategy | None, Given] = None


class SkipPart(Part):
    """Targets that later rules leave alone."""


def _plain_yes(given: object) -> object:
    return {} if given is True else given


Yes = BeforeValidator(_plain_yes)
_YES = {"const": True}


class SetPart(Part):
    """Arguments of a constructor, whatever they are called there."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)
    __pydantic_extra__: dict[str, AnyValue]

    partial: Partial = "refuse"


def _is_pattern(given: object) -> str:
    return TAGS[1] if isinstance(given, PatternPart) or isinstance(given, dict) and "pattern" in given else TAGS[0]


def _is_parts(given: object) -> str:
    one = not isinstance(given, dict) or "with" in given or not any(_names_part(*it) for it in given.items())
    return TAGS[3] if isinstance(given, PartsPart) or not one else TAGS[2]


def _names_part(key: str, value: object) -> bool:
    return key != "args" and isinstance(value, dict)


Match = Annotated[Annotated[MatchPart, Tag(TAGS[0])] | Annotated[PatternPart, Tag(TAGS[1])], Discriminator(_is_pattern)]
Replace = Annotated[Annotated[ReplacePart, Tag(TAGS[2])] | Annotated[PartsPart, Tag(TAGS[3])], Discriminator(_is_parts)]


class RulePart(Part):
    """One rule."""

    id: Text
    match: Annotated[Match | None, Given] = None
    why: str = ""
    replace: Annotated[Replace | None, Given] = None
    insert: Annotated[InsertPart | None, Given] = None
    set: Annotated[SetPart | None, Given] = None
    wrap: Annotated[WrapPart | None, Given] = None
    branch: Annotated[BranchPart | None, Given] = None
    remove: Annotated[RemovePart | None, Yes, Given, Or(_YES)] = None
    skip: Annotated[SkipPart | None, Yes, Given, Or(_YES)] = None
    optional: bool = False
    enabled: bool = True
    safety: Annotated[Safety | None, Given] = None
    expect: Annotated[ExpectPart | None, Given] = None


class ModelPart(Part):
    """How the model is built."""

    factory: Text
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    inputs: list[Text] = []
    prove_with: Annotated[Text | None, Given] = None
    prove_inputs: list[Text] = []


class FilePart(Part):
    """A rule file."""

    version: Annotated[int, PlainValidator(_version), Instead({"const": VERSION})]
    rules: Annotated[list[RulePart], Field(min_length=1)] = []
    model: Annotated[ModelPart | None, Given] = None
    include: Annotated[list[Text], Field(min_length=1)] = []
    budget: Annotated[BudgetPart | None, Given] = None
    where: dict[str, Tests] = {}
    tests: Annotated[list[TestPart], Field(min_length=1)] = []
    blocks: dict[str, OwnPart] = {}
    templates: Words = ()

    @property
    def borrowed(self) -> tuple[BorrowPart, ...]:
        """The classes that actions borrow on the spot."""
        actions = (part for rule in self.rules for part in (rule.insert, rule.replace, rule.wrap, rule.branch))
        whole = [it for it in actions if it is not None and not isinstance(it, PartsPart)]
        return tuple(it.block for it in whole if isinstance(it.block, BorrowPart))

    @property
    def branches(self) -> tuple[BranchPart, ...]:
        """The paths that actions put beside modules."""
        return tuple(rule.branch for rule in self.rules if rule.branch is not None)


def as_rule(part: RulePart, place: Place, named: Mapping[str, Tests], given: Mapping[str, Mapping[str, Value]]) -> Rule:
    """The record of a rule that stands at ``place``; one without a match is a switch, and no rule.

    ``named`` are the tests of the file that have a name, ``given`` arguments that blocks bring along.
    """
    assert part.match is not None, "checked by rules_checks"
    own = _as_parts(part.replace) if isinstance(part.replace, PartsPart) else {}

    def with_given(action: Action) -> Action:
        return replace(action, args={**given.get(action.block, {}), **action.args})

    return Rule(
        id=part.id,
        query=_as_pattern(part.match, named) if isinstance(part.match, PatternPart) else _as_query(part.match, named),
        action=with_given(_as_action(part)),
        parts={name: with_given(action) for name, action in own.items()},
        why=part.why,
        optional=part.optional,
        safety=part.safety,
        place=place,
    )


def _as_action(part: RulePart) -> Action:
    if part.set is not None:
        return Action("set", "", args=dict(part.set.model_extra or {}), partial=part.set.partial)
    if part.insert is not None:
        return Action("insert", name_of(part.insert.block), at=part.insert.at, **part.insert.options)
    if part.wrap is not None:
        return Action("wrap", name_of(part.wrap.block), **part.wrap.options)
    if part.branch is not None:
        return Action("wrap", branch_name(part.branch.block), **{**part.branch.options, "args": {}, "start": "paper"})
    if part.remove is not None:
        return Action("remove", "Identity", partial=part.remove.partial, strategy=part.remove.strategy)
    if part.skip is not None:
        return Action("skip", "")
    assert part.replace is not None, "checked by rules_checks"
    if isinstance(part.replace, PartsPart):
        given = part.replace
        return Action("replace", "", style=given.style, partial=given.partial, emit=given.emit)
    return Action("replace", name_of(part.replace.block), **part.replace.options)


def _as_parts(part: PartsPart) -> dict[str, Action]:
    options: dict[str, Any] = {"style": part.style, "partial": part.partial, "emit": part.emit}
    named: dict[str, OnePart] = part.model_extra or {}
    return {name: Action("replace", it.block, args=dict(it.args), **options) for name, it in named.items()}


def _as_pattern(part: PatternPart, named: Mapping[str, Tests]) -> Query:
    told: dict[str, MatchPart] = part.model_extra or {}
    names, _ = parts_of(part.pattern)
    parts = (PartQuery(it, meaning(it), _as_query(told.get(it, MatchPart()), named)) for it in names)
    return Query(
        path=part.path,
        inside=_as_query(part.inside, named) if part.inside else None,
        source=_as_source(part.source),
        every=tuple(_as_query(it, named) for it in part.every),
        some=tuple(_as_query(it, named) for it in part.some),
        excluded=tuple(_as_query(it, named) for it in part.excluded),
        only=_as_only(part.only) if part.only else None,
        pattern=tuple(parts),
    )


def _as_query(part: MatchPart, named: Mapping[str, Tests]) -> Query:
    def one(inner: MatchPart | None) -> Query | None:
        return _as_query(inner, named) if inner is not None else None

    def several(inner: list[MatchPart]) -> tuple[Query, ...]:
        return tuple(_as_query(it, named) for it in inner)

    tests = [part.where, *(named[name] for name in part.named)]
    return Query(
        type=part.type,
        isa=part.isa,
        path=part.path,
        block=part.block,
        edge=part.edge,
        op=part.op,
        where=tuple(test for each in tests for fact, it in each.items() for test in _as_tests(fact, it)),
        inside=one(part.inside),
        has=one(part.has),
        after=one(part.after),
        before=one(part.before),
        source=_as_source(part.source),
        every=several(part.every),
        some=several(part.some),
        excluded=several(part.excluded),
        only=_as_only(part.only) if part.only else None,
    )


def _as_source(part: SourcePart | None) -> Source | None:
    return Source(part.cls, part.function, part.file) if part is not None else None


def _as_only(part: OnlyPart) -> Only:
    return Only(part.first or 0, part.last or 0, part.every or 0, part.nth or 0)


def _as_tests(fact: str, condition: ConditionPart) -> tuple[Test, ...]:
    given = {"in" if name == "among" else name: getattr(condition, name) for name in condition.model_fields_set}
    return tuple(Test(fact, test, given[test]) for test in TESTS if test in given)
