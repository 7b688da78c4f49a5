"""The line on a new parameter in a docstring that has one for the others."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from mutagen.records.span import Span
from mutagen.source.anchor import Function
from mutagen.source.file import SourceFile

_SECTION = re.compile(r"(\s*)(Args|Arguments|Parameters|Params)\s*:?\s*")
_ENTRY = re.compile(r"(?P<indent>\s+)(?P<name>\w+)(?P<kind>\s*\(.*?\))?(?P<colon>\s*:\s+|\s+-\s+)(?P<text>\S.*)")
_NUMPY = re.compile(r"(?P<indent>\s*)(?P<name>\w+)(?P<colon>\s*:\s*)(?P<kind>\S.*)")


def documented(
    file: SourceFile, function: Function, name: str, *, kind: str, text: str, default: str
) -> tuple[Span, str] | None:
    """Where a line on the parameter goes, and the line, as those on the other parameters are written."""
    given = {it.arg for it in [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]}
    for first, last in _docstrings(file, function):
        lines = [file.text(_line(file, number)) for number in range(first, last)]
        entry = _last_entry(lines, given)
        if entry is not None:
            index, found = entry
            at = _line(file, first + index)
            where = Span(file.path, at.line, at.end_column, at.line, at.end_column)
            new = _written(found, name, kind=kind, text=text, default=default)
            return where, "".join(f"{file.newline}{line}" for line in new)
    return None


def _docstrings(file: SourceFile, function: Function) -> Iterator[tuple[int, int]]:
    """First and last lines of the docstrings that may speak of the parameters."""
    owner = file.parents.get(function)
    for scope in (function, owner if isinstance(owner, ast.ClassDef) and function.name == "__init__" else None):
        first = scope.body[0] if scope is not None else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            yield first.lineno, first.end_lineno or first.lineno


def _line(file: SourceFile, number: int) -> Span:
    return Span(file.path, number, 0, number, file.line_end(number) - file.line_starts[number - 1])


def _last_entry(lines: list[str], given: set[str]) -> tuple[int, re.Match[str]] | None:
    """The last line that belongs to a parameter, with the line that names it."""
    start = next((index for index, it in enumerate(lines) if _SECTION.fullmatch(it)), None)
    if start is None:
        return None
    dashed = start + 1 < len(lines) and set(lines[start + 1].strip()) == {"-"}
    form = _NUMPY if dashed else _ENTRY
    found: tuple[int, re.Match[str]] | None = None
    for index in range(start + 1 + dashed, len(lines)):
        match = form.fullmatch(lines[index].rstrip())
        depth = len(lines[index]) - len(lines[index].lstrip())
        if match and match["name"] in given and (found is None or match["indent"] == found[1]["indent"]):
            found = (index, match)
        elif found is not None and lines[index].strip() and depth > len(found[1]["indent"]):
            found = (index, found[1])
        else:
            break
    return found


def _written(like: re.Match[str], name: str, *, kind: str, text: str, default: str) -> list[str]:
    indent, stop = like["indent"], "." if like.string.rstrip().endswith(".") else ""
    if "text" not in like.groupdict():
        step = "\t" if indent.startswith("\t") else "    "
        return [f"{indent}{name}{like['colon']}{kind}, default {default}", f"{indent}{step}{text}{stop}"]
    said = text if like["text"][0].isupper() else text[0].lower() + text[1:]
    typed = f" ({kind})" if like["kind"] else ""
    return [f"{indent}{name}{typed}{like['colon']}{said}{stop}"]
