"""Rule files that include others: what is read, in which order, and which rules of them are switched off."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from mutagen.errors import ErrorGroup, MutagenError, Place, RuleError
from mutagen.load.rules_words import hint_for
from mutagen.records.blocks import OwnBlock
from mutagen.records.rules import Rule, RuleSet


@dataclass(frozen=True, slots=True)
class Switch:
    """Whether an included rule is applied, with the place that says so."""

    id: str
    enabled: bool
    place: Place


@dataclass(frozen=True, slots=True)
class FileRules:
    """One file as it stands: its rules, those of them that are switched off, and which of others it switches."""

    own: RuleSet
    off: frozenset[str] = frozenset()
    switches: tuple[Switch, ...] = ()


class Opened(Protocol):
    """A file of which it is known what it includes and brings along, and no more."""

    @property
    def includes(self) -> tuple[tuple[str, Place], ...]: ...

    @property
    def own(self) -> tuple[OwnBlock, ...]: ...


File = TypeVar("File", bound=Opened)


@dataclass(frozen=True, slots=True)
class Found:
    """What a file and all that it includes come to: the ids of the rules, the blocks, and whether all could be read."""

    ids: tuple[str, ...] = ()
    blocks: tuple[OwnBlock, ...] = ()
    whole: bool = True


@dataclass
class Reading(Generic[File]):
    """Everything that a rule file comes to: the sets of rules in their order, and what is wrong with them.

    ``open`` reads a file, ``check`` says what it means, by the blocks that the files bring along which it includes.
    """

    open: Callable[[Path], File]
    check: Callable[[File, Sequence[OwnBlock], bool], FileRules]
    locate: Callable[[str, Path], list[Path]]
    sets: list[RuleSet] = field(default_factory=list)
    errors: list[MutagenError] = field(default_factory=list)
    enabled: dict[str, bool] = field(default_factory=dict)
    _done: dict[Path, Found] = field(default_factory=dict)
    _chain: list[Path] = field(default_factory=list)

    def add(self, path: Path) -> Found:
        """Take a file in, what it includes before it and each file once."""
        key = path.resolve()
        if key in self._done:
            return self._done[key]
        try:
            opened = self.open(path)
        except (RuleError, ErrorGroup) as error:
            self._wrong(error)
            return self._done.setdefault(key, Found(whole=False))
        self._chain.append(key)
        inner = _together([self._include(text, place, path) for text, place in opened.includes])
        self._chain.pop()
        blocks = (*inner.blocks, *opened.own)
        try:
            found = self.check(opened, inner.blocks, inner.whole)
        except (RuleError, ErrorGroup) as error:
            self._wrong(error)
            return self._done.setdefault(key, Found(inner.ids, blocks, whole=False))
        self.sets.append(found.own)
        self.enabled |= dict.fromkeys(found.off, False)
        for switch in found.switches:
            self._turn(switch, inner)
        ids = (*inner.ids, *(rule.id for rule in found.own.rules))
        return self._done.setdefault(key, Found(ids, blocks, inner.whole))

    def _wrong(self, error: RuleError | ErrorGroup) -> None:
        self.errors += error.errors if isinstance(error, ErrorGroup) else (error,)

    def _include(self, text: str, place: Place, within: Path) -> Found:
        try:
            files = self.locate(text, within.parent)
        except RuleError as error:
            error.place = place
            self.errors.append(error)
            return Found(whole=False)
        found: list[Found] = []
        for file in files:
            if file.resolve() in self._chain:
                self.errors.append(self._circle(file, place))
                found.append(Found(whole=False))
            else:
                found.append(self.add(file))
        return _together(found)

    def _circle(self, file: Path, place: Place) -> RuleError:
        start = self._chain.index(file.resolve())
        way = " → ".join(each.name for each in (*self._chain[start:], file))
        return RuleError("R132", f"the files include each other: {way}", place=place, hint="take one `include` out")

    def _turn(self, switch: Switch, included: Found) -> None:
        if switch.id in included.ids:
            self.enabled[switch.id] = switch.enabled
            return
        if not included.whole:
            return  # it may be in what could not be read
        message = f"{switch.id!r} is no rule of an included file, so that there is nothing to switch"
        hint = (
            hint_for(switch.id, included.ids, what="included")
            if included.ids
            else "write the rule out, or include its file"
        )
        self.errors.append(RuleError("R133", message, place=switch.place, hint=hint))

    def whole(self, file: str) -> RuleSet:
        """One set of all that was read, without what is switched off; the outermost file has the last word."""
        described = next((each for each in reversed(self.sets) if each.model), self.sets[-1])
        rules = tuple(rule for each in self.sets for rule in each.rules)
        kept = tuple(rule for rule in rules if self.enabled.get(rule.id, True))
        if rules and not kept:
            raise RuleError(
                "R133",
                f"every rule is switched off: {', '.join(rule.id for rule in rules)}",
                place=rules[0].place,
                hint="switch one on: enabled: true",
            )
        budget = tuple(claim for each in self.sets for claim in each.budget)
        tests = tuple(test for each in self.sets for test in each.tests)
        files = tuple(dict.fromkeys(each.file for each in self.sets))
        own = tuple({it.name: it for each in self.sets for it in each.own}.values())
        return replace(described, rules=kept, file=file, budget=budget, files=files, own=own, tests=tests)


def _together(found: Sequence[Found]) -> Found:
    ids = tuple(name for each in found for name in each.ids)
    blocks = tuple({it.name: it for each in found for it in each.blocks}.values())
    return Found(ids, blocks, all(each.whole for each in found))


def clashes(sets: list[RuleSet]) -> list[RuleError]:
    """Rule ids that several files use, and names of blocks that are other blocks in other files."""
    found: list[RuleError] = []
    first: dict[str, Rule] = {}
    for rule in (rule for each in sets for rule in each.rules):
        other = first.setdefault(rule.id, rule)
        if other is not rule:
            message = f"rule id {rule.id!r} is used in two files (first at {other.place})"
            found.append(RuleError("R121", message, place=rule.place, hint="give each rule its own id"))
    blocks: dict[str, OwnBlock] = {}
    for own in (own for each in sets for own in each.own):
        known = blocks.setdefault(own.name, own)
        if replace(known, place=None) != replace(own, place=None):
            message = f"{own.name} is another block in two files (the other at {known.place})"
            found.append(RuleError("R147", message, place=own.place, hint="give each block its own name"))
    return found


def models_apart(sets: list[RuleSet]) -> list[RuleError]:
    """Model sections of a folder's own files that differ."""
    models = [each for each in sets if each.model]
    return [
        RuleError(
            "R129",
            f"two files of the folder describe different models (the other is {models[0].file})",
            place=Place(each.file),
            hint="keep one `model:` section",
        )
        for each in models[1:]
        if _model_of(each) != _model_of(models[0])
    ]


def _model_of(rules: RuleSet) -> RuleSet:
    return replace(rules, rules=(), file="", budget=(), files=(), own=(), tests=())
