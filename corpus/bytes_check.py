"""Whether an edit touched only what its report lists, and left the rest of each file byte for byte."""

from __future__ import annotations

import ast
import codecs
import re
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any


def check_bytes(before: Mapping[str, bytes], after: Mapping[str, bytes], report: Mapping[str, Any]) -> list[str]:
    """Returns what is wrong with the change of a tree; both maps hold the changed files at least, by relative path."""
    problems = []
    listed = {str(item["path"]): item.get("edits", []) for item in report.get("files", [])}
    for path in sorted(set(before) | set(after)):
        old, new = before.get(path), after.get(path)
        if old == new:
            continue
        edits = next((edits for name, edits in listed.items() if _same(name, path)), None)
        if edits is None:
            problems.append(f"{path}: changed, but not in the report")
        elif new is None:
            problems.append(f"{path}: removed")
        elif old is not None:
            problems += [f"{path}: {problem}" for problem in check_file(old, new, edits)]
    return problems


def check_file(old: bytes, new: bytes, edits: Sequence[Mapping[str, Any]]) -> list[str]:
    """Returns what is wrong with the change of one file."""
    problems = []
    if old.startswith(codecs.BOM_UTF8) != new.startswith(codecs.BOM_UTF8):
        problems.append("the byte order mark changed")
    if b"\n" in old and _newlines(old) != _newlines(new):
        problems.append("other line ends")
    if old and old.endswith(b"\n") != new.endswith(b"\n"):
        problems.append("the end of the last line changed")
    try:
        ast.parse(new)
    except (SyntaxError, ValueError) as error:
        return [*problems, f"no Python any more: {error}"]
    return problems + _stray_lines(old.splitlines(), new.splitlines(), edits)


def _stray_lines(old: list[bytes], new: list[bytes], edits: Sequence[Mapping[str, Any]]) -> list[str]:
    allowed = {line for edit in edits for line in range(int(edit["start_line"]), int(edit["end_line"]) + 1)}
    problems = []
    for kind, first, last, start, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        removed = set(range(first + 1, last + 1))
        added = new[start:end]
        beside = {first, first + 1} & allowed
        if kind == "insert" and not beside and not _new_statements(added):
            problems.append(f"line {start + 1} was added without an edit: {added[0][:60]!r}")
        stray = sorted(removed - allowed)
        imports = all(map(_is_import, old[first:last])) and (all(map(_is_import, added)) or _new_statements(added))
        if stray and not imports:
            problems.append(f"line {stray[0]} changed without an edit: {old[stray[0] - 1][:60]!r}")
    return problems


def _new_statements(lines: list[bytes]) -> bool:
    """Whether the lines are whole imports, classes, functions and assignments of a module, or blank."""
    try:
        body = ast.parse(b"\n".join(lines) + b"\n").body
    except (SyntaxError, ValueError):
        return False
    kinds = (ast.Import, ast.ImportFrom, ast.ClassDef, ast.FunctionDef)
    return all(isinstance(statement, kinds) for statement in body)


def _is_import(line: bytes) -> bool:
    return not line.strip() or re.match(rb"(from|import)\s|\s+\w+( as \w+)?,$|\)$", line) is not None


def _newlines(text: bytes) -> frozenset[bytes]:
    return frozenset(re.findall(rb"\r\n|\n|\r", text))


def _same(listed: str, path: str) -> bool:
    return listed == path or listed.endswith("/" + path) or path.endswith("/" + listed)
