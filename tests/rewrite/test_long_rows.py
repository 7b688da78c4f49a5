"""Which rows of a changed file are broken: those that became too long, and no others."""

from __future__ import annotations

from mutagen.records.plan import Edit, Plan
from mutagen.records.span import Span
from mutagen.records.target import Call
from mutagen.rewrite.apply import rewrite

OWNERS = "x = make(" + ", ".join(f"argument_{n}" for n in range(10)) + ", relu)\n"


def changed(source: str, old: str, new: str) -> str:
    at = source.index(old)
    line, column = source.count("\n", 0, at) + 1, at - (source.rfind("\n", 0, at) + 1)
    end_line = line + old.count("\n")
    end = at + len(old) - (source.rfind("\n", 0, at + len(old)) + 1)
    edit = Edit(Span("net.py", line, column, end_line, end), old, new, "r", "site", "")
    (change,) = rewrite(Plan(1, "net.py", Call("Net"), (), {}, (edit,)), {"net.py": source.encode()})
    return change.after.decode()


def test_a_row_that_was_as_long_before_stays_in_one() -> None:
    assert len(OWNERS) > 121
    assert changed(OWNERS, "relu", "gelu") == OWNERS.replace("relu", "gelu")
    assert changed(OWNERS, "relu", "much_longer") == OWNERS.replace("relu", "much_longer")


def test_a_row_that_became_too_long_is_broken() -> None:
    short = OWNERS.replace("argument_", "a")
    text = changed(short, "relu", "very_long_" * 7 + "names")
    assert text.startswith("x = make(\n    a0, a1, ") and text.endswith("_names\n)\n")
    assert changed(short, "relu", "gelu") == short.replace("relu", "gelu")


def test_rows_within_what_is_replaced_stay_where_they_are_the_same() -> None:
    source = f"y = make(\n    [{OWNERS[9:-2]}],\n    relu,\n)\n"
    old = source[4:-1]
    assert changed(source, old, old.replace("    relu", "    gelu")) == source.replace("    relu", "    gelu")
