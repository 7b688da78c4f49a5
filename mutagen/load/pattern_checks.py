"""What the shape of a ``pattern`` cannot say: its text, and names of parts that are known, described and used."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from mutagen.load.match_checks import Finding, query_findings, subjects
from mutagen.load.pattern_text import NAMES, meaning
from mutagen.load.pattern_tree import Pattern, pattern_of
from mutagen.load.rules_of_parts import parts_in
from mutagen.load.rules_words import AROUND, JOINS, KEYS, closest, listed, suggestion
from mutagen.load.rules_yaml import Loc

_CAPTURED = re.compile(r"\$\{([^}]*)\}")
_OF_A_PART = ("type", "isa", "block", "op", "edge", "where", "is", "has", "after", "before")
_WORDS = frozenset(word for words in KEYS.values() for word in words)


def pattern_findings(match: Mapping[str, Any], loc: Loc, named: Mapping[str, Any]) -> Iterator[Finding]:
    """Everything in a match with a pattern that does not fit together."""
    text = match["pattern"]
    if not isinstance(text, str):
        return
    try:
        pattern = pattern_of(text)
    except ValueError as error:
        yield "R160", (*loc, "pattern"), str(error), "write the last to run outside: relu(bn(conv(x)))"
        return
    names = pattern.parts
    for key in match:
        if key in _OF_A_PART:
            hint = f"say it of a part: {names[-1]}: {{{key}: ...}}"
            yield "R161", (*loc, key), f"`{key}` beside a pattern does not say of which part it speaks", hint
        elif key not in KEYS["pattern"]:
            yield from _capture(key, (*loc, key), names, pattern.free)
    for name in names:
        yield from _named(name, match.get(name), (*loc, "pattern"))
        yield from _joined(name, match.get(name), pattern, (*loc, "pattern"))
    told = {key: value for key, value in match.items() if key in KEYS["pattern"] and key != "pattern"}
    yield from query_findings(told, loc, named)
    for name in names:
        if isinstance(match.get(name), dict) and name not in _WORDS:
            yield from _described(match[name], (*loc, name), named)


def parts_findings(match: Mapping[str, Any], kind: str, given: object, loc: Loc) -> Iterator[Finding]:
    """Everything in an action that names parts which do not fit the pattern."""
    try:
        pattern = pattern_of(str(match.get("pattern")))
    except ValueError:
        return
    names, parts = pattern.parts, parts_in(kind, given)
    if not parts and kind in _EXAMPLES:
        hint = f"say what happens to which part: {kind}: {{{names[-1]}: {_EXAMPLES[kind]}}}"
        yield "R130", loc, f"`{kind}` speaks of parts, for a rule with a pattern", hint
    for name in parts:
        if name not in names:
            hint = f"{suggestion(name, names)} its parts: {listed(names)}".strip()
            yield "R161", (*loc, name), f"the pattern has no part {name!r}", hint
    for name, part in parts.items():
        if kind == "insert" and name in names:
            yield from _position(part.get("at"), (*loc, name, "at"), joins=len(pattern.reads[name]) > 1)
        values = _items(part) if kind == "set" else _items(part.get("args"))
        at = (*loc, name) if kind == "set" else (*loc, name, "args")
        for argument, value in values:
            yield from _captured(value, (*at, argument), names, kind)


_EXAMPLES = {
    "replace": "{with: ...}",
    "insert": "{block: ..., at: after}",
    "set": "{dilation: 2, padding: auto}",
    "wrap": "{with: ...}",
    "branch": "{block: ...}",
    "remove": "true",
}


def _position(at: object, loc: Loc, *, joins: bool) -> Iterator[Finding]:
    if not isinstance(at, str):
        return
    fitting = ("after", "output") if joins else AROUND
    if at not in fitting:
        message = f"`at: {at}` does not fit a part" + (" that reads two tensors" if joins and at in AROUND else "")
        yield "R124", loc, message, f"supported here: {listed(fitting)}"


def _joined(name: str, told: object, pattern: Pattern, loc: Loc) -> Iterator[Finding]:
    """A part with two operands must be an operation that joins two tensors."""
    if len(pattern.reads[name]) < 2:
        return
    means = {told.get("op")} if isinstance(told, dict) and "op" in told else set(meaning(name))
    if not means or not means <= {*JOINS, "concat"}:
        message = f"{name!r} at character {pattern.places[name]} reads two tensors, which {listed(JOINS)} alone do"
        yield "R160", loc, message, f"give it one operand, or say what it is: {name}: {{op: add}}"


def _capture(key: str, loc: Loc, names: Collection[str], free: Collection[str]) -> Iterator[Finding]:
    """A key that must be the name of a part."""
    if key in names:
        return
    if key in free:
        message = f"{key!r} stands for any tensor, it is no part of the pattern"
        yield "R161", loc, message, f"describe one of its parts: {listed(names)}"
        return
    meant = closest(key, [*KEYS["pattern"], *names])
    hint = f"did you mean {meant!r}?" if meant else f"its parts: {listed(names)}; other keys: {listed(KEYS['pattern'])}"
    yield "R161", loc, f"the pattern has no part {key!r}", hint


def _named(name: str, told: object, loc: Loc) -> Iterator[Finding]:
    """A name in the pattern must mean something, or be described."""
    if name in _WORDS:
        yield "R160", loc, f"{name!r} is a word of the language, not the name of a part", f"call it {name}_1"
        return
    described = isinstance(told, dict) and subjects({key: told[key] for key in told if key != "path"})
    if not described and not meaning(name):
        near = suggestion(name, NAMES)
        hint = f"{near} Or describe it: {name}: {{type: ...}}" if near else f"describe it: {name}: {{type: ...}}"
        yield "R160", loc, f"the part {name!r} is no operation that is known by that name", hint


def _described(told: Mapping[str, Any], loc: Loc, named: Mapping[str, Any]) -> Iterator[Finding]:
    if "only" in told:
        yield "R122", (*loc, "only"), "`only` counts what a whole rule selects", "write it beside the pattern"
    if "edge" in told:
        yield "R122", (*loc, "edge"), "a part of a pattern is an operation, not an edge", "use type, isa, block or op"
    yield from query_findings({key: value for key, value in told.items() if key not in ("only", "edge")}, loc, named)


def _captured(value: object, loc: Loc, names: Collection[str], kind: str) -> Iterator[Finding]:
    """``${conv.in_channels}`` must be the whole value, and speak of a part of the pattern."""
    if not isinstance(value, str) or "${" not in value:
        return
    if kind != "replace":
        hint = "write the value, or a rule for each"
        yield "R161", loc, f"facts of other parts are arguments of `replace` alone, not of `{kind}`", hint
        return
    found = _CAPTURED.fullmatch(value)
    part, dot, fact = (found[1] if found else "").partition(".")
    if found is None or not dot or not fact.isidentifier():
        yield "R125", loc, f"{value!r} is no captured fact", "write ${conv.in_channels} and nothing beside it"
    elif part not in names:
        yield (
            "R161",
            loc,
            f"the pattern has no part {part!r}",
            f"{suggestion(part, names)} its parts: {listed(names)}".strip(),
        )


def _items(given: object) -> list[tuple[str, Any]]:
    return list(given.items()) if isinstance(given, dict) else []
