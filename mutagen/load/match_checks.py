"""What the shape of a ``match`` cannot say: subjects that go together, tests, globs and names that mean something."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mutagen.load.rules_words import (
    KEYS,
    LAYOUTS,
    MEANINGS,
    OPERATIONS,
    SHORTCUTS,
    SUBJECTS,
    closest,
    hint_for,
    listed,
    suggestion,
)
from mutagen.load.rules_yaml import Document, Loc

Finding = tuple[str, Loc, str, str]
"""Code, location, message and hint."""

_WORDS = {"shortcut": SHORTCUTS, "layout": LAYOUTS}
_RANGE = re.compile(r"\d*:\d*(:\d+)?|\d+(,\d+)*")
_MODULES = ("type", "block")
_ANYTHING = ("type", "block", "op", "edge")
# What a query within another one may speak of, by the key that it stands under.
_ALLOWED = {"inside": _MODULES, "has": _ANYTHING, "after": _ANYTHING, "before": _ANYTHING, "not": _ANYTHING}


def match_findings(match: Mapping[str, Any], loc: Loc, named: Mapping[str, Any]) -> Iterator[Finding]:
    """Everything in the match of a rule that does not fit together; ``named`` are the tests of the file by name."""
    if not subjects(match) and not any(closest(key, SUBJECTS) for key in match if key not in KEYS["match"]):
        yield "R122", loc, "the match has no subject", "give one of type, path, block, op, edge, pattern"
    yield from query_findings(match, loc, named)


def named_findings(document: Document) -> Iterator[Finding]:
    """Everything in the named tests of a file that compares what cannot be compared."""
    for name, tests in _items(_named(document)):
        yield from _tests(tests, ("where", name))


def named_tests(document: Document) -> Mapping[str, Any]:
    """The named tests of a file by name."""
    return dict(_items(_named(document)))


def subjects(match: Mapping[str, Any]) -> list[str]:
    """What a match speaks of; ``path`` beside ``block``, ``op`` or ``edge`` only narrows it down.

    Without a subject of its own it has those of ``all`` and ``any``.
    """
    own = list(dict.fromkeys(subject for key, subject in SUBJECTS.items() if key in match and key != "path"))
    if own:
        return own
    branches = [it for key in ("all", "any") for it in _listed(match.get(key)) if isinstance(it, dict)]
    found = list(dict.fromkeys(subject for it in branches for subject in subjects(it)))
    return found or (["type"] if "path" in match else [])


def subject_of(match: Mapping[str, Any]) -> str | None:
    """The only thing that a match speaks of."""
    found = subjects(match)
    if set(found) == set(_MODULES):
        return "type"
    return found[0] if len(found) == 1 else None


def query_findings(match: Mapping[str, Any], loc: Loc, named: Mapping[str, Any]) -> Iterator[Finding]:
    """Everything in a query that does not fit together; it need not have a subject."""
    yield from _one_subject(match, loc)
    yield from _names(match, loc)
    yield from _tests(match.get("where"), (*loc, "where"))
    yield from _uses(match.get("is"), (*loc, "is"), named)
    for key, allowed in _ALLOWED.items():
        yield from _within(match.get(key), (*loc, key), named, allowed=allowed)
    for key in ("all", "any"):
        for index, each in enumerate(_listed(match.get(key))):
            yield from _within(each, (*loc, key, index), named, allowed=_ANYTHING)
    if match.get("source") == {}:
        yield (
            "R122",
            (*loc, "source"),
            "`source` is empty",
            "say where: {class: Stem}, {function: forward} or {file: ...}",
        )
    if match.get("only") == {}:
        yield "R122", (*loc, "only"), "`only` is empty", "say which: {first: 2}, {last: 2}, {every: 2} or {nth: 3}"


def _one_subject(match: Mapping[str, Any], loc: Loc) -> Iterator[Finding]:
    keys = [key for key in match if key in SUBJECTS and key != "path"]
    own = {SUBJECTS[key] for key in keys}
    if len(own) > 1:
        hint = "keep one; to narrow a match down use `path`, `inside` or `where`"
        yield "R122", (*loc, keys[1]), f"a match has one subject, not {listed(keys)}", hint
        return
    for key in ("all", "any"):
        found = [it for each in _listed(match.get(key)) if isinstance(each, dict) for it in subjects(each)]
        kinds = {"modules" if it in _MODULES else it for it in found}
        if not own and len(kinds) > 1:
            message = f"the parts of `{key}` speak of different things: {listed(dict.fromkeys(found))}"
            yield "R122", (*loc, key), message, "make a rule of each"
        elif own & set(_MODULES) and kinds - {"modules"}:
            message = f"`{key}` speaks of calls or edges, the match of modules: it never holds"
            yield "R122", (*loc, key), message, "use `has`, or make the operation the subject"


def _within(given: object, loc: Loc, named: Mapping[str, Any], *, allowed: tuple[str, ...]) -> Iterator[Finding]:
    if isinstance(given, list):
        for index, each in enumerate(given):
            yield from _within(each, (*loc, index), named, allowed=allowed)
    if not isinstance(given, dict):
        return
    if not given:
        yield "R122", loc, f"`{_name(loc)}` is empty", "say what it should match, for example {type: Conv2d}"
    if "only" in given:
        hint = "write it at the top of the match"
        yield "R122", (*loc, "only"), "`only` counts what a whole rule selects", hint
    for key, subject in SUBJECTS.items():
        if key in given and subject not in allowed:
            yield "R122", (*loc, key), f"`{_name(loc)}` speaks of modules, not of `{key}`", "use type, path or block"
    yield from query_findings(given, loc, named)


def _uses(given: object, loc: Loc, named: Mapping[str, Any]) -> Iterator[Finding]:
    for index, name in enumerate(_listed(given)):
        if isinstance(name, str) and name not in named:
            at = (*loc, index) if isinstance(given, list) else loc
            hint = (
                hint_for(name, named, what="named tests") if named else f"define it: where: {{{name}: {{groups: 1}}}}"
            )
            yield "R140", at, f"the file has no test named {name!r}", hint


def _names(match: Mapping[str, Any], loc: Loc) -> Iterator[Finding]:
    block = match.get("block")
    if isinstance(block, str) and block not in MEANINGS and not is_class(block):
        hint = hint_for(block, MEANINGS, what="a class name, or one of")
        yield "R116", (*loc, "block"), f"unknown block {block!r}", hint
    op = match.get("op")
    if isinstance(op, str) and op not in OPERATIONS and suggestion(op, OPERATIONS):
        yield "R127", (*loc, "op"), f"unknown operation {op!r}", suggestion(op, OPERATIONS)
    for key in ("type", "isa", "path"):
        given = match.get(key)
        for index, pattern in enumerate(_listed(given)):
            at = (*loc, key, index) if isinstance(given, list) else (*loc, key)
            if isinstance(pattern, str):
                yield from _glob(pattern, at)


def is_class(name: str) -> bool:
    """Whether a text can be the name of a class."""
    parts = name.split(".")
    return all(part.isidentifier() for part in parts) and parts[-1][:1].isupper()


def _glob(pattern: str, loc: Loc) -> Iterator[Finding]:
    if pattern.startswith("re:"):
        try:
            re.compile(pattern[3:])
        except re.error as error:
            yield "R126", loc, f"the regular expression does not compile: {error}", "it must match the whole name"
        return
    if pattern.count("{") != pattern.count("}") or pattern.count("[") != pattern.count("]"):
        yield "R126", loc, f"a bracket is not closed in {pattern!r}", "ranges are [2:5], choices {a,b}"
        return
    for inner in re.findall(r"\[([^\]]*)\]", pattern):
        if "path" in loc and not _RANGE.fullmatch(inner):
            yield "R126", loc, f"[{inner}] is not a range", "write [2:5] for the parts 2, 3 and 4"


def _tests(given: object, loc: Loc) -> Iterator[Finding]:
    for fact, condition in _items(given):
        tests = condition if isinstance(condition, dict) else {"eq": condition}
        for test, value in tests.items():
            at = (*loc, fact, test) if isinstance(condition, dict) else (*loc, fact)
            yield from _test(fact, test, value=value, loc=at)


def _test(fact: str, test: str, *, value: object, loc: Loc) -> Iterator[Finding]:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if test in ("gt", "ge", "lt", "le") and not number:
        yield "R125", loc, f"`{test}` compares with a number, not with {_shown(value)}", "for a list of values use `in`"
    elif test == "in" and not (isinstance(value, list) and value):
        yield "R125", loc, f"`in` takes a list of values, not {_shown(value)}", f"write {fact}: {{in: [1, 2]}}"
    elif test == "multiple_of" and not (isinstance(value, int) and not isinstance(value, bool) and value > 0):
        hint = f"write {fact}: {{multiple_of: 8}}"
        yield "R125", loc, f"`multiple_of` takes a whole number above 0, not {_shown(value)}", hint
    elif fact in _WORDS and test in ("eq", "ne", "in"):
        for each in value if isinstance(value, list) else [value]:
            if each not in _WORDS[fact]:
                hint = hint_for(str(each), _WORDS[fact], what="it is one of")
                yield "R125", loc, f"a {fact} is not {_shown(each)}", hint


def _named(document: Document) -> object:
    return document.data.get("where") if isinstance(document.data, dict) else None


def _listed(given: object) -> list[Any]:
    return given if isinstance(given, list) else [given]


def _items(given: object) -> list[tuple[str, Any]]:
    return list(given.items()) if isinstance(given, dict) else []


def _name(loc: Loc) -> str:
    return next(str(part) for part in reversed(loc) if isinstance(part, str))


def _shown(value: object) -> str:
    return "a mapping" if isinstance(value, dict) else repr(value)
