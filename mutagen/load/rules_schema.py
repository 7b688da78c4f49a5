"""The shape of a rule file, as pydantic models, and the frozen records they become."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Discriminator, Field, PlainValidator, Tag
from pydantic_core import PydanticCustomError

from mutagen.errors import Place
from mutagen.load.json_schema import Instead, Or, OrOne
from mutagen.load.pattern_text import meaning
from mutagen.load.pattern_tree import pattern_of
from mutagen.load.rules_blocks import BlockName, BorrowPart, OwnPart, branch_name, name_of
from mutagen.load.rules_claims import BudgetPart, ExpectPart
from mutagen.load.rules_of_parts import (
    EACH,
    ONE,
    PART_TAGS,
    SIMPLY,
    YES,
    BlockOfPart,
    BranchOfPart,
    BranchParts,
    EachPart,
    InsertParts,
    RemoveParts,
    ReplaceParts,
    SetParts,
    WrapParts,
    by_parts,
)
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

TAGS = ("<match>", "<pattern>", *PART_TAGS)
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


class SetPart(Part):
    """Arguments of a constructor, whatever they are called there."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)
    __pydantic_extra__: dict[str, AnyValue]

    partial: Partial = "refuse"


def _is_pattern(given: object) -> str:
    return TAGS[1] if isinstance(given, PatternPart) or isinstance(given, dict) and "pattern" in given else TAGS[0]


Match = Annotated[Annotated[MatchPart, Tag(TAGS[0])] | Annotated[PatternPart, Tag(TAGS[1])], Discriminator(_is_pattern)]
Replace = Annotated[Annotated[ReplacePart, ONE] | Annotated[ReplaceParts, EACH], by_parts("replace")]
Insert = Annotated[Annotated[InsertPart, ONE] | Annotated[InsertParts, EACH], by_parts("insert")]
Set = Annotated[Annotated[SetPart, ONE] | Annotated[SetParts, EACH], by_parts("set")]
Wrap = Annotated[Annotated[WrapPart, ONE] | Annotated[WrapParts, EACH], by_parts("wrap")]
Branch = Annotated[Annotated[BranchPart, ONE] | Annotated[BranchParts, EACH], by_parts("branch")]
Remove = Annotated[Annotated[RemovePart, ONE] | Annotated[RemoveParts, EACH], by_parts("remove")]


class RulePart(Part):
    """One rule."""

    id: Text
    match: Annotated[Match | None, Given] = None
    why: str = ""
    replace: Annotated[Replace | None, Given] = None
    insert: Annotated[Insert | None, Given] = None
    set: Annotated[Set | None, Given] = None
    wrap: Annotated[Wrap | None, Given] = None
    branch: Annotated[Branch | None, Given] = None
    remove: Annotated[Remove | None, YES, Given, Or(SIMPLY)] = None
    skip: Annotated[SkipPart | None, YES, Given, Or(SIMPLY)] = None
    optional: bool = False
    enabled: bool = True
    safety: Annotated[Safety | None, Given] = None
    expect: Annotated[ExpectPart | None, Given] = None

    @property
    def actions(self) -> tuple[Part, ...]:
        """The actions that it names."""
        found = (self.replace, self.insert, self.set, self.wrap, self.branch, self.remove)
        return tuple(it for it in found if it is not None)


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
    def _with_blocks(self) -> Iterator[ReplacePart | InsertPart | WrapPart | BranchPart | BlockOfPart]:
        for part in (part for rule in self.rules for part in (rule.insert, rule.replace, rule.wrap, rule.branch)):
            if isinstance(part, EachPart):
                yield from (it for it in part.named.values() if isinstance(it, BlockOfPart))
            elif part is not None:
                yield part

    @property
    def borrowed(self) -> tuple[BorrowPart, ...]:
        """The classes that actions borrow on the spot."""
        return tuple(it.block for it in self._with_blocks if isinstance(it.block, BorrowPart))

    @property
    def branches(self) -> tuple[BranchPart | BranchOfPart, ...]:
        """The paths that actions put beside modules."""
        return tuple(it for it in self._with_blocks if isinstance(it, BranchPart | BranchOfPart))


def as_rule(part: RulePart, place: Place, named: Mapping[str, Tests], given: Mapping[str, Mapping[str, Value]]) -> Rule:
    """The record of a rule that stands at ``place``; one without a match is a switch, and no rule.

    ``named`` are the tests of the file that have a name, ``given`` arguments that blocks bring along.
    """
    assert part.match is not None, "checked by rules_checks"
    own = {name: action for each in part.actions if isinstance(each, EachPart) for name, action in each.actions.items()}

    def with_given(action: Action) -> Action:
        return replace(action, args={**given.get(action.block, {}), **action.args})

    return Rule(
        id=part.id,
        query=_as_pattern(part.match, named) if isinstance(part.match, PatternPart) else _as_query(part.match, named),
        action=_shared(part) if own else with_given(_as_action(part)),
        parts={name: with_given(action) for name, action in own.items()},
        why=part.why,
        optional=part.optional,
        safety=part.safety,
        place=place,
    )


def _as_action(part: RulePart) -> Action:
    """What a rule does to all that it selects."""
    if isinstance(part.set, SetPart):
        return Action("set", "", args=dict(part.set.model_extra or {}), partial=part.set.partial)
    if isinstance(part.insert, InsertPart):
        return Action("insert", name_of(part.insert.block), at=part.insert.at, **part.insert.options)
    if isinstance(part.wrap, WrapPart):
        return Action("wrap", name_of(part.wrap.block), **part.wrap.options)
    if isinstance(part.branch, BranchPart):
        return Action("wrap", branch_name(part.branch.block), **{**part.branch.options, "args": {}, "start": "paper"})
    if isinstance(part.remove, RemovePart):
        return Action("remove", "Identity", partial=part.remove.partial, strategy=part.remove.strategy)
    if part.skip is not None:
        return Action("skip", "")
    assert isinstance(part.replace, ReplacePart), "checked by rules_checks"
    return Action("replace", name_of(part.replace.block), **part.replace.options)


def _shared(part: RulePart) -> Action:
    """What the actions on the parts of a pattern have in common."""
    every = [it for each in part.actions if isinstance(each, EachPart) for it in each.actions.values()]
    partial: Partial = "allow" if any(it.partial == "allow" for it in every) else "refuse"
    return Action("replace", "", style=every[0].style, partial=partial, emit=every[0].emit)


def _as_pattern(part: PatternPart, named: Mapping[str, Tests]) -> Query:
    told: dict[str, MatchPart] = part.model_extra or {}
    pattern = pattern_of(part.pattern)
    parts = (
        PartQuery(it, meaning(it), _as_query(told.get(it, MatchPart()), named), pattern.reads[it])
        for it in pattern.parts
    )
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
