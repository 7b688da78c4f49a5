"""How the last rung is written: a loop over modules, or lines that name them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_WIDTH = 100


@dataclass(frozen=True)
class Loop:
    """The part of ``self`` to go through, what is asked of a child, and the modules by path that are left alone."""

    root: str
    tests: tuple[str, ...]
    spared: tuple[str, ...] = ()


@dataclass(frozen=True)
class Product:
    """A call with arguments that speak of the old module as ``child``."""

    callee: str
    arguments: tuple[str, ...]
    child: str

    def of(self, old: str) -> tuple[str, ...]:
        """The arguments for an old module that has another name."""
        return tuple(it.replace(f"{self.child}.", f"{old}.") for it in self.arguments)


def place(inner: str) -> str:
    """``self.layers[2].conv`` for the path ``layers.2.conv``."""
    return "self" + "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in inner.split("."))


def loop_lines(loop: Loop, product: Product, indent: str, step: str) -> list[str]:
    """The loop that sets every child that passes its tests anew."""
    tests = list(loop.tests)
    if loop.spared:
        paths = ", ".join(f'"{path}"' for path in loop.spared)
        tests.append(f"not path.startswith({paths if len(loop.spared) == 1 else f'({paths})'})")
    going = "path, parent" if loop.spared else "parent"
    modules = f"{loop.root}.{'named_' if loop.spared else ''}modules()"
    return [
        f"{indent}for {going} in list({modules}):",
        f"{indent}{step}for name, {product.child} in parent.named_children():",
        *test_lines(f"{indent}{step * 2}if ", tests, step),
        *_setattr(indent + step * 3, product, step),
    ]


def guarded_lines(inner: str, kind: str, product: Product, indent: str, step: str) -> list[str]:
    """One module, set anew if it is of the kind."""
    old = place(inner)
    head = f"{indent}{step}{old} = {product.callee}("
    return [f"{indent}if isinstance({old}, {kind}):", *call_lines(head, product.of(old), ")", step)]


def plain_lines(inner: Sequence[str], product: Product, indent: str, step: str) -> list[str]:
    """Modules that are named, each set anew."""
    lines = []
    for path in inner:
        old = place(path)
        if product.arguments:
            lines.append(f"{indent}{product.child} = {old}")
        lines += call_lines(f"{indent}{old} = {product.callee}(", product.arguments, ")", step)
    return lines


def _setattr(indent: str, product: Product, step: str) -> list[str]:
    line = f"{indent}setattr(parent, name, {product.callee}({', '.join(product.arguments)}))"
    if _fits(line):
        return [line]
    return [
        *call_lines(f"{indent}new = {product.callee}(", product.arguments, ")", step),
        f"{indent}setattr(parent, name, new)",
    ]


def test_lines(head: str, tests: list[str], step: str) -> list[str]:
    """A line that asks all tests, or one of each in brackets where it would be too long."""
    line = f"{head}{' and '.join(tests)}:"
    if _fits(line):
        return [line]
    indent = head[: len(head) - len(head.lstrip())]
    rows = [f"{indent}{step}{'and ' if number else ''}{test}" for number, test in enumerate(tests)]
    return [f"{head}(", *rows, f"{indent}):"]


def call_lines(head: str, arguments: Sequence[str], tail: str, step: str) -> list[str]:
    """A call on one line, or with its arguments below where that would be too long."""
    line = head + ", ".join(arguments) + tail
    if _fits(line):
        return [line]
    indent = head[: len(head) - len(head.lstrip())]
    inner = f"{indent}{step}{', '.join(arguments)}"
    rows = [inner] if _fits(inner) else [f"{indent}{step}{argument}," for argument in arguments]
    return [head, *rows, indent + tail]


def _fits(line: str) -> bool:
    return len(line.expandtabs(4)) <= _WIDTH
