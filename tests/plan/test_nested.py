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


def added(text: str, behind: str) -> Edit:
    at = TEXT.index(behind) + len(behind)
    return Edit(Span("/m/net.py", 1, at, 1, at), "", text, "r", "split", "")


def test_an_argument_is_added_wherever_the_call_is_written_afterwards() -> None:
    for new, wanted in (
        ("W(g(x)) if on else g(x)", "W(g(x, a=1)) if on else g(x, a=1)"),
        ("W(g(x))", "W(g(x, a=1))"),
    ):
        for given in ([edit("g(x)", new), added(", a=1", "g(x")], [added(", a=1", "g(x"), edit("g(x)", new)]):
            (whole,) = merge_nested(given, PROJECT)
            assert (whole.old, whole.new) == ("g(x)", wanted)


def test_an_argument_of_a_call_that_is_not_kept_stays_apart() -> None:
    edits = (edit("f(x + g(x))", "h(x)"), added(", a=1", "g(x"))
    assert merge_nested(edits, PROJECT) == edits


def test_what_is_added_beside_a_call_is_none_of_its_arguments() -> None:
    edits = (edit("g(x)", "W(g(x))"), added(" + 1", "g(x)"))
    assert merge_nested(edits, PROJECT) == edits
