"""Two rules that meet in one expression."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mutagen.actions.draft import Draft
from mutagen.planning.conflicts import find_conflicts
from mutagen.records.plan import Edit
from mutagen.records.rules import Action, Query, Rule
from mutagen.records.span import Span
from mutagen.source.project import open_project

ONE, TWO = (Rule(name, Query(type=("Conv2d",)), Action("replace", "X")) for name in ("one", "two"))


def edit(start: int, end: int, *, line: int = 1, end_line: int | None = None, file: str = "m.py") -> Edit:
    old = "x" * (end - start) if end_line in (None, line) else "x"
    return Edit(Span(file, line, start, end_line or line, end), old, "y", "", "site", "")


def call(start: int, end: int) -> Edit:
    """A call around what stands there."""
    return replace(edit(start, end), old="x" * (end - start), new=f"f({'x' * (end - start)})")


CASES = {
    "the same span": (edit(0, 4), edit(0, 4), True),
    "one within the other": (edit(0, 9), edit(2, 4), True),
    "overlapping": (edit(0, 5), edit(3, 9), True),
    "over several lines": (edit(0, 5, end_line=4), edit(2, 8, line=3), True),
    "an insertion within": (edit(0, 9), edit(4, 4), True),
    "two calls around one thing": (call(0, 4), call(0, 4), False),
    "a call around what is replaced": (call(0, 4), edit(0, 4), False),
    "a call around more than what is replaced": (call(0, 9), edit(2, 4), False),
    "a call around more, from where the other starts": (call(0, 9), edit(0, 4), False),
    "a call within what is replaced": (edit(0, 9), call(2, 4), True),
    "a call within what is replaced, from where that starts": (edit(0, 9), call(0, 4), True),
    "calls around what overlaps": (call(0, 5), call(3, 9), True),
    "side by side": (edit(0, 4), edit(4, 9), False),
    "insertions at one point": (edit(4, 4), edit(4, 4), False),
    "an insertion in front": (edit(4, 4), edit(4, 9), False),
    "an insertion behind": (edit(0, 4), edit(4, 4), False),
    "other lines": (edit(0, 9), edit(0, 9, line=2), False),
    "other files": (edit(0, 9), edit(0, 9, file="n.py"), False),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("swapped", [False, True])
def test_conflict(name: str, swapped: bool, tmp_path: Path) -> None:
    first, second, expected = CASES[name]
    edits = (second, first) if swapped else (first, second)
    project = open_project(str(tmp_path / "m.py"), str(tmp_path), ())
    errors = find_conflicts([Draft(edits=(it,)) for it in edits], [ONE, TWO], project)
    assert bool(errors) == expected
    for error in errors:
        assert error.code == "P010"
        assert "one" in error.message
        assert "two" in error.message


def test_one_rule_is_no_conflict(tmp_path: Path) -> None:
    project = open_project(str(tmp_path / "m.py"), str(tmp_path), ())
    assert find_conflicts([Draft(edits=(edit(0, 9), edit(2, 4)))], [ONE], project) == []


@pytest.mark.parametrize(
    ("old", "new", "around"),
    [
        ("y", "self.layer_scale(y)", ("self.layer_scale(", ")")),
        ("y", "self.gate(y, skip)", ("self.gate(", ", skip)")),
        ("y", "self.gate(x, y)", None),
        ("F.relu", "F.gelu", None),
        ("", "self.eca(y)", None),
        ("y", "(y) if c else x", None),
    ],
)
def test_a_call_around_what_stands_there(old: str, new: str, around: tuple[str, str] | None) -> None:
    assert replace(edit(0, 4), old=old, new=new).around == around
