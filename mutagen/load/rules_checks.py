"""What the shape of a rule file cannot say: subjects, actions, positions, tests, patterns and names that fit together.

The checks read plain data and pass over what is missing or of the wrong kind, which the schema reports, so that a file
shows all its errors at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mutagen.load.match_checks import Finding, match_findings, named_findings, named_tests, subject_of
from mutagen.load.pattern_checks import parts_findings, pattern_findings
from mutagen.load.rules_action_checks import action_findings
from mutagen.load.rules_of_parts import parts_in
from mutagen.load.rules_words import (
    ACTIONS,
    FUNCTIONS,
    KEYS,
    LATER_VALUES,
    POSITIONS,
    SET_LATER,
    SET_OPTIONS,
    TORCH_BLOCKS,
    KnownBlocks,
    closest,
    hint_for,
    listed,
)
from mutagen.load.rules_yaml import Document, Loc

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")

_USEFUL = {"rules", "include", "blocks", "templates"}

ABOUT_KEYS = {"R122", "R123", "R128", "R145", "R147", "R161"}
"""Codes of findings that speak of the key at their location, not of its value."""


def findings(document: Document, known: KnownBlocks | None) -> Iterator[Finding]:
    """Code, location, message and hint of everything in the rules that does not fit together."""
    rules = document.data.get("rules") if isinstance(document.data, dict) else None
    named = named_tests(document)
    yield from named_findings(document)
    yield from _nothing_to_do(document.data)
    first: dict[str, int] = {}
    for index, rule in enumerate(rules if isinstance(rules, list) else []):
        if not isinstance(rule, dict):
            continue
        loc: Loc = ("rules", index)
        yield from _identity(rule.get("id"), (*loc, "id"), document=document, first=first)
        if is_switch(rule):
            continue
        yield from _without_match(rule, loc)
        subject = None
        match = rule.get("match")
        if isinstance(match, dict) and "pattern" in match:
            yield from pattern_findings(match, (*loc, "match"), named)
            subject = "pattern"
        elif isinstance(match, dict):
            yield from match_findings(match, (*loc, "match"), named)
            subject = subject_of(match)
        yield from _action(rule, loc, subject=subject, known=known)


def is_switch(rule: Mapping[str, Any]) -> bool:
    """Whether it is no rule of its own, but says whether an included one is applied: ``{id: a, enabled: false}``."""
    return "enabled" in rule and set(rule) <= {"id", "enabled"}


def _nothing_to_do(data: Any) -> Iterator[Finding]:
    """A file needs rules of its own or others', or brings blocks along for those who include it."""
    if isinstance(data, dict) and not _USEFUL & {closest(key, KEYS["file"]) for key in data}:
        yield "R115", (), "the file needs the key `rules`", "write `rules:` with a list of rules, or `include:`"


def _without_match(rule: Mapping[str, Any], loc: Loc) -> Iterator[Finding]:
    if "match" not in rule and not any(closest(key, KEYS["rule"]) == "match" for key in rule):
        yield "R115", loc, "a rule needs the key `match`", f"keys: {listed(KEYS['rule'])}"


def _identity(given: object, loc: Loc, *, document: Document, first: dict[str, int]) -> Iterator[Finding]:
    if not isinstance(given, str):
        return
    if not _SLUG.fullmatch(given):
        yield "R120", loc, f"{given!r} is not a rule id", "use small letters, digits and single hyphens: relu-to-gelu"
    if given in first:
        message = f"rule id {given!r} is used twice (first in line {first[given]})"
        yield "R121", loc, message, "give each rule its own id"
    first.setdefault(given, document.place(loc).line)


