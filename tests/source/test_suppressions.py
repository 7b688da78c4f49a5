"""Comments that keep rules away: what lines they cover, and what is wrong with them."""

from __future__ import annotations

import textwrap

import pytest

from mutagen.records.span import Span
from mutagen.source.file import read_source
from mutagen.source.suppressions import WHOLE_FILE, Comments, comments_of


def comments(source: str, *, encoding: str = "utf-8") -> Comments:
    return comments_of(read_source("/m.py", textwrap.dedent(source).encode(encoding)))


def lines(source: str) -> list[tuple[str | None, int, int]]:
    found = comments(source)
    assert found.problems == ()
    return [(it.rule, it.start, it.end) for it in found.suppressions]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("a = 1  # mutagen: ignore[r]\nb = 2\n", [("r", 1, 1)]),
        ("a = f(\n    1,\n    2,  # mutagen: ignore[r]\n)\n", [("r", 1, 4)]),
        ("# mutagen: ignore[r]\n\n# why\na = f(\n    1)\n", [("r", 4, 5)]),
        ("a = f(\n    # mutagen: ignore[r]\n    1)\nb = 2\n", [("r", 1, 3)]),
        ("a = 1  # mutagen: ignore[r, s.t]  because\n", [("r", 1, 1), ("s.t", 1, 1)]),
        ("# mutagen: ignore[r]\n@dec\nclass A:\n    x = 1\n\nb = 2\n", [("r", 2, 4)]),
        ("@dec\n# mutagen: ignore[r]\nclass A:\n    x = 1\n", [("r", 1, 4)]),
        ("class A:  # mutagen: ignore[r]\n    x = 1\n    y = 2\n", [("r", 1, 3)]),
        ("class A:\n    # mutagen: ignore[r]\n    x = 1\n    y = 2\n", [("r", 3, 3)]),
        ("class A:\n    x = 1\n    # mutagen: ignore[r]\n    y = 2\n", [("r", 4, 4)]),
        ("def f(\n    a,  # mutagen: ignore[r]\n    b,\n):\n    return a\n", [("r", 1, 5)]),
        ("if a:\n    b = 1\n# mutagen: ignore[r]\nelse:\n    c = 1\n", [("r", 5, 5)]),
        ("x = 1\n# mutagen: file-ignore[r]\n", [("r", 1, WHOLE_FILE)]),
        ("a = 1\n# mutagen: off\nb = 2\n# mutagen: on\nc = 3\n", [(None, 2, 4)]),
        ("a = 1\n# mutagen: off\n# mutagen: off\nb = 2\n", [(None, 2, WHOLE_FILE)]),
        ("#mutagen:ignore[r]\na = 1\n", [("r", 2, 2)]),
        ("a = '# mutagen: ignore[r]'\nb = '''\n# mutagen: off\n'''\n", []),
        ("a = 1  # see mutagen: ignore[r]\n", []),
        ("# mutagen: on\na = 1\n", []),
        ("# mutagen: ignore[r]\n", [("r", 1, 1)]),
        ("a = 'é'; b = 1  # mutagen: ignore[r]\r\nc = 1\r\n", [("r", 1, 1)]),
    ],
)
def test_a_comment_covers_its_statement(source: str, found: list[object]) -> None:
    assert lines(source) == found


@pytest.mark.parametrize(
    ("comment", "said"),
    [
        ("ignore", "must name rules: ignore[rule-id]"),
        ("ignore[]", "must name rules"),
        ("file-ignore", "must name rules: file-ignore[rule-id]"),
        ("ignroe[r]", "did you mean ignore?"),
        ("", "there are ignore, file-ignore, off, on"),
        ("off[r]", "takes no rule"),
    ],
)
def test_a_comment_that_says_nothing_is_a_problem_and_covers_nothing(comment: str, said: str) -> None:
    found = comments(f"a = 1\nb = 2  # mutagen: {comment}\n")
    assert found.suppressions == ()
    ((line, problem),) = found.problems
    assert line == 2 and said in problem


def test_only_the_rule_and_lines_that_are_named_are_covered() -> None:
    (one,) = comments("a = 1\nb = 2  # mutagen: ignore[r]\n").suppressions
    assert one.covers("r", Span("/m.py", 2, 0, 2, 1)) and one.covers("r", Span("/m.py", 1, 0, 3, 1))
    assert not one.covers("r", Span("/m.py", 1, 0, 1, 1))
    assert not one.covers("s", Span("/m.py", 2, 0, 2, 1))
    (all_rules,) = comments("# mutagen: off\n").suppressions
    assert all_rules.covers("any", Span("/m.py", 9, 0, 9, 1))


def test_a_file_without_comments_of_ours_is_not_parsed() -> None:
    assert comments_of(read_source("/m.py", b"this is ( no python")) == Comments()
