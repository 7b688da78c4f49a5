"""Patterns for dotted paths and for class names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache

from mutagen.errors import RuleError
from mutagen.records.trace import Instance

_TOKEN = re.compile(r"\[(\d*):(\d*)\]|\[[^\]]+\]|\{[^{}]*\}|\*|\?|[^*?\[{]+|.")


@dataclass(frozen=True, slots=True)
class PathGlob:
    """A compiled pattern; ``bounds`` are the half-open ranges of its number groups, in order."""

    regex: re.Pattern[str]
    bounds: tuple[tuple[int, int | None], ...] = ()

    def matches(self, path: str) -> bool:
        """Whether the whole path fits."""
        found = self.regex.fullmatch(path)
        if found is None or not self.bounds:
            return found is not None
        numbers = (int(text) for text in found.groups())
        return all(
            low <= number and (high is None or number < high)
            for number, (low, high) in zip(numbers, self.bounds, strict=True)
        )


@lru_cache(maxsize=512)
def path_glob(pattern: str) -> PathGlob:
    """Compiles a path pattern: ``*`` one part, ``**`` any number, ``[2:5]`` as in a slice, ``{a,b}``, ``re:`` regex.

    Raises RuleError E321 for a pattern that cannot be compiled.
    """
    try:
        if pattern.startswith("re:"):
            return PathGlob(re.compile(f"(?:{pattern[3:]})"))
        return _compile(pattern)
    except re.error as error:
        hint = "write * for one part, ** for any number of parts, [2:5] for a range, {a,b} for a choice"
        raise RuleError("E321", f"path pattern {pattern!r} cannot be read: {error}", hint=hint) from error


def path_matches(patterns: Iterable[str], paths: Iterable[str]) -> bool:
    """Whether one of the paths fits one of the patterns."""
    globs = [path_glob(pattern) for pattern in patterns]
    return any(glob.matches(path) for path in paths for glob in globs)


def type_matches(patterns: Iterable[str], instance: Instance) -> bool:
    """Whether the class of the instance is named by one of the patterns; subclasses are other classes.

    A name without dots speaks of the bare class name, else of the qualified one, with ``torch.nn.X`` and ``nn.X``
    allowed for what torch defines deeper. A user's class that hides its base of the same name is a subclass too.
    """
    return any(_type_matches(pattern, instance) for pattern in patterns)


def _type_matches(pattern: str, instance: Instance) -> bool:
    if "." in pattern:
        names = [instance.type]
        if instance.library and instance.type.startswith("torch.nn."):
            names += [f"torch.nn.{instance.name}", f"nn.{instance.name}"]
        return any(fnmatchcase(name, pattern) for name in names)
    if not fnmatchcase(instance.name, pattern):
        return False
    return not (instance.name == pattern and shadows_base(instance))


def is_a(patterns: Iterable[str], instance: Instance) -> bool:
    """Whether the class of the instance, or one that it inherits from, is named by one of the patterns."""
    return any(_named(pattern, base) for pattern in patterns for base in instance.bases)


def _named(pattern: str, full: str) -> bool:
    bare = full.rpartition(".")[2]
    if "." not in pattern:
        return fnmatchcase(bare, pattern)
    names = [full, *([f"torch.nn.{bare}", f"nn.{bare}"] if full.startswith("torch.nn.") else [])]
    return any(fnmatchcase(name, pattern) for name in names)


def shadows_base(instance: Instance) -> bool:
    """Whether the class carries the bare name of one of its own bases."""
    others = (name for name in instance.bases if name != instance.type)
    return any(name.rpartition(".")[2] == instance.name for name in others)


def _compile(pattern: str) -> PathGlob:
    bounds: list[tuple[int, int | None]] = []
    parts = _split_parts(pattern)
    text, needs_dot = "", False
    for number, part in enumerate(parts):
        if part == "**":
            last = number == len(parts) - 1
            text += (r"(?:\.[^.]+)*" if needs_dot else r"(?:[^.]+(?:\.[^.]+)*)?") if last else _middle(needs_dot)
            needs_dot = needs_dot and last
            continue
        text += (r"\." if needs_dot else "") + _part(part, bounds)
        needs_dot = True
    return PathGlob(re.compile(text), tuple(bounds))


def _middle(needs_dot: bool) -> str:
    return r"\.(?:[^.]+\.)*" if needs_dot else r"(?:[^.]+\.)*"


def _split_parts(pattern: str) -> list[str]:
    """Splits at the dots outside of braces, and joins neighbouring ``**``."""
    parts: list[str] = [""]
    depth = 0
    for char in pattern:
        depth += (char == "{") - (char == "}")
        if char == "." and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return [part for at, part in enumerate(parts) if not (part == "**" and at and parts[at - 1] == "**")]


def _part(part: str, bounds: list[tuple[int, int | None]]) -> str:
    if part == "*":
        return r"[^.]+"
    return "".join(_token(found, bounds) for found in _TOKEN.finditer(part))


def _token(found: re.Match[str], bounds: list[tuple[int, int | None]]) -> str:
    token = found.group()
    if found.group(1) is not None:
        low, high = found.group(1), found.group(2)
        bounds.append((int(low or 0), int(high) if high else None))
        return r"(\d+)"
    if token in {"*", "?"}:
        return r"[^.]*" if token == "*" else r"[^.]"
    if token.startswith("{") and token.endswith("}"):
        choices = (_plain(choice.strip()) for choice in token[1:-1].split(","))
        return f"(?:{'|'.join(choices)})"
    if token.startswith("[") and len(token) > 1:
        inner = token[1:-1]
        return f"[{'^' + inner[1:] if inner.startswith('!') else inner}]"
    return re.escape(token)


def _plain(choice: str) -> str:
    return re.escape(choice).replace(r"\*", r"[^.]*").replace(r"\?", r"[^.]")
