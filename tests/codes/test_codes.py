"""Every code that can come up is explained, and nothing else is."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from mutagen.codes.read import explained_codes, find_code
from mutagen.report.codes import render

CHECKOUT = Path(__file__).resolve().parents[2]
NUMBERED = re.compile(r"[A-Z]\d{3}")
WORDED = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
TELLING = ("actions", "planning", "match", "blocks")
"""Rooms that return a refusal as a tuple of code, message and advice."""


def sources() -> dict[Path, ast.Module]:
    files = [*sorted((CHECKOUT / "mutagen").rglob("*.py")), CHECKOUT / "torch_mutagen_boot.py"]
    return {file: ast.parse(file.read_text(encoding="utf-8")) for file in files}


def texts(node: ast.AST | None) -> Iterator[str]:
    """The constants that an expression may be."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from texts(node.body)
        yield from texts(node.orelse)


def takers(trees: list[ast.Module]) -> dict[str, int]:
    """Functions and classes that take an argument named ``code``, by name, with its position."""
    found: dict[str, int] = {}
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.FunctionDef):
            names = [it.arg for it in node.args.args]
            if "code" in names:
                found[node.name] = names.index("code")
        elif isinstance(node, ast.ClassDef):
            fields = [
                it.target.id for it in node.body if isinstance(it, ast.AnnAssign) and isinstance(it.target, ast.Name)
            ]
            if "code" in fields:
                found[node.name] = fields.index("code")
    return found


def worded(tree: ast.Module, taking: dict[str, int], *, returned: bool) -> Iterator[str]:
    """Codes in words: handed to something that takes a code, or first of a returned (code, message, advice)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            position = 0 if name.endswith("Error") else taking.get(name)
            if position is not None and position < len(node.args) and name not in NOT_OURS:
                yield from texts(node.args[position])
            yield from (text for it in node.keywords if it.arg == "code" for text in texts(it.value))
        elif returned and isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
            if len(node.value.elts) in (3, 4):
                yield from texts(node.value.elts[0])


NOT_OURS = {"AttributeError", "ValueError", "KeyError", "TypeError", "ImportError", "RuntimeError", "OSError"}


def used(trees: dict[Path, ast.Module]) -> set[str]:
    found: set[str] = set()
    taking = takers(list(trees.values()))
    for file, tree in trees.items():
        constants = [
            text for node in ast.walk(tree) for text in texts(node if isinstance(node, ast.Constant) else None)
        ]
        found |= {text for text in constants if NUMBERED.fullmatch(text)}
        found |= {code for text in constants for code in re.findall(r"\[([A-Z]\d{3})\]", text)}
        room = file.relative_to(CHECKOUT).parts[1:2]
        words = worded(tree, taking, returned=room[:1] in [(it,) for it in TELLING])
        found |= {text for text in words if WORDED.fullmatch(text)}
    for template in (CHECKOUT / "templates").glob("*.j2"):
        found |= set(re.findall(r"\bcode: ([a-z0-9-]+)", template.read_text(encoding="utf-8")))
    return found


def test_every_code_in_use_is_explained_and_no_other() -> None:
    known, found = set(explained_codes()), used(sources())
    assert found - known == set(), "codes without an entry in mutagen/codes/*.toml"
    assert known - found == set(), "entries for codes that nothing uses"
    assert len(known) > 150


def test_the_collector_sees_each_way_of_writing_a_code(tmp_path: Path) -> None:
    source = """
    def refuse(rule, path, code, message): ...
    def _other(code): ...
    class Missing:
        code: str
    def f(x):
        if x: return "first-way", f"why {x}", "advice"
        refuse(x, x, "second-way" if x else "third", "m")
        raise ProofError("fourth-way", "m")
        Missing("fifth"); _other(code="sixth"); TargetError("T999", "m"); print("error[I998]: m")
    """
    tree = ast.parse(textwrap.dedent(source))
    found = used({CHECKOUT / "mutagen/actions/x.py": tree}) - used({})
    assert found == {"first-way", "second-way", "third", "fourth-way", "fifth", "sixth", "T999", "I998"}


@pytest.mark.parametrize("code", list(explained_codes()))
def test_an_entry_says_what_why_and_what_to_do(code: str) -> None:
    entry = explained_codes()[code]
    assert all(part.strip() == part and part for part in (entry.what, entry.cause, entry.example, entry.cure))
    assert entry.cause.endswith(".") and entry.cure.endswith((".", "?"))
    assert not entry.what.endswith(".")
    text = render(entry)
    assert text.startswith(f"{code}: {entry.what}\n")
    assert all(len(line) <= 120 for line in text.splitlines())


@pytest.mark.parametrize("text", ["R112", "r112", "error[R112]", " R112 "])
def test_a_code_is_found_as_people_copy_it(text: str) -> None:
    found = find_code(text)
    assert found is not None and found.code == "R112"


def test_what_is_no_code_is_not_found() -> None:
    assert find_code("R999") is None
    assert find_code("") is None
