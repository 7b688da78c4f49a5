"""Edits of one rule, one inside the other."""

from __future__ import annotations

from mutagen.planning.nested import merge_nested
from mutagen.records.plan import Edit
from mutagen.records.span import Span
from mutagen.source.project import open_project

TEXT = "y = x + f(x + g(x))\n"
PROJECT = open_project("/m/net.py", "/m", (), read=lambda path: TEXT.encode())


def edit(old: str, new: str, instance: str = "") -> Edit:
    start = TEXT.index(old)
    return Edit(Span("/m/net.py", 1, start, 1, start + len(old)), old, new, "r", "forward", "", (instance,))


def test_a_wrap_within_a_wrap_is_done_in_its_text() -> None:
    edits = [edit("f(x + g(x))", "eca2(f(x + g(x)))", "b"), edit("g(x)", "eca1(g(x))", "a")]
    for given in (edits, edits[::-1]):
        (whole,) = merge_nested(given, PROJECT)
        assert whole.new == "eca2(f(x + eca1(g(x))))"
        assert whole.old == "f(x + g(x))" and set(whole.instances) == {"a", "b"}


def test_a_text_that_keeps_only_the_inner_one() -> None:
    (whole,) = merge_nested([edit("f(x + g(x))", "gelu(x + g(x))"), edit("g(x)", "gelu(x)")], PROJECT)
    assert whole.new == "gelu(x + gelu(x))"


def test_others_stay_as_they_are_and_in_order() -> None:
    edits = (edit("x + f", "y + f"), edit("g(x)", "h(x)"), edit("f(x + g(x))", "nothing"))
    assert merge_nested(edits, PROJECT) == edits
