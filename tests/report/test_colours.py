from __future__ import annotations

from mutagen.report.colours import painted
from mutagen.report.errors import Segment
from mutagen.report.tables import render_table


def test_each_line_of_a_piece_has_its_own_colour() -> None:
    pieces = [Segment("no ", "error"), Segment("a\n"), Segment("x\ny\n", "help")]
    assert painted(pieces, styled=True) == "\x1b[1;31mno \x1b[0ma\n\x1b[36mx\x1b[0m\n\x1b[36my\x1b[0m\n"
    assert painted(pieces, styled=False) == "no a\nx\ny\n"


def test_a_text_does_not_move_the_cursor() -> None:
    assert painted([Segment("a\rb\b\ac")], styled=True) == painted([Segment("a\rb\b\ac")], styled=False) == "abc"


def test_spaces_at_the_ends_of_plain_lines_go() -> None:
    assert painted([Segment("3 | ", "frame"), Segment("\n"), Segment("x  \n")], styled=False) == "3 |\nx\n"


def test_a_plain_table_has_columns_of_the_same_width_also_with_wide_characters() -> None:
    text = render_table(("what", "before"), [("模型", "1,024"), ("x", "7")], styled=False, width=1)
    assert text == "what  before\n模型   1,024\nx          7\n"


def test_a_terminal_gets_a_box() -> None:
    text = render_table(("what", "before"), [("x", "7")], styled=True, width=40)
    assert text.splitlines()[0] == "╭──────┬────────╮"
    assert "│ x    │      7 │" in text
