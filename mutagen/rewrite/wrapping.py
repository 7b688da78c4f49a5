"""Rows that became too long by what rules put into them, broken as their file breaks such rows.

Where the file hangs what is in brackets below them (as black does) all of it goes into one row below, or where that is
too long as well into a row each; where the file aligns it behind the bracket, the rest goes below the first item.
Rows with a comment stay as they are, since a comment may speak to a linter of the row that it stands in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set

from mutagen.rewrite.brackets import Bracket, Layout, layout_of
from mutagen.rewrite.choices import in_brackets

WIDEST = 120
_NARROWEST = 79
_SEVERAL = 3
_TAB = 4
_MOST = 10
"""Rounds, in each of which rows are broken once."""
_BEHIND = re.compile(r"[\])},:]*\s*$")
_IMPORT = re.compile(r"(\s*from\s+\S+\s+import\s+)([\w,\s]*\w)\s*?(\r?)$")
_DEF = re.compile(r"\s*(async\s+)?def\s")


def usual_width(text: str) -> int:
    """Columns of a row of code in a file: 120, more where it has several longer ones, less where it breaks earlier."""
    layout = layout_of(text)
    rows = text.split("\n")
    if layout is None:
        return WIDEST
    widths = sorted(columns(row) for number, row in enumerate(rows, 1) if number not in layout.fixed)
    several, longest = widths[-_SEVERAL:][0], widths[-1]
    if longest > WIDEST:
        return max(several, WIDEST)
    broken = (_joined(rows, it) for it in layout.brackets if it.hangs and len(it.rows) == 3)
    return max(longest, _NARROWEST) if any(longest < width <= WIDEST for width in broken) else WIDEST


def is_wide(text: str, touched: Set[int]) -> bool:
    """Whether one of some rows is too long in any file: if not, nobody need ask what is usual in this one."""
    rows = text.split("\n")
    return any(columns(rows[number - 1]) > _NARROWEST for number in touched)


def wrapped(text: str, touched: Set[int], *, width: int, newline: str = "\n") -> str:
    """The text with the rows in ``touched``, by number from 1, broken where they are wider than ``width``."""
    rows, left = text.split("\n"), set(touched)
    for _ in range(_MOST):
        long = sorted((it for it in left if columns(rows[it - 1]) > width), reverse=True)
        layout = layout_of("\n".join(rows)) if long else None
        if layout is None:
            break
        done: set[int] = set()
        for number in long:  # from below, so that what stands above keeps its place
            if any(number in it.rows and not done.isdisjoint(it.rows) for it in layout.brackets if it.depth == 0):
                continue  # not before the next round: something has moved around it
            parts = None if number in layout.fixed else _broken(rows, number, layout, width)
            if parts is None:
                left.discard(number)
                continue
            done.add(number)
            left = _put(rows, number, parts, left, "\r" if newline == "\r\n" else "")
    return "\n".join(rows)


def _put(rows: list[str], number: int, parts: Sequence[str], left: Set[int], end: str) -> set[int]:
    """Put rows in the place of one; the numbers that are left to look at then."""
    rows[number - 1 : number] = [*(f"{it}{end}" for it in parts[:-1]), parts[-1]]
    more = len(parts) - 1
    return {it + more if it > number else it for it in left} | set(range(number, number + more + 1))


def _broken(rows: list[str], number: int, layout: Layout, width: int) -> list[str] | None:
    """The rows that a row becomes; None where it has no good place to break."""
    around = [it for it in layout.brackets if number in it.rows and it.open[0] < it.close[0]]
    inner = max(around, key=lambda it: it.depth, default=None)
    parted = _parted(rows, number, inner, width) if inner else _statement(rows[number - 1], width)
    return parted or _at_bracket(rows[number - 1], number, layout, width)


def _parted(rows: Sequence[str], number: int, inner: Bracket, width: int) -> list[str] | None:
    """A row of a bracket's contents, parted between these; None where it holds one part alone."""
    row = rows[number - 1]
    clauses = [column for line, column in inner.clauses if line == number]
    if len(clauses) > 1:
        return _by_clause(row, clauses)
    starts = [column for line, column in inner.items if line == number] if inner.parts else []
    if len(starts) < 2:
        return None
    if _holds_all(rows, number, inner):
        return _one_each(row, starts)
    return _filled(row, starts, _indent_in(rows, inner), width)


def _statement(row: str, width: int) -> list[str] | None:
    """A statement that gets brackets of its own: an import of names, a choice; None for others."""
    names = _IMPORT.match(row)
    if names:
        return _imported(*names.groups())
    choice = in_brackets(row)
    return _chosen(row, *choice, width) if choice else None


