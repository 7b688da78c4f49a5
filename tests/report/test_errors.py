from __future__ import annotations

from pathlib import Path

from mutagen.errors import ErrorGroup, InternalError, Place, RuleError, TargetError
from mutagen.report.errors import as_data, render
from mutagen.report.text import render_segments


def test_error_shows_its_line_with_a_caret_and_the_cure(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text("version: 1\nrules:\n  args: {reductoin: 16}\n")
    error = RuleError(
        "R128",
        "unknown argument 'reductoin' for ECA",
        place=Place(str(path), 3, 10, 9),
        hint="did you mean 'reduction'?",
    )
    assert render(error, root=tmp_path) == (
        "error[R128]: unknown argument 'reductoin' for ECA\n"
        "  --> rules.yaml:3:10\n"
        "  |\n"
        "3 |   args: {reductoin: 16}\n"
        "  |          ^^^^^^^^^\n"
        "  help: did you mean 'reduction'?\n"
    )


def test_caret_stands_below_tabs_and_wide_characters(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text("\tid: 模型 x\n", encoding="utf-8")
    lines = render(RuleError("R120", "no", place=Place(str(path), 1, 9, 1)), root=tmp_path).splitlines()
    assert lines[-1] == "  | \t" + " " * 9 + "^"


def test_error_without_readable_line_has_its_place_only(tmp_path: Path) -> None:
    error = TargetError("T001", "no such file", place=Place(str(tmp_path / "none.py"), 7, 1))
    assert render(error, root=tmp_path) == "error[T001]: no such file\n  --> none.py:7:1\n"
    assert render(TargetError("T001", "no"), root=tmp_path) == "error[T001]: no\n"


def test_line_beyond_the_end_and_bad_bytes_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    path.write_bytes(b"caf\xe9 \x1b[31m\n")
    assert "\x1b" not in render(TargetError("T1", "no", place=Place(str(path), 1, 1)), root=tmp_path)
    assert render(TargetError("T1", "no", place=Place(str(path), 9, 1)), root=tmp_path).endswith("model.py:9:1\n")


def test_detail_is_shown_line_by_line(tmp_path: Path) -> None:
    text = render(TargetError("T1", "it failed", detail="Traceback\n  boom\n"), root=tmp_path)
    assert text == "error[T1]: it failed\n | Traceback\n |   boom\n"


def test_group_shows_each_and_stops_at_twenty(tmp_path: Path) -> None:
    group = ErrorGroup(tuple(RuleError("R112", f"key {number}") for number in range(23)))
    text = render(group, root=tmp_path)
    assert text.count("error[R112]") == 20
    assert text.endswith("... and 3 more errors\n")
    assert len(as_data(group, root=tmp_path)) == 23


def test_bug_is_called_an_internal_error(tmp_path: Path) -> None:
    assert render(InternalError("I001", "oh"), root=tmp_path) == "internal error[I001]: oh\n"


def test_data_holds_everything(tmp_path: Path) -> None:
    error = RuleError("R112", "m", place=Place(str(tmp_path / "a.yaml"), 2, 3), hint="h", detail="d")
    assert as_data(error, root=tmp_path) == [
        {"code": "R112", "message": "m", "path": "a.yaml", "line": 2, "column": 3, "hint": "h", "detail": "d"}
    ]
    bare = as_data(RuleError("R1", "m", place=Place("x")), root=tmp_path)[0]
    assert (bare["path"], bare["line"], bare["column"]) == ("x", None, None)


def test_colours_do_not_change_the_words(tmp_path: Path) -> None:
    from mutagen.report.errors import segments

    pieces = segments(RuleError("R112", "a [bold]name[/bold]", hint="h"), root=tmp_path)
    assert render_segments(pieces) == "error[R112]: a [bold]name[/bold]\n help: h\n"
    assert "\x1b[1;31merror[R112]" in render_segments(pieces, styled=True)


def test_a_long_line_is_shown_around_the_place(tmp_path: Path) -> None:
    file = tmp_path / "long.yaml"
    file.write_text("x" * 5_000 + "!" + "y" * 5_000 + "\n")
    shown = render(RuleError("R000", "long", place=Place(str(file), 1, 5_001)), root=tmp_path)
    line, caret = shown.splitlines()[3:5]
    assert len(line) < 200
    assert line[caret.index("^")] == "!"