def _action(rule: Mapping[str, Any], loc: Loc, *, subject: str | None, known: KnownBlocks | None) -> Iterator[Finding]:
    given = [key for key in ACTIONS if key in rule]
    if not given:
        yield "R123", loc, "the rule has no action", f"give one of {listed(ACTIONS)}"
    elif len(given) > 1 and (subject != "pattern" or "skip" in given):
        yield "R123", (*loc, given[1]), f"a rule has one action, not {' and '.join(given)}", "make two rules of it"
    match = rule.get("match")
    changed: dict[str, str] = {}
    for kind in given:
        action = {} if rule[kind] is True and kind in ("remove", "skip") else rule[kind]
        if not isinstance(action, dict):
            continue
        at = (*loc, kind)
        parts = parts_in(kind, action)
        if subject == "pattern" and isinstance(match, dict):
            yield from parts_findings(match, kind, action, at)
        elif parts and subject is not None:
            yield "R130", at, f"only a pattern has parts, by which `{kind}` could speak of them", _WHOLE[kind]
        else:
            yield from action_findings(kind, action, match, at, subject)
            yield from _fitting(kind, match, action, at, subject=subject)
        for name, part in parts.items():
            yield from _part(kind, name, part, (*at, name), known=known, changed=changed)
        if kind == "set":
            yield from _setting(action, at, subject=subject) if not parts else ()
        elif not parts and kind not in ("remove", "skip"):
            yield from _block(action, at, subject=subject, known=known, key=_BLOCK_KEY[kind])


_BLOCK_KEY = {"insert": "block", "branch": "block", "replace": "with", "wrap": "with"}
_WHOLE = {
    "replace": "write replace: {with: ...}",
    "insert": "write insert: {block: ..., at: after}",
    "set": "write set: {dilation: 2, padding: auto}",
    "wrap": "write wrap: {with: ...}",
    "branch": "write branch: {block: ...}",
    "remove": "write remove: true",
}


def _part(
    kind: str, name: str, part: Mapping[str, Any], loc: Loc, *, known: KnownBlocks | None, changed: dict[str, str]
) -> Iterator[Finding]:
    """What happens to one part of a pattern."""
    other = changed.setdefault(name, kind)
    if other != kind:
        message = f"two things happen to the part {name!r}: {other} and {kind}"
        yield "R123", loc, message, "make two rules of it, and run them one after the other"
    if kind == "set":
        yield from _setting(part, loc, subject=None)
    elif kind != "remove":
        yield from _block(part, loc, subject="part", known=known, key=_BLOCK_KEY[kind])


def _fitting(
    kind: str, match: object, action: Mapping[str, Any], loc: Loc, *, subject: str | None
) -> Iterator[Finding]:
    if subject and isinstance(match, dict):
        if kind == "replace":
            yield from _replacement(match, loc, subject=subject)
        elif kind == "insert":
            yield from _insertion(match, action, loc=loc, subject=subject)


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


def _block(
    action: Mapping[str, Any], loc: Loc, *, subject: str | None, known: KnownBlocks | None, key: str
) -> Iterator[Finding]:
    name = action.get(key)
    if known is None or not isinstance(name, str):
        return
    blocks = {**TORCH_BLOCKS, **known}
    at = (*loc, key)
    everything = {**blocks, **FUNCTIONS}
    if name not in everything:
        yield "R127", at, f"unknown block {name!r}", hint_for(name, sorted(everything), what="known")
    elif subject == "op" and _name(loc) == "replace" and name not in FUNCTIONS:
        yield "R130", at, f"an operation cannot become the block {name!r}", f"for operations: {listed(FUNCTIONS)}"
    elif key == "block" and name in FUNCTIONS:
        yield "R130", at, f"the function {name!r} cannot be inserted", f"blocks: {listed(sorted(blocks))}"
    else:
        yield from _arguments(
            action.get("args"), (*loc, "args"), name=name, allowed=everything[name], captures=subject == "part"
        )


def _arguments(given: object, loc: Loc, *, name: str, allowed: Any, captures: bool) -> Iterator[Finding]:
    for argument, value in _items(given):
        if isinstance(value, str) and "${" in value and not captures:
            message = f"{value!r} speaks of the part of a pattern, and this match has none"
            yield "R161", (*loc, argument), message, "match a pattern: relu(bn(conv(x)))"
        if argument not in allowed:
            hint = hint_for(argument, allowed, what="arguments") if allowed else "it takes no arguments"
            yield "R128", (*loc, argument), f"unknown argument {argument!r} for {name}", hint


def _items(given: object) -> list[tuple[str, Any]]:
    return list(given.items()) if isinstance(given, dict) else []


def _name(loc: Loc) -> str:
    return next(str(part) for part in reversed(loc) if isinstance(part, str))
