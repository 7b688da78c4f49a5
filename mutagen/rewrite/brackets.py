"""The brackets of a source text, with the commas that part what is in them."""

from __future__ import annotations

import io
import keyword
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, field

Position = tuple[int, int]
"""Row, from 1, and column in characters, from 0."""

_PAIRS = {"(": ")", "[": "]", "{": "}"}
_NO_PARTS = ("for", "lambda", "yield")
_OUTSIDE = (tokenize.NEWLINE, tokenize.NL, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT)


@dataclass
class Bracket:
    """A pair, from ``open`` to ``close``; ``items`` are where its contents start, ``commas`` what parts these.

    ``depth`` is the number of brackets around it. ``subscript`` says that it picks an element; ``parts``, that its
    commas part items and nothing else, as they do in a comprehension. ``clauses`` are where the ``for`` and ``if`` of
    a comprehension stand, with its beginning.
    """

    open: Position
    depth: int
    subscript: bool
    parts: bool = True
    close: Position = (0, 0)
    items: list[Position] = field(default_factory=list)
    commas: list[Position] = field(default_factory=list)
    clauses: list[Position] = field(default_factory=list)

    @property
    def rows(self) -> range:
        """The rows that it touches."""
        return range(self.open[0], self.close[0] + 1)

    @property
    def hangs(self) -> bool:
        """Whether its contents begin below it."""
        return bool(self.items) and self.items[0][0] > self.open[0]


@dataclass(frozen=True)
class Layout:
    """All brackets of a text, and the rows that hold a comment, a part of a string of several rows, or go on by \\."""

    brackets: tuple[Bracket, ...]
    fixed: frozenset[int]


def layout_of(text: str) -> Layout | None:
    """The brackets of a text; None where it cannot be read."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, IndentationError):
        return None
    return Layout(tuple(_brackets(tokens)), frozenset(_fixed(tokens)))


def _brackets(tokens: list[tokenize.TokenInfo]) -> Iterator[Bracket]:
    stack: list[Bracket] = []
    before: tokenize.TokenInfo | None = None
    inside = 0  # of strings with fields, which are tokens of their own from 3.12
    for token in tokens:
        name = tokenize.tok_name[token.type]
        inside += (name in ("FSTRING_START", "TSTRING_START")) - (name in ("FSTRING_END", "TSTRING_END"))
        if token.type in _OUTSIDE or inside:
            continue
        closes = bool(stack) and token.type == tokenize.OP and token.string in _PAIRS.values()
        if closes:
            stack[-1].close = token.start
            yield stack.pop()
        elif stack and token.string == "," and token.type == tokenize.OP:
            stack[-1].commas.append(token.start)
        elif stack and len(stack[-1].items) == len(stack[-1].commas):
            stack[-1].items.append(token.start)
        if stack and token.string in _NO_PARTS:
            stack[-1].parts = False
        if stack and not closes:
            _note_clause(stack[-1], token, before)
        if token.type == tokenize.OP and token.string in _PAIRS:
            stack.append(Bracket(token.start, len(stack), token.string == "[" and _is_behind_value(before)))
        before = token


def _note_clause(inside: Bracket, token: tokenize.TokenInfo, before: tokenize.TokenInfo | None) -> None:
    """Note where a clause of a comprehension begins: with ``for``, ``async for``, or an ``if`` behind one of these."""
    if token.string == "for":
        is_async = before is not None and before.string == "async"
        start = before.start if is_async and before else token.start
        inside.clauses.extend([*(inside.items[:1] if not inside.clauses else []), start])
    elif token.string == "if" and inside.clauses:
        inside.clauses.append(token.start)


def _is_behind_value(before: tokenize.TokenInfo | None) -> bool:
    if before is None or before.type == tokenize.OP:
        return before is not None and before.string in (")", "]", "}")
    return before.type == tokenize.NAME and not keyword.iskeyword(before.string) or before.type == tokenize.STRING


def _fixed(tokens: list[tokenize.TokenInfo]) -> Iterator[int]:
    for token, behind in zip(tokens, [*tokens[1:], None], strict=True):
        if token.type == tokenize.COMMENT or token.start[0] < token.end[0] and token.type != tokenize.NEWLINE:
            yield from range(token.start[0], token.end[0] + 1)
        if behind and behind.start[0] > token.end[0] and token.type not in (*_OUTSIDE, tokenize.ENDMARKER):
            yield from range(token.end[0], behind.start[0] + 1)  # a backslash
