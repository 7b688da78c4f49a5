"""How large an edit is: lines changed beside inserted block classes, and lines that override what was built."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher

MOST_OVERRIDES = 6


@dataclass(frozen=True, slots=True)
class Size:
    """Lines changed in all; ``overrides`` and ``loops`` are the most that one constructor or function gained."""

    lines: int = 0
    overrides: int = 0
    loops: int = 0

    @property
    def unreadable(self) -> str:
        """Says what is too much for a reader, or nothing."""
        if self.overrides > MOST_OVERRIDES:
            return f"{self.overrides} lines that override modules in one place; at most {MOST_OVERRIDES}"
        return f"{self.loops} loops that override modules in one place" if self.loops > 1 else ""


def size(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> Size:
    """Returns the size of a change of a tree of Python files; both maps hold the changed files."""
    sizes = [_file_size(before.get(path, b""), text) for path, text in after.items() if path.endswith(".py")]
    return Size(
        sum(each.lines for each in sizes),
        max((each.overrides for each in sizes), default=0),
        max((each.loops for each in sizes), default=0),
    )


def _file_size(old: bytes, new: bytes) -> Size:
    tree = ast.parse(new)
    lines = new.splitlines()
    first, added, changed = old.splitlines(), set[int](), 0
    opcodes = SequenceMatcher(None, first, lines, autojunk=False).get_opcodes()
    for kind, _, _, start, end in opcodes:
        if kind in {"insert", "replace"}:
            added |= set(range(start + 1, end + 1))
    blocks = {line for node in tree.body if _is_block(node) and node.lineno in added for line in _lines(node)}
    for kind, i, j, start, end in opcodes:
        if kind != "equal":
            gained = sum(bool(lines[n].strip()) and n + 1 not in blocks for n in range(start, end))
            changed += max(sum(bool(line.strip()) for line in first[i:j]), gained)
    fresh = _New(added, old.decode("utf-8", "replace"))
    found = [_overrides(function, fresh) for function in ast.walk(tree) if isinstance(function, ast.FunctionDef)]
    return Size(changed, max((each[0] for each in found), default=0), max((each[1] for each in found), default=0))


@dataclass(frozen=True, slots=True)
class _New:
    """The lines that were added to a text, and the text before."""

    added: set[int]
    before: str

    def has(self, node: ast.stmt) -> bool:
        return node.lineno in self.added

    def sets_part(self, node: ast.AST) -> bool:
        """Whether a statement sets, for the first time, a part of what was built: ``self.layer4[1].conv2 = ...``."""
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            called = node.value.func
            name = (
                called.id if isinstance(called, ast.Name) else called.attr if isinstance(called, ast.Attribute) else ""
            )
            known = f"{ast.unparse(called)}(" in self.before  # a call that was there, of which an argument changed
            return name in {"setattr", "set_submodule", "register_module", "add_module"} and not known
        targets = node.targets if isinstance(node, ast.Assign) else []
        return any(_is_deep(target) and f"{ast.unparse(target)} =" not in self.before for target in targets)


def _overrides(function: ast.FunctionDef, new: _New) -> tuple[int, int]:
    """Returns the new lines outside of loops that set parts, with names for them, and the new loops that do so."""
    lines: set[int] = set()
    named: set[int] = set()
    loops = 0
    waiting = list(function.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.For | ast.While) and new.has(node):
            loops += any(new.sets_part(inner) for inner in ast.walk(node))
        elif new.has(node) and new.sets_part(node):
            lines |= set(_lines(node))
        elif new.has(node) and isinstance(node, ast.Assign) and _is_deep(node.value):
            named |= set(_lines(node))
        else:
            waiting += [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)]
    return len(lines | named) if lines else 0, loops


def _is_deep(node: ast.expr) -> bool:
    """Whether an expression is an attribute or item of anything but a plain name."""
    return isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.value, ast.Name)


def _is_block(node: ast.stmt) -> bool:
    """Whether the statement is a class that derives from ``nn.Module`` alone."""
    return isinstance(node, ast.ClassDef) and [ast.unparse(each).rpartition(".")[2] for each in node.bases] == [
        "Module"
    ]


def _lines(node: ast.stmt) -> Iterator[int]:
    yield from range(node.lineno, (node.end_lineno or node.lineno) + 1)