def _at_bracket(row: str, number: int, layout: Layout, width: int) -> list[str] | None:
    """A row that is opened at a bracket in it; None where there is no good one."""
    whole = [it for it in layout.brackets if it.open[0] == it.close[0] == number and it.items]
    outer = min((it.depth for it in whole), default=0)
    whole = sorted((it for it in whole if it.depth == outer), key=lambda it: it.open)
    if not whole:
        return None
    chosen = whole[0] if _DEF.match(row) else whole[-1]
    if not _DEF.match(row) and not _BEHIND.match(row[chosen.close[1] + 1 :]):
        return None
    return _opened(row, chosen, layout, width)


def _imported(before: str, names: str, end: str) -> list[str]:
    """A row for each name that is imported from one module, as isort has it in black's style."""
    indent = _indent_of(before)
    inner = indent + _step(indent)
    return [f"{before}(", *(f"{inner}{name.strip()}," for name in names.split(",")), f"{indent}){end}"]


def _chosen(row: str, before: str, parts: tuple[str, ...], behind: str, width: int) -> list[str]:
    """A conditional expression in brackets, in a row below or in three."""
    indent = _indent_of(row)
    inner = indent + _step(indent)
    one = inner + " ".join(parts)
    rows = [one] if columns(one) <= width else [inner + part for part in parts]
    return [f"{before}(", *rows, f"{indent}){behind}"]


def _holds_all(rows: Sequence[str], number: int, it: Bracket) -> bool:
    """Whether a row is all that stands between two rows with the brackets."""
    alone = it.open[0] < number < it.close[0] and all(line == number for line, _ in it.items)
    return alone and not rows[it.close[0] - 1][: it.close[1]].strip()


def _indent_in(rows: Sequence[str], it: Bracket) -> str:
    """What a further row of a bracket's contents begins with: as the last one does, else below the first item."""
    for line, column in reversed(it.items):
        if line > it.open[0] and not rows[line - 1][:column].strip():
            return rows[line - 1][:column]
    line, column = it.items[0]
    return _blank(rows[line - 1], column)


def _opened(row: str, it: Bracket, layout: Layout, width: int) -> list[str] | None:
    """The contents of a bracket below it, or in aligned rows."""
    if it.subscript:
        return None
    starts = [column for _, column in it.items]
    if len(starts) > 1 and it.parts and _aligns(layout):
        return _filled(row, starts, _blank(row, starts[0]), width)
    indent = _indent_of(row)
    inner = indent + _step(indent)
    body = row[it.open[1] + 1 : it.close[1]].strip()
    return [row[: it.open[1] + 1], inner + body, indent + row[it.close[1] :]]


def _indent_of(row: str) -> str:
    return row[: len(row) - len(row.lstrip())]


def _step(indent: str) -> str:
    return "\t" if indent.startswith("\t") else "    "


def _one_each(row: str, starts: list[int]) -> list[str]:
    indent, ends = row[: starts[0]], [*starts[1:], len(row)]
    items = [row[start:end].strip().removesuffix(",") for start, end in zip(starts, ends, strict=True)]
    last = "\r" if row.endswith("\r") else ""
    return [*(f"{indent}{item}," for item in items[:-1]), f"{indent}{items[-1]},{last}"]


def _by_clause(row: str, starts: list[int]) -> list[str]:
    """A comprehension with a row for each of its clauses, one below the other."""
    indent, ends = _blank(row, starts[0]), [*starts[2:], len(row)]
    below = [indent + row[start:end].rstrip(" \t") for start, end in zip(starts[1:], ends, strict=True)]
    return [row[: starts[1]].rstrip(), *below]


def _filled(row: str, starts: list[int], indent: str, width: int) -> list[str] | None:
    """The row as far as it goes, and the rest below."""
    fit = [start for start in starts[1:] if columns(row[:start].rstrip()) <= width]
    at = fit[-1] if fit else starts[1]
    return [row[:at].rstrip(), indent + row[at:]]


def _aligns(layout: Layout) -> bool:
    """Whether a file puts more brackets' contents behind them than below."""
    several = [it for it in layout.brackets if it.open[0] < it.close[0] and len(it.items) > 1 and it.parts]
    aligned = sum(not it.hangs and any(_is_below_first(it, at) for at in it.items[1:]) for it in several)
    return aligned > sum(it.hangs for it in several)


def _is_below_first(it: Bracket, at: tuple[int, int]) -> bool:
    return at[0] > it.items[0][0] and at[1] == it.items[0][1]


def _joined(rows: list[str], it: Bracket) -> int:
    """The columns of a row that is broken into three, in one; 0 where its owner wants it broken in any case."""
    first, body, last = (rows[number - 1].rstrip("\r") for number in it.rows)
    if len(it.commas) == len(it.items):
        return 0
    return columns(first + body.strip() + last.strip())


def _blank(row: str, column: int) -> str:
    """White space as wide as the beginning of a row."""
    return "".join("\t" if char == "\t" else " " for char in row[:column])


def columns(row: str) -> int:
    """How wide a row is, without its line end."""
    return len(row.rstrip("\r").expandtabs(_TAB))
