"""Patterns of files, as in a configuration."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import PurePath


def any_matches(patterns: Iterable[str], path: str) -> bool:
    """Whether one of some patterns with full paths takes a file, or a folder around it.

    ``*`` and ``?`` stay within a name, ``**`` stands for any folders.
    """
    return any(file_matches(pattern, path) for pattern in patterns)


def file_matches(pattern: str, path: str) -> bool:
    """Whether a pattern with its full path takes a file or a folder around it."""
    regex = _regex(pattern.rstrip("/"))
    return any(regex.fullmatch(it.as_posix()) for it in (PurePath(path), *PurePath(path).parents))


def full_pattern(pattern: str, folder: str) -> str:
    """A pattern as seen from a folder, with the full path; a name without a slash is looked for at any depth."""
    if pattern.startswith("/"):
        return pattern
    pattern = pattern.removeprefix("./")
    start = PurePath(folder).as_posix().rstrip("/")
    return f"{start}/{pattern}" if "/" in pattern.rstrip("/") else f"{start}/**/{pattern}"


@cache
def _regex(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    meaning = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(meaning.get(part, re.escape(part)) for part in parts), re.DOTALL)
