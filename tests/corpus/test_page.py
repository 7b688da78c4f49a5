"""The page of patches draws the same pairs from the same table, and says so where one gives no patch."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from corpus.page import choose, section
from corpus.store import Result

PROVED = Result("m:f", "p", "bn-to-gn", "file", "abc", "proved", applicable=True)
MANY = [replace(PROVED, entry=f"m:{n}") for n in range(100)]


def test_the_draw_follows_from_seed_and_table() -> None:
    drawn = choose(MANY, 7, 20)
    assert len({result.entry for result in drawn}) == 20
    assert choose(MANY[::-1], 7, 20) == drawn
    assert choose(MANY, 8, 20) != drawn
    assert sorted(result.entry for result in choose(MANY[:3], 7, 20)) == ["m:0", "m:1", "m:2"]


def test_sections() -> None:
    text = section(3, replace(PROVED, scope="package"), "--- a\n+++ b\n\n")
    assert text == "## 3. bn-to-gn: `m:f`, `--scope package`\n\n```diff\n--- a\n+++ b\n```\n"
    assert "No patch any more" in section(1, PROVED, "")
