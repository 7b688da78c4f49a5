"""Comments that keep rules away from places: ``# mutagen: ignore[rule]``, ``off`` and ``on``, ``file-ignore[rule]``."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from mutagen.records.span import Span
from mutagen.source.file import SourceFile

_COMMENT = re.compile(r"#\s*mutagen:\s*(?P<word>[\w-]*)\s*(?P<ids>\[[^\]]*\])?")
_WORDS = ("ignore", "file-ignore", "off", "on")
_BODIES = ("body", "orelse", "finalbody", "handlers", "cases")
WHOLE_FILE = 10**9
"""The last line of what reaches to the end of its file."""


@dataclass(frozen=True, slots=True)
class Suppression:
    """Lines of a file, from 1, that a rule leaves alone, or all rules where ``rule`` is None; where it is written.

    ``line`` is 0 where it does not come from a comment.
    """

    file: str
    line: int
    rule: str | None
    start: int
    end: int

    def covers(self, rule: str, span: Span) -> bool:
        """Whether an expression of the file lies, with a part of it at least, in the lines."""
        return self.rule in (None, rule) and span.line <= self.end and span.end_line >= self.start


@dataclass(frozen=True, slots=True)
class Comments:
    """What the comments of a file keep away, and what is wrong with them: pairs of line and sentence."""

    suppressions: tuple[Suppression, ...] = ()
    problems: tuple[tuple[int, str], ...] = ()


def comments_of(file: SourceFile) -> Comments:
    """The suppressions of a source, in the order of their lines."""
    if b"mutagen:" not in file.utf8:
        return Comments()
    found: list[Suppression] = []
    problems: list[tuple[int, str]] = []
    off: int | None = None
    for line, own_line, word, ids in _written(file):
        problem = _problem(word, ids)
        if problem:
            problems.append((line, problem))
        elif word == "off":
            off = off or line
        elif word == "on":
            found += [Suppression(file.path, off, None, off, line)] if off else []
            off = None
        else:
            start, end = (1, WHOLE_FILE) if word == "file-ignore" else _statement(file, line, own_line=own_line)
            found += [Suppression(file.path, line, rule, start, end) for rule in ids or ()]
    if off:
        found.append(Suppression(file.path, off, None, off, WHOLE_FILE))
    return Comments(tuple(found), tuple(problems))


def _written(file: SourceFile) -> Iterator[tuple[int, bool, str, tuple[str, ...] | None]]:
    """Line, whether nothing else stands there, word and ids of each comment of ours; ids None without brackets."""
    text = io.StringIO(file.utf8.decode(), newline="")
    for token in tokenize.generate_tokens(text.readline):
        match = _COMMENT.match(token.string) if token.type == tokenize.COMMENT else None
        if match:
            own_line = not token.line[: token.start[1]].strip()
            yield token.start[0], own_line, match["word"], _ids(match["ids"])


def _ids(given: str | None) -> tuple[str, ...] | None:
    return None if given is None else tuple(it.strip() for it in given[1:-1].split(",") if it.strip())


def _problem(word: str, ids: tuple[str, ...] | None) -> str:
    if word not in _WORDS:
        near = get_close_matches(word, _WORDS, n=1)
        meant = f"did you mean {near[0]}?" if near else f"there are {', '.join(_WORDS)}"
        return f"`# mutagen: {word}` means nothing; {meant}"
    if word in ("off", "on"):
        return f"`# mutagen: {word}` takes no rule; for one rule write ignore[rule-id]" if ids is not None else ""
    return "" if ids else f"`# mutagen: {word}` must name rules: {word}[rule-id]"


def _statement(file: SourceFile, line: int, *, own_line: bool) -> tuple[int, int]:
    """First and last line of the statement that a comment is about: the one around it, or else the next one."""
    statements = [node for node in ast.walk(file.tree) if isinstance(node, ast.stmt)]
    around = [it for it in statements if _first(it) <= line <= (it.end_lineno or it.lineno)]
    inner = max(around, key=lambda it: (_first(it), -(it.end_lineno or 0)), default=None)
    if own_line and (inner is None or not _in_head(inner, line)):
        after = [it for it in statements if _first(it) > line]
        inner = min(after, key=lambda it: (_first(it), -(it.end_lineno or 0)), default=None)
    return (_first(inner), inner.end_lineno or inner.lineno) if inner is not None else (line, line)


def _in_head(statement: ast.stmt, line: int) -> bool:
    """Whether a line lies in a simple statement, or in the head of a compound one, not among what that holds."""
    inner = [it for name in _BODIES for it in getattr(statement, name, ())]
    head = [it for it in ast.iter_child_nodes(statement) if it not in inner]
    ends = [getattr(it, "end_lineno", None) or 0 for it in head]
    return not inner or line <= max([statement.lineno, *ends])


def _first(statement: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(it.lineno for it in decorators)])
