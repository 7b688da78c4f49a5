"""Rows that rules made too long are broken as their file breaks such rows."""

from __future__ import annotations

import ast
import textwrap
import tomllib
from pathlib import Path

import pytest

from mutagen.rewrite.wrapping import usual_width, wrapped

CASES = tomllib.loads(Path(__file__).with_name("wrapping.toml").read_text())["case"]


def read(before: str) -> tuple[str, set[int]]:
    """The text without its marks, and the rows that have one."""
    rows = before.split("\n")
    return "\n".join(it.removeprefix(">") for it in rows), {n for n, it in enumerate(rows, 1) if it.startswith(">")}


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_what_a_row_becomes(case: dict, newline: str) -> None:
    text, touched = read(case["before"])
    width = case.get("width", 40)
    found = wrapped(text.replace("\n", newline), touched, width=width, newline=newline)
    assert found == case["after"].replace("\n", newline)
    assert ast.dump(ast.parse(textwrap.dedent(found))) == ast.dump(ast.parse(textwrap.dedent(text)))
    again = set(range(1, found.count("\n") + 2)) if touched else set()
    assert wrapped(found, again, width=width, newline=newline) == found


HANGING = "x = make(\n    one, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve, thirteen\n)\n"


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("x = 1\n", 120),
        (HANGING, 87),  # in one row it has 93 columns, which is too long for its owner
        (HANGING.replace("thirteen", "thirteen,"), 120),  # its owner wants it so in any case
        (HANGING + "y = '" + "-" * 110 + "'\n", 120),
        ("y = '" + "-" * 140 + "'\n", 120),
        (("y = '" + "-" * 140 + "'\n") * 3, 146),
        ("# " + "-" * 200 + "\nx = 1\n", 120),
        ("x = (\n", 120),
    ],
)
def test_how_wide_rows_may_be(text: str, width: int) -> None:
    assert usual_width(text) == width


def test_a_text_that_cannot_be_read_stays() -> None:
    text = "x = (" + "one, " * 30 + "\n"
    assert wrapped(text, {1}, width=40) == text
