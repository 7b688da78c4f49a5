"""What pydantic found wrong with a rule file, in the words of the rule language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from mutagen.errors import RuleError
from mutagen.load.rules_schema import TAGS
from mutagen.load.rules_words import KEYS, LATER, LATER_VALUES, SUBJECTS, Level, closest, hint_for, listed, suggestion
from mutagen.load.rules_yaml import Document, Loc

_KINDS: Mapping[str, str] = {
    "string_type": "a text",
    "string_too_short": "a text that is not empty",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "too_short": "a list that is not empty",
    "greater_than_equal": "a whole number above 0",
}

MAX_PROBLEMS = 500
"""No file that was meant as rules has more, and looking for suggestions takes its time."""

_WITHIN = ("inside", "has", "after", "before", "all", "any", "not")
_OF_PARTS = {"replace": "part", **{kind: f"{kind}-part" for kind in ("insert", "wrap", "branch", "remove")}}
_LEVELS: Mapping[str, Level] = {"rules": "rule", "tests": "test", **dict.fromkeys(_WITHIN, "match")}


def problems(error: ValidationError, document: Document) -> Iterable[RuleError]:
    """One rule error for each finding, at the key or value it speaks of."""
    untagged = (_untagged(each) for each in error.errors(include_url=False)[:MAX_PROBLEMS])
    found = [each for each in untagged if not _is_of_a_part(each["loc"], document)]
    misspelt = {_meant(each["loc"]) for each in found if each["type"] == "extra_forbidden"}
    excused = {_rule_of(each["loc"]) for each in found if _excuses(each["loc"], each["type"])}
    for each in found:
        kind, loc = each["type"], _within(each["loc"], document)
        if kind == "extra_forbidden":
            yield _unknown_key(each["loc"], document)
        elif kind == "missing":
            needed = _rule_of(each["loc"]) not in excused or each["loc"][2:3] == ("id",)
            if needed and each["loc"] not in misspelt:
                yield _missing_key(each["loc"], document)
        else:
            yield _wrong_value(each, loc=loc, document=document)


def _untagged(each: ErrorDetails) -> Mapping[str, Any]:
    """The finding without the steps in its location that stand for the two shapes of a key."""
    return {**each, "loc": tuple(part for part in each["loc"] if part not in TAGS)}


def _unknown_key(loc: Loc, document: Document) -> RuleError:
    level, key, place = _level(loc[:-1]), str(loc[-1]), document.place(loc, key=True)
    if key in LATER[level]:
        hint = f"keys of this version: {listed(KEYS[level])}"
        return RuleError("R113", f"`{key}` is not supported yet", place=place, hint=hint)
    if level == "where":
        hint = hint_for(key, KEYS[level], what="tests")
        return RuleError("R125", f"unknown test {key!r}", place=place, hint=hint)
    if key == "pattern":
        message = "a pattern is what a whole rule selects: it stands at the top of a match"
        return RuleError("R112", message, place=place, hint="use `after`, `before` or `has` here")
    hint = "merge keys are not part of YAML 1.2; repeat the keys" if key == "<<" else ""
    hint = hint or _moved(key, level) or hint_for(key, KEYS[level], what="keys")
    return RuleError("R112", f"unknown key {key!r} in {_titled(level)}", place=place, hint=hint)


def _meant(loc: Loc) -> Loc:
    """The location of the key that a misspelt one stands for."""
    return (*loc[:-1], closest(str(loc[-1]), KEYS[_level(loc[:-1])]))


def _moved(key: str, level: Level) -> str:
    """Where a key belongs that is right elsewhere, unless it looks like a misspelling of one that fits here."""
    if suggestion(key, KEYS[level]):
        return ""
    homes = [other for other, keys in KEYS.items() if key in keys and other != level]
    return f"`{key}` belongs to {' or '.join(_titled(home) for home in homes)}" if homes else ""


def _missing_key(loc: Loc, document: Document) -> RuleError:
    level, key = _level(loc[:-1]), str(loc[-1])
    if level == "file" and key == "version":
        return RuleError("R111", "the file has no version", place=document.place(()), hint="begin with `version: 1`")
    hint = f"keys: {listed(KEYS[level])}"
    if (level, key) == ("insert", "at"):
        hint = (
            "at: after, before, input, output (modules), branch-end (block), branch (edge: residual), skip (edge: skip)"
        )
    place = document.place(loc[:-1], key=not isinstance(loc[-2] if len(loc) > 1 else 0, int))
    return RuleError("R115", f"{_titled(level)} needs the key `{key}`", place=place, hint=hint)


def _wrong_value(each: Mapping[str, Any], *, loc: Loc, document: Document) -> RuleError:
    kind, given, place = each["type"], each["input"], document.place(loc)
    name = next((str(part) for part in reversed(loc) if isinstance(part, str)), "the file")
    if kind == "literal_error":
        allowed = [word.strip("'") for word in str(each["ctx"]["expected"]).replace(" or ", ", ").split(", ")]
        if given in LATER_VALUES.get(name, ()):
            hint = f"supported: {listed(allowed)}"
            return RuleError("R113", f"`{name}: {given}` is not supported yet", place=place, hint=hint)
        hint = hint_for(str(given), allowed, what="allowed")
        return RuleError("R116", f"`{name}` cannot be {given!r}", place=place, hint=hint)
    if kind.startswith("R1"):
        message = each["msg"] if kind == "R111" else f"`{name}` {each['msg']}"
        return RuleError(kind, message, place=place, hint=_cure(kind, name))
    wanted = _KINDS.get(kind)
    if wanted is None:
        return RuleError("R114", f"`{name}`: {each['msg']}", place=place, hint="write a value of that kind here")
    shown = "nothing" if given is None else "a mapping" if isinstance(given, dict) else repr(given)
    return RuleError(
        "R114",
        f"`{name}` must be {wanted}, not {shown}",
        place=place,
        hint=_quoting(kind, given) or f"write {wanted} here",
    )


def _cure(kind: str, name: str) -> str:
    if kind == "R111":
        return "update mutagen, or write the file for `version: 1`"
    if kind == "R131":
        return f"write {name}: 0, or leave the key out to claim nothing"
    return "write a value of that kind behind the key, or leave the key out"


def _quoting(kind: str, given: object) -> str:
    if kind == "string_type" and isinstance(given, bool | int | float):
        return f'put it in quotes: "{given}"'
    return ""


def _level(loc: Loc) -> Level:
    if loc[:1] == ("blocks",):
        return "blocks"
    if len(loc) >= 2 and "where" in loc and loc.index("where") == len(loc) - (3 if loc[0] == "where" else 2):
        return "where"
    name = next((str(part) for part in reversed(loc) if isinstance(part, str)), "file")
    level = _LEVELS.get(name, name)
    if level in KEYS:
        return level
    kind = str(loc[2]) if len(loc) > 2 else ""
    return _OF_PARTS.get(kind, "match")  # a part of a pattern, by its name


def _titled(level: Level) -> str:
    titles = {
        "file": "the file",
        "rule": "a rule",
        "where": "a test",
        "test": "a test of rules",
        "part": "a part of a pattern",
    }
    return titles.get("part" if level.endswith("-part") else level, f"`{level}`")


def _within(loc: Loc, document: Document) -> Loc:
    """The location without the steps that pydantic adds and the file does not have."""
    kept: Loc = ()
    for part in loc:
        if (*kept, part) in document.values:
            kept = (*kept, part)
    return kept


def _rule_of(loc: Loc) -> Loc:
    return loc[:2]


def _excuses(loc: Loc, kind: str) -> bool:
    """Whether an unsupported key stands in for keys that would otherwise be missing from its rule."""
    return kind == "extra_forbidden" and len(loc) > 2 and str(loc[-1]) in LATER[_level(loc[:-1])]


def _is_of_a_part(loc: Loc, document: Document) -> bool:
    """Whether a finding is about a test that stands beside a pattern, which is told as such."""
    if (
        len(loc) < 4
        or (loc[0], loc[2]) != ("rules", "match")
        or loc[3] not in set(KEYS["match"]) - set(KEYS["pattern"])
    ):
        return False
    match = document.data["rules"][loc[1]]["match"]
    return isinstance(match, dict) and "pattern" in match


def excused_rules(document: Document) -> set[int]:
    """Indices of rules that use keys of a later version, whose other checks would only repeat that."""
    rules = document.data.get("rules") if isinstance(document.data, dict) else None
    found = set()
    for index, rule in enumerate(rules if isinstance(rules, list) else []):
        if isinstance(rule, dict):
            match = rule.get("match")
            keys = set(match) if isinstance(match, dict) else set()
            if (keys & set(LATER["match"]) and not keys & set(SUBJECTS)) or set(LATER["rule"]) & set(rule):
                found.add(index)
    return found
