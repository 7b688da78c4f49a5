"""What is told of one module, or of one line of source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mutagen.records.plan import Edit, Refusal
from mutagen.records.rules import Value
from mutagen.records.span import Span
from mutagen.records.trace import Instance


@dataclass(frozen=True, slots=True)
class Level:
    """One call on the way to a module: its place, the function it stands in, its text, and the names in that.

    ``editable`` says whether the place may be edited; ``others`` are the paths that it leads to besides.
    """

    span: Span
    function: str
    text: str
    names: Mapping[str, Value]
    editable: bool
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleStory:
    """What a rule has to do with something: whether it selects it and if not why not, its edits, its refusals."""

    rule: str
    selects: bool
    why_not: str = ""
    edits: tuple[Edit, ...] = ()
    refused: tuple[Refusal, ...] = ()
    already: bool = False


@dataclass(frozen=True, slots=True)
class ModuleStory:
    """One module: how it was made, innermost first, and how it is called, one chain for each way that leads there.

    ``failure`` says why the rules cannot be planned, where they cannot.
    """

    instance: Instance
    blocks: tuple[str, ...]
    product: str | None
    made: tuple[Level, ...]
    called: tuple[tuple[Level, ...], ...]
    rules: tuple[RuleStory, ...] = ()
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One expression of a line: its text, what it does ("makes", "leads to", "calls"), and to which modules."""

    span: Span
    text: str
    does: str
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LineStory:
    """One line of source: its expressions that matter to the model, and the rules that would edit it."""

    file: str
    line: int
    parts: tuple[Part, ...]
    rules: tuple[RuleStory, ...] = ()
    failure: str = ""
