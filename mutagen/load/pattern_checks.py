"""What the shape of a ``pattern`` cannot say: its text, and names of parts that are known, described and used."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from mutagen.load.match_checks import Finding, query_findings, subjects
from mutagen.load.pattern_text import NAMES, meaning, parts_of
from mutagen.load.rules_words import KEYS, closest, listed, suggestion
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
        names, tensor = parts_of(text)
    except ValueError as error:
        yield "R160", (*loc, "pattern"), str(error), "write the last to run outside: relu(bn(conv(x)))"
        return
    for key in match:
        if key in _OF_A_PART:
            hint = f"say it of a part: {names[-1]}: {{{key}: ...}}"
            yield "R161", (*loc, key), f"`{key}` beside a pattern does not say of which part it speaks", hint
        elif key not in KEYS["pattern"]:
            yield from _capture(key, match[key], (*loc, key), names, tensor)
    for name in names:
        yield from _named(name, match.get(name), (*loc, "pattern"))
    told = {key: value for key, value in match.items() if key in KEYS["pattern"] and key != "pattern"}
    yield from query_findings(told, loc, named)
    for name in names:
        if isinstance(match.get(name), dict) and name not in _WORDS:
            yield from _described(match[name], (*loc, name), named)


def parts_findings(match: Mapping[str, Any], given: object, loc: Loc) -> Iterator[Finding]:
    """Everything in a ``replace`` that names parts which do not fit the pattern."""
    try:
        names, _ = parts_of(str(match.get("pattern")))
    except ValueError:
        return
    parts = parts_in(given)
    if not parts:
        hint = f"say what becomes of which part: {{{names[-1]}: {{with: ...}}}}"
        yield "R130", loc, "a pattern is replaced part by part", hint
    for name in parts:
        if name not in names:
            hint = f"{suggestion(name, names)} its parts: {listed(names)}".strip()
            yield "R161", (*loc, name), f"the pattern has no part {name!r}", hint
    for name, part in parts.items():
        for argument, value in _items(part.get("args")):
            yield from _captured(value, (*loc, name, "args", argument), names)


def parts_in(given: object) -> dict[str, Mapping[str, Any]]:
    """What a ``replace`` says of parts, by their names."""
    if not isinstance(given, dict) or "with" in given:
        return {}
    return {key: value for key, value in given.items() if isinstance(value, dict) and key != "args"}


def _capture(key: str, given: object, loc: Loc, names: Collection[str], tensor: str) -> Iterator[Finding]:
    """A key that must be the name of a part."""
    if key in names:
        return
    if key == tensor:
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


def _captured(value: object, loc: Loc, names: Collection[str]) -> Iterator[Finding]:
    """``${conv.in_channels}`` must be the whole value, and speak of a part of the pattern."""
    if not isinstance(value, str) or "${" not in value:
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
