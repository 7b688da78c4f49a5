"""How the last rung is written: a loop over modules, or lines that name them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from keyword import iskeyword

_WIDTH = 100
MOST_LINES = 6


@dataclass(frozen=True)
class Loop:
    """The module to go through, what is asked of a child, and modules by path to leave alone or to enter."""

    root: str
    tests: tuple[str, ...]
    spared: tuple[str, ...] = ()
    chosen: tuple[str, ...] = ()

    @property
    def within(self) -> str:
        """The test of ``path``, where the loop needs one."""
        paths = self.chosen or self.spared
        if not paths:
            return ""
        listed = ", ".join(f'"{path}"' for path in paths)
        test = f"path.startswith({listed if len(paths) == 1 else f'({listed})'})"
        return test if self.chosen else f"not {test}"


@dataclass(frozen=True)
class Product:
    """A call with arguments that speak of the old module as ``child``."""

    callee: str
    arguments: tuple[str, ...]
    child: str

    def of(self, old: str) -> tuple[str, ...]:
        """The arguments for an old module that has another name."""
        return tuple(it.replace(f"{self.child}.", f"{old}.") for it in self.arguments)


def place(inner: str, root: str = "self") -> str:
    """``self.layers[2].conv`` for the path ``layers.2.conv``; what is no name is a key, as in a ModuleDict."""
    parts = inner.split(".") if inner else []
    return root + "".join(_step(part) for part in parts)


def _step(part: str) -> str:
    if part.isdigit():
        return f"[{part}]"
    return f".{part}" if part.isidentifier() and not iskeyword(part) else f"[{json.dumps(part, ensure_ascii=False)}]"


def loop_lines(loop: Loop, product: Product, indent: str, step: str) -> list[str]:
    """The loop that sets every child that passes its tests anew."""
    tests = list(loop.tests)
    if loop.within:
        tests.append(loop.within)
    going = "path, parent" if loop.within else "parent"
    modules = f"{loop.root}.{'named_' if loop.within else ''}modules()"
    return [
        f"{indent}for {going} in list({modules}):",
        f"{indent}{step}for name, {product.child} in parent.named_children():",
        *test_lines(f"{indent}{step * 2}if ", tests, step),
        *_setattr(indent + step * 3, product, step),
    ]


def sliced_lines(loop: Loop, part: str, product: Product, indent: str, step: str) -> list[str]:
    """A list of the children that pass the tests, in the order of their owners, and a loop over a part of it."""
    listed, deeper = "paths", indent + step
    inner = [
        "path",
        f"for path, {product.child} in {loop.root}.named_modules()",
        f"if {' and '.join(loop.tests)}",
    ]
    line = f"{indent}{listed} = [{' '.join(inner)}]"
    rows = [f"{indent}{listed} = [", *(f"{deeper}{row}" for row in inner), f"{indent}]"]
    return [
        *([line] if fits(line) else rows),
        f"{indent}for path in {listed}[{part}]:",
        *_by_path(loop.root, product, deeper, step),
    ]


def guarded_lines(inner: str, kind: str, product: Product, indent: str, step: str) -> list[str]:
    """One module, set anew if it is of the kind."""
    old = place(inner)
    head = f"{indent}{step}{old} = {product.callee}("
    return [f"{indent}if isinstance({old}, {kind}):", *call_lines(head, product.of(old), ")", step)]


def plain_lines(inner: Sequence[str], product: Product, indent: str, step: str, *, root: str = "self") -> list[str]:
    """Modules that are named, each set anew."""
    lines = []
    for path in inner:
        old = place(path, root)
        if product.arguments:
            lines.append(f"{indent}{product.child} = {old}")
        lines += call_lines(f"{indent}{old} = {product.callee}(", product.arguments, ")", step)
    return lines


def named_loop_lines(
    inner: Sequence[str], product: Product, indent: str, step: str, *, root: str = "self"
) -> list[str]:
    """A loop over modules that are named: over those around them where they have one name there, else by path."""
    owners, names = zip(*((owner, name) for owner, _, name in (path.rpartition(".") for path in inner)), strict=True)
    deeper = indent + step
    if len(set(names)) == 1 and all(owners):
        old = f"parent[{names[0]}]" if names[0].isdigit() else f"parent.{names[0]}"
        lines = call_lines(f"{indent}for parent in (", [place(owner, root) for owner in owners], "):", step)
        lines += [f"{deeper}{product.child} = {old}"] if product.arguments else []
        return lines + call_lines(f"{deeper}{old} = {product.callee}(", product.arguments, ")", step)
    return [
        *call_lines(f"{indent}for path in (", [f'"{path}"' for path in inner], "):", step),
        *_by_path(root, product, deeper, step),
    ]


def _by_path(root: str, product: Product, indent: str, step: str) -> list[str]:
    return [
        f'{indent}owner, _, name = path.rpartition(".")',
        f"{indent}parent = {root}.get_submodule(owner)",
        *([f"{indent}{product.child} = getattr(parent, name)"] if product.arguments else []),
        *_setattr(indent, product, step),
    ]


def _setattr(indent: str, product: Product, step: str) -> list[str]:
    line = f"{indent}setattr(parent, name, {product.callee}({', '.join(product.arguments)}))"
    if fits(line):
        return [line]
    return [
        *call_lines(f"{indent}new = {product.callee}(", product.arguments, ")", step),
        f"{indent}setattr(parent, name, new)",
    ]


def test_lines(head: str, tests: list[str], step: str) -> list[str]:
    """A line that asks all tests, or one of each in brackets where it would be too long."""
    line = f"{head}{' and '.join(tests)}:"
    if fits(line):
        return [line]
    indent = head[: len(head) - len(head.lstrip())]
    rows = [f"{indent}{step}{'and ' if number else ''}{test}" for number, test in enumerate(tests)]
    return [f"{head}(", *rows, f"{indent}):"]


def call_lines(head: str, arguments: Sequence[str], tail: str, step: str) -> list[str]:
    """A call on one line, or with its arguments below where that would be too long."""
    line = head + ", ".join(arguments) + tail
    if fits(line):
        return [line]
    indent = head[: len(head) - len(head.lstrip())]
    below = f"{indent}{step}{', '.join(arguments)}"
    rows = [below] if fits(below) else [f"{indent}{step}{argument}," for argument in arguments]
    return [head, *rows, indent + tail]


def fits(line: str) -> bool:
    """Whether a line is as short as its owner would keep it."""
    return len(line.expandtabs(4)) <= _WIDTH
