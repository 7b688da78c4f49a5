"""What the shape of a rule file cannot say: subjects, actions, positions, tests, patterns and names that fit together.

The checks read plain data and pass over what is missing or of the wrong kind, which the schema reports, so that a file
shows all its errors at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mutagen.load.rules_words import (
    ACTIONS,
    EDGES,
    FUNCTIONS,
    KEYS,
    LATER_VALUES,
    LAYOUTS,
    MEANINGS,
    OPERATIONS,
    POSITIONS,
    SET_LATER,
    SET_OPTIONS,
    SHORTCUTS,
    SUBJECTS,
    TORCH_BLOCKS,
    KnownBlocks,
    closest,
    hint_for,
    listed,
    suggestion,
)
from mutagen.load.rules_yaml import Document, Loc

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_WORDS = {"shortcut": SHORTCUTS, "layout": LAYOUTS}
_RANGE = re.compile(r"\d*:\d*(:\d+)?|\d+(,\d+)*")

Finding = tuple[str, Loc, str, str]

ABOUT_KEYS = {"R122", "R123", "R128"}
"""Codes of findings that speak of the key at their location, not of its value."""


def findings(document: Document, known: KnownBlocks | None) -> Iterator[Finding]:
    """Code, location, message and hint of everything in the rules that does not fit together."""
    rules = document.data.get("rules") if isinstance(document.data, dict) else None
    first: dict[str, int] = {}
    for index, rule in enumerate(rules if isinstance(rules, list) else []):
        if not isinstance(rule, dict):
            continue
        loc: Loc = ("rules", index)
        yield from _identity(rule.get("id"), (*loc, "id"), document=document, first=first)
        subject = None
        if isinstance(rule.get("match"), dict):
            yield from _query(rule["match"], (*loc, "match"), outer=True)
            subject = _subject(rule["match"])
        yield from _action(rule, loc, subject=subject, known=known)


def _identity(given: object, loc: Loc, *, document: Document, first: dict[str, int]) -> Iterator[Finding]:
    if not isinstance(given, str):
        return
    if not _SLUG.fullmatch(given):
        yield "R120", loc, f"{given!r} is not a rule id", "use small letters, digits and single hyphens: relu-to-gelu"
    if given in first:
        message = f"rule id {given!r} is used twice (first in line {first[given]})"
        yield "R121", loc, message, "give each rule its own id"
    first.setdefault(given, document.place(loc).line)


def _subjects(match: Mapping[str, Any]) -> list[str]:
    """What a match speaks of; ``path`` beside ``block``, ``op`` or ``edge`` only narrows it down."""
    found = list(dict.fromkeys(subject for key, subject in SUBJECTS.items() if key in match and key != "path"))
    return found or (["type"] if "path" in match else [])


def _subject(match: Mapping[str, Any]) -> str | None:
    subjects = _subjects(match)
    return subjects[0] if len(subjects) == 1 else None


def _query(match: Mapping[str, Any], loc: Loc, *, outer: bool) -> Iterator[Finding]:
    subjects = _subjects(match)
    if outer and not subjects and not any(closest(key, SUBJECTS) for key in match if key not in KEYS["match"]):
        yield "R122", loc, "the match has no subject", "give one of type, path, block, op, edge"
    if not match:
        return
    if len(subjects) > 1:
        keys = [key for key in match if key in SUBJECTS and key != "path"]
        hint = "keep one; to narrow a match down use `path`, `inside` or `where`"
        yield "R122", (*loc, keys[1]), f"a match has one subject, not {listed(keys)}", hint
    yield from _names(match, loc)
    for fact, condition in _items(match.get("where")):
        tests = condition if isinstance(condition, dict) else {"eq": condition}
        for test, value in tests.items():
            at = (*loc, "where", fact, test) if isinstance(condition, dict) else (*loc, "where", fact)
            yield from _test(fact, test, value=value, loc=at)
    inside = match.get("inside")
    if isinstance(inside, dict):
        yield from _nested(inside, (*loc, "inside"), allowed=("type", "block"))
    yield from _excluded(match, loc)
    if match.get("only") == {}:
        yield "R122", (*loc, "only"), "`only` is empty", "say which: {first: 2}, {last: 2}, {every: 2} or {nth: 3}"


def _excluded(match: Mapping[str, Any], loc: Loc) -> Iterator[Finding]:
    given = match.get("not")
    if isinstance(given, dict):
        yield from _nested(given, (*loc, "not"), allowed=("type", "block", "op", "edge"))
    for index, each in enumerate(given if isinstance(given, list) else []):
        if isinstance(each, dict):
            yield from _nested(each, (*loc, "not", index), allowed=("type", "block", "op", "edge"))


def _nested(match: Mapping[str, Any], loc: Loc, *, allowed: tuple[str, ...]) -> Iterator[Finding]:
    if not match:
        yield "R122", loc, f"`{_name(loc)}` is empty", "say what it should match, for example {type: Conv2d}"
    if "only" in match:
        hint = "write it at the top of the match"
        yield "R122", (*loc, "only"), "`only` counts what a whole rule selects", hint
    for key, subject in SUBJECTS.items():
        if key in match and subject not in allowed:
            yield "R122", (*loc, key), f"`{_name(loc)}` speaks of modules, not of `{key}`", "use type, path or block"
    yield from _query(match, loc, outer=False)


def _names(match: Mapping[str, Any], loc: Loc) -> Iterator[Finding]:
    for key in ("edge", "block"):
        if match.get(key) in LATER_VALUES[key]:
            yield "R113", (*loc, key), f"`{key}: {match[key]}` is not supported yet", f"supported: {_supported(key)}"
    block = match.get("block")
    if isinstance(block, str) and block not in (*MEANINGS, *LATER_VALUES["block"]) and not _is_class(block):
        yield (
            "R116",
            (*loc, "block"),
            f"unknown block {block!r}",
            hint_for(block, MEANINGS, what="a class name, or one of"),
        )
    op = match.get("op")
    if isinstance(op, str) and op not in OPERATIONS and suggestion(op, OPERATIONS):
        yield "R127", (*loc, "op"), f"unknown operation {op!r}", suggestion(op, OPERATIONS)
    for key in ("type", "path"):
        given = match.get(key)
        for index, pattern in enumerate(given if isinstance(given, list) else [given]):
            at = (*loc, key, index) if isinstance(given, list) else (*loc, key)
            if isinstance(pattern, str):
                yield from _pattern(pattern, at)


def _supported(key: str) -> str:
    return listed(EDGES) if key == "edge" else f"{listed(MEANINGS)} or a class name"


def _is_class(name: str) -> bool:
    parts = name.split(".")
    return all(part.isidentifier() for part in parts) and parts[-1][:1].isupper()


def _pattern(pattern: str, loc: Loc) -> Iterator[Finding]:
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


def _test(fact: str, test: str, *, value: object, loc: Loc) -> Iterator[Finding]:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if test in ("gt", "ge", "lt", "le") and not number:
        yield "R125", loc, f"`{test}` compares with a number, not with {_shown(value)}", "for a list of values use `in`"
    elif test == "in" and not (isinstance(value, list) and value):
        yield "R125", loc, f"`in` takes a list of values, not {_shown(value)}", f"write {fact}: {{in: [1, 2]}}"
    elif test == "multiple_of" and not (isinstance(value, int) and not isinstance(value, bool) and value > 0):
        yield (
            "R125",
            loc,
            f"`multiple_of` takes a whole number above 0, not {_shown(value)}",
            f"write {fact}: {{multiple_of: 8}}",
        )
    elif fact in _WORDS and test in ("eq", "ne", "in"):
        for each in value if isinstance(value, list) else [value]:
            if each not in _WORDS[fact]:
                hint = hint_for(str(each), _WORDS[fact], what="it is one of")
                yield "R125", loc, f"a {fact} is not {_shown(each)}", hint


def _action(rule: Mapping[str, Any], loc: Loc, *, subject: str | None, known: KnownBlocks | None) -> Iterator[Finding]:
    given = [key for key in ACTIONS if key in rule]
    if not given:
        yield "R123", loc, "the rule has no action", "give `replace`, `insert` or `set`"
    elif len(given) > 1:
        yield "R123", (*loc, given[1]), f"a rule has one action, not {' and '.join(given)}", "make two rules of it"
    match = rule.get("match")
    for kind in given:
        action = rule[kind]
        if not isinstance(action, dict):
            continue
        at = (*loc, kind)
        if subject and isinstance(match, dict):
            if kind == "replace":
                yield from _replacement(match, at, subject=subject)
            elif kind == "insert":
                yield from _insertion(match, action, loc=at, subject=subject)
        if kind == "set":
            yield from _setting(action, at, subject=subject)
        else:
            yield from _block(action, at, subject=subject, known=known)


def _replacement(match: Mapping[str, Any], loc: Loc, *, subject: str) -> Iterator[Finding]:
    if subject == "edge":
        yield "R130", loc, "an edge cannot be replaced", "use `insert: {block: ..., at: branch}` or `at: skip`"
    elif match.get("block") == "residual":
        yield "R130", loc, "a residual block cannot be replaced as a whole", "insert into it with `at: branch-end`"


def _setting(action: Mapping[str, Any], loc: Loc, *, subject: str | None) -> Iterator[Finding]:
    if subject in ("op", "edge"):
        message = f"an {'operation' if subject == 'op' else 'edge'} has no constructor whose arguments could be set"
        yield "R130", loc, message, "match modules: {type: Conv2d}"
    if not set(action) - set(SET_OPTIONS):
        yield "R123", loc, "`set` names no argument", "write set: {dilation: 2, padding: auto}"
    for key, value in action.items():
        if key in SET_LATER:
            yield "R113", (*loc, key), f"`{key}` is not supported yet", f"options: {listed(SET_OPTIONS)}"
        elif not key.isidentifier():
            yield (
                "R128",
                (*loc, key),
                f"{key!r} cannot be the name of an argument",
                "write it as it stands in `__init__`: kernel_size",
            )
        elif value == "auto" and key != "padding":
            yield "R125", (*loc, key), f"`auto` is known for `padding` alone, not for `{key}`", "write the value"


def _insertion(match: Mapping[str, Any], action: Mapping[str, Any], *, loc: Loc, subject: str) -> Iterator[Finding]:
    at = action.get("at")
    if subject == "op":
        hint = "match a module (`type`, `path`, `block`), `edge: residual` or `edge: skip`"
        yield "R113", loc, "`insert` beside an operation is not supported yet", hint
        return
    if match.get("block") == "squeeze-excite" and at == "branch-end":
        yield "R130", loc, "a squeeze-excite block has no branch", "use `at: after`, or `replace`"
        return
    fitting = POSITIONS.get(str(match.get("edge")) if subject == "edge" else subject)
    if not isinstance(at, str) or fitting is None or at in fitting:
        return
    if at in LATER_VALUES["at"]:
        yield "R113", (*loc, "at"), f"`at: {at}` is not supported yet", f"supported here: {listed(fitting)}"
    else:
        yield "R124", (*loc, "at"), f"`at: {at}` does not fit this match", f"supported here: {listed(fitting)}"


def _block(action: Mapping[str, Any], loc: Loc, *, subject: str | None, known: KnownBlocks | None) -> Iterator[Finding]:
    key = "with" if _name(loc) == "replace" else "block"
    name = action.get(key)
    if known is None or not isinstance(name, str):
        return
    blocks = {**TORCH_BLOCKS, **known}
    at = (*loc, key)
    everything = {**blocks, **FUNCTIONS}
    if name not in everything:
        yield "R127", at, f"unknown block {name!r}", hint_for(name, sorted(everything), what="known")
    elif subject == "op" and key == "with" and name not in FUNCTIONS:
        yield "R130", at, f"an operation cannot become the block {name!r}", f"for operations: {listed(FUNCTIONS)}"
    elif key == "block" and name in FUNCTIONS:
        yield "R130", at, f"the function {name!r} cannot be inserted", f"blocks: {listed(sorted(blocks))}"
    else:
        yield from _arguments(action.get("args"), (*loc, "args"), name=name, allowed=everything[name])


def _arguments(given: object, loc: Loc, *, name: str, allowed: Any) -> Iterator[Finding]:
    for argument, _ in _items(given):
        if argument not in allowed:
            hint = hint_for(argument, allowed, what="arguments") if allowed else "it takes no arguments"
            yield "R128", (*loc, argument), f"unknown argument {argument!r} for {name}", hint


def _items(given: object) -> list[tuple[str, Any]]:
    return list(given.items()) if isinstance(given, dict) else []


def _name(loc: Loc) -> str:
    return next(str(part) for part in reversed(loc) if isinstance(part, str))


def _shown(value: object) -> str:
    return "a mapping" if isinstance(value, dict) else repr(value)
