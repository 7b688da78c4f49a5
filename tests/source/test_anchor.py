"""The statement of __init__ behind which an attribute is made, and its name."""

from __future__ import annotations

import ast

import pytest

from mutagen.records.span import Span
from mutagen.source.anchor import anchor_at, free_name, init_of, last_anchor, seen_from
from mutagen.source.file import SourceFile, read_source


def opened(body: str) -> tuple[SourceFile, ast.ClassDef]:
    lines = "\n".join(f"        {line}" for line in body.split("\n"))
    file = read_source("m.py", f"class A:\n    def __init__(self, c):\n{lines}\n".encode())
    owner = file.tree.body[0]
    assert isinstance(owner, ast.ClassDef)
    return file, owner


BODIES = {
    "a statement": ("self.a = f(c)\nself.b = 1", 3, {"self.a"}),
    "over several lines": ("self.a = g(\n    f(c),\n)\nself.b = 1", 3, {"self.a"}),
    "in an if": ("if c:\n    x = 1\n    self.a = f(c)\nself.b = 1", 3, {"x", "self.a"}),
    "in a loop": ("for i in c:\n    self.a = f(c)\nself.b = 1", 3, {"i", "self.a"}),
    "in a comprehension": ("self.a = [f(i) for i in c]\nself.b = 1", 3, {"i", "self.a"}),
    "bound anew by an assignment": ("c, self.a = 2 * c, f(c)\nself.b = 1", 3, {"c", "self.a"}),
    "bound anew": ("c += f(c)\nself.b = 1", 3, {"c"}),
}


@pytest.mark.parametrize("name", BODIES)
def test_anchor_at(name: str) -> None:
    body, line, hidden = BODIES[name]
    file, owner = opened(body)
    init = init_of(owner)
    calls = [it for it in ast.walk(owner) if isinstance(it, ast.Call) and file.text(it).startswith("f(")]
    assert init is not None
    anchor = anchor_at(file, init, file.span(calls[0]))
    assert anchor is not None
    assert anchor.statement in init.body
    assert anchor.statement.lineno == line
    assert anchor.hidden == hidden


def test_nothing_at_a_span() -> None:
    file, owner = opened("self.a = 1")
    init = init_of(owner)
    assert init is not None
    assert anchor_at(file, init, Span("m.py", 3, 0, 3, 2)) is None


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("self.a = 1\nself.b: int = 2\nprint(c)", 4),
        ("print(c)\ninit(self)", 4),
        ("self.a = 1\nreturn", None),
        ("raise ValueError", None),
    ],
)
def test_last_anchor(body: str, line: int | None) -> None:
    _, owner = opened(body)
    init = init_of(owner)
    assert init is not None
    anchor = last_anchor(init)
    assert (anchor.statement.lineno if anchor else None) == line


def test_a_class_without_init() -> None:
    tree = ast.parse("class A(B):\n    x = 1\n")
    owner = tree.body[0]
    assert isinstance(owner, ast.ClassDef)
    assert init_of(owner) is None


def test_free_names() -> None:
    _, owner = opened("self.eca = 1\nself.gate1 = 2")
    assert free_name(owner, "scale") == "scale"
    assert free_name(owner, "eca") == "eca2"
    assert free_name(owner, "eca", frozenset({"eca2"})) == "eca3"
    assert free_name(owner, "gate", numbered=True) == "gate2"


def test_names_that_change_behind_the_call() -> None:
    text = "self.a = f(c)\nc = 2 * c\nself.width, d = c, 1\nself.b = 1"
    _, owner = opened(text)
    method = ast.parse("def grow(self):\n    self.planes *= 2\n    local = 1\n").body[0]
    owner.body.append(method)
    init = init_of(owner)
    assert init is not None
    anchor = last_anchor(init)
    assert anchor is not None and anchor.hidden == frozenset()
    assert seen_from(anchor, owner, 3).hidden == {"c", "d", "self.a", "self.b", "self.width", "self.planes"}
    assert seen_from(anchor, owner, 6).hidden == {"self.b", "self.planes"}
