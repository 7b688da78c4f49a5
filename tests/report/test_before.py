"""Lines of an edited file as lines of the file on disk."""

from __future__ import annotations

import pytest

from mutagen.errors import Place
from mutagen.records.result import FileChange
from mutagen.report.before import place_before

CHANGE = FileChange("m.py", b"a\nb\nc\nd\n", b"new\na\nb\nB\nC\nd\n")


@pytest.mark.parametrize(("line", "before"), [(1, 0), (2, 1), (3, 2), (4, 0), (6, 4)])
def test_lines(line: int, before: int) -> None:
    found = place_before(Place("m.py", line, 3), [CHANGE])
    assert found == (Place("m.py", before, 3) if before else Place("m.py"))


def test_what_was_not_changed_stays() -> None:
    other = Place("n.py", 4, 1)
    assert place_before(other, [CHANGE]) == other and place_before(None, [CHANGE]) is None
    assert place_before(Place("new.py", 2, 1), [FileChange("new.py", None, b"x\ny\n")]) == Place("new.py", 2, 1)
