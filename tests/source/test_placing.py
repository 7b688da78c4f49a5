"""A call around the operand of a join."""

from __future__ import annotations

import ast

import pytest

from mutagen.source.file import read_source
from mutagen.source.operands import operand
from mutagen.source.placing import put_call

# name: (body of forward, operand of the join, body afterwards); the join is the last addition or concatenation.
CASES = {
    "below the assignment": (
        "out = f(x)\nout += x\nreturn out",
        0,
        "out = f(x)\nout = self.g(out)\nout += x\nreturn out",
    ),
    "wrapped where it is no name": ("return x + f(x)", 1, "return x + self.g(f(x))"),
    "wrapped on the right of +=": ("x += f(x)\nreturn x", 1, "x += self.g(f(x))\nreturn x"),
    "wrapped where the name is read later": (
        "y = f(x)\nz = x + y\nreturn z * y.mean()",
        1,
        "y = f(x)\nz = x + self.g(y)\nreturn z * y.mean()",
    ),
    "wrapped where the name is read in between": (
        "y = f(x)\nprint(y)\ny = x + y\nreturn y",
        1,
        "y = f(x)\nprint(y)\ny = x + self.g(y)\nreturn y",
    ),
    "wrapped where two statements share a line": (
        "y = f(x); z = 1\ny = x + y\nreturn y",
        1,
        "y = f(x); z = 1\ny = x + self.g(y)\nreturn y",
    ),
    "wrapped in one line of an if": (
        "if x: y = f(x)\nelse: y = x\nreturn x + y",
        1,
        "if x: y = f(x)\nelse: y = x\nreturn x + self.g(y)",
    ),
    "above a +=": (
        "if x:\n    out = f(x)\nelse:\n    out = x\nout += x\nreturn out",
        0,
        "if x:\n    out = f(x)\nelse:\n    out = x\nout = self.g(out)\nout += x\nreturn out",
    ),
    "wrapped in a loop that reads it again": (
        "y = f(x)\nfor _ in (1, 2):\n    y = x + y\nreturn y",
        1,
        "y = f(x)\nfor _ in (1, 2):\n    y = x + self.g(y)\nreturn y",
    ),
    "wrapped where it is used twice": ("y = f(x)\nreturn y * 2 + y", 1, "y = f(x)\nreturn y * 2 + self.g(y)"),
    "above a call that adds in place": (
        "out = f(x) if x else x\nprint(out)\nout.add_(x)\nreturn out",
        0,
        "out = f(x) if x else x\nprint(out)\nout = self.g(out)\nout.add_(x)\nreturn out",
    ),
    "an argument of a call that adds in place": ("x.add_(f(x))\nreturn x", 1, "x.add_(self.g(f(x)))\nreturn x"),
    "never around what is added to": ("self.y += f(x)\nreturn x", 0, "refused"),
    "never around what is added to by a call": ("self.y.add_(f(x))\nreturn x", 0, "refused"),
    "an argument of add": ("y = f(x)\ny = torch.add(y, x)\nreturn y", 0, None),
    "an element of cat": ("return torch.cat([x, f(x)], dim=1)", 1, "return torch.cat([x, self.g(f(x))], dim=1)"),
    "over several lines": ("return x + f(\n    x,\n)", 1, "return x + self.g(f(\n    x,\n))"),
    "with a comment": (
        "y = f(x)  # the branch\ny = y + x\nreturn y",
        0,
        "y = f(x)  # the branch\ny = self.g(y)\ny = y + x\nreturn y",
    ),
}


def placed(body: str, index: int, newline: str, indent: str) -> str | None:
    text = "def forward(self, x):\n" + "\n".join(f"\t{line}" for line in body.split("\n")) + "\n"
    text = text.replace("\t", indent).replace("    ", indent).replace("\n", newline)
    file = read_source("m.py", text.encode())
    function = file.tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    sums = [it for it in ast.walk(function) if isinstance(getattr(it, "op", None), ast.Add) or isinstance(it, ast.Call)]
    joins = [it for it in sums if operand(it, 0, 2) is not None]
    join = max(joins, key=lambda it: (it.lineno, -it.col_offset))  # type: ignore[attr-defined]
    expression = operand(join, index, 2)
    assert expression is not None
    change = put_call(file, function, expression, join, "self.g({})")
    if change is None:
        return None
    start = file.offset(change.span.line, change.span.column)
    end = file.offset(change.span.end_line, change.span.end_column)
    assert file.utf8[start:end].decode() == change.old
    result = file.utf8[:start] + change.new.encode() + file.utf8[end:]
    lines = result.decode().split(newline)[1:-1]
    return "\n".join(line.removeprefix(indent).replace(indent, "    ") for line in lines)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("indent", ["    ", "\t"])
@pytest.mark.parametrize("name", CASES)
def test_placed(name: str, newline: str, indent: str) -> None:
    body, index, expected = CASES[name]
    if expected == "refused":
        assert placed(body, index, newline, indent) is None
        return
    if expected is None:
        expected = body.replace("= f(x)\n", "= f(x)\ny = self.g(y)\n")
    assert placed(body, index, newline, indent) == expected


def test_operands() -> None:
    texts = {
        "a + b": ["a", "b"],
        "a.add(b)": ["a", "b"],
        "torch.add(a, b)": ["a", "b"],
        "a.add_(b, alpha=1)": ["a", "b"],
        "torch.cat((a, b), 1)": ["a", "b"],
        "cat(tensors=[a, b])": ["a", "b"],
        "torch.cat(parts, 1)": None,
        "torch.cat([a, *b], 1)": None,
        "a - b": None,
        "f(a, b)": None,
    }
    for text, expected in texts.items():
        node = ast.parse(text, mode="eval").body
        found = [operand(node, index, 2) for index in (0, 1)]
        names = [it.id if isinstance(it, ast.Name) else None for it in found]
        assert names == (expected or [None, None]), text
        assert operand(node, 0, 3) is None
