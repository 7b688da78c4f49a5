"""How the last rung is written: a loop over modules, or lines that name them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from keyword import iskeyword

_WIDTH = 100
MOST_LINES = 6
_LONG = 20


@dataclass(frozen=True)
class Loop:
    """The module to go through, what is asked of a child, and modules by path to leave alone or to enter.

    ``but`` are children to leave alone whose siblings are changed.
    """

    root: str
    tests: tuple[str, ...]
    spared: tuple[str, ...] = ()
    chosen: tuple[str, ...] = ()
    but: tuple[str, ...] = ()

    @property
    def within(self) -> str:
        """The test of ``path``, where the loop needs one."""
        paths = self.chosen or self.spared
        if self.but:
            some = ", ".join(f'"{path}"' for path in self.but)
            return f"""f"{{path}}.{{name}}" {f"not in ({some})" if len(self.but) > 1 else f"!= {some}"}"""
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
        return tuple(old if it == self.child else it.replace(f"{self.child}.", f"{old}.") for it in self.arguments)


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
    tests = [*loop.tests, *([loop.within] if loop.within else [])]
    asked = [f"if {' and '.join(tests)}"]
    if not fits(deeper + asked[0]):
        asked = [f"{'and' if number else 'if'} {test}" for number, test in enumerate(tests)]
    inner = ["path", f"for path, {product.child} in {loop.root}.named_modules()", *asked]
    line = f"{indent}{listed} = [{' '.join(inner)}]"
    rows = [f"{indent}{listed} = [", *(f"{deeper}{row}" for row in inner), f"{indent}]"]
    return [
        *([line] if fits(line) else rows),
        f"{indent}for path in {listed}[{part}]:",
        *_by_path(loop.root, product, deeper, step),
    ]


def guarded_lines(inner: str, kind: str, product: Product, indent: str, step: str) -> list[str]:
    """One module, set anew if it is of the kind; a place that is long to say gets a name."""
    old = place(inner)
    named = len(old) > _LONG and bool(product.arguments)
    head, asked = f"{indent}{step}{old} = {product.callee}(", product.child if named else old
    first = [f"{indent}{product.child} = {old}"] if named else []

    def written(packed: bool) -> list[str]:
        arguments = call_lines(head, product.of(asked), ")", step, packed=packed)
        return [*first, f"{indent}if isinstance({asked}, {kind}):", *arguments]

    return _short(written)


def plain_lines(inner: Sequence[str], product: Product, indent: str, step: str, *, root: str = "self") -> list[str]:
    """Modules that are named, each set anew."""

    def written(packed: bool) -> list[str]:
        lines = []
        for path in inner:
            old = place(path, root)
            if product.arguments:
                lines.append(f"{indent}{product.child} = {old}")
            lines += call_lines(f"{indent}{old} = {product.callee}(", product.arguments, ")", step, packed=packed)
        return lines

    return _short(written)


def _short(written: Callable[[bool], list[str]]) -> list[str]:
    """Arguments one a line, or several where that would be more lines than are easily read."""
    lines = written(False)
    return lines if len(lines) <= MOST_LINES else written(True)


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
    return [f"{head}(", *(line for row in rows for line in _tuple_lines(row, step)), f"{indent}):"]


def _tuple_lines(row: str, step: str) -> list[str]:
    """A row with the items of its tuple below where it would be too long."""
    head, opened, rest = row.partition("((")
    if fits(row) or not opened:
        return [row]
    return call_lines(f"{head}((", rest.removesuffix("))").split(", "), "))", step, packed=True)


def call_lines(head: str, arguments: Sequence[str], tail: str, step: str, *, packed: bool = False) -> list[str]:
    """A call on one line; with its arguments below where that would be too long, ``packed`` in few rows."""
    line = head + ", ".join(arguments) + tail
    if fits(line):
        return [line]
    indent = head[: len(head) - len(head.lstrip())]
    below = f"{indent}{step}{', '.join(arguments)}"
    if fits(below):
        return [head, below, indent + tail]
    rows: list[str] = []
    for argument in arguments:
        longer = f"{rows[-1]} {argument}," if rows else ""
        if packed and longer and fits(longer):
            rows[-1] = longer
        else:
            rows.append(f"{indent}{step}{argument},")
    return [head, *rows, indent + tail]


def fits(line: str) -> bool:
    """Whether a line is as short as its owner would keep it."""
    return len(line.expandtabs(4)) <= _WIDTH
