"""Spans, text and encodings."""

from __future__ import annotations

import ast
import sys

import pytest

from mutagen.errors import TargetError
from mutagen.records.span import Span
from mutagen.source.file import encode, read_source

SOURCES = {
    "plain": b"x = f(a)\n",
    "crlf": b"y = 1\r\nx = f(a)\r\n",
    "old mac": b"y = 1\rx = f(a)\r",
    "bom": b"\xef\xbb\xbfx = f(a)\n",
    "bom and crlf": b"\xef\xbb\xbfx = f(a)\r\n",
    "tabs": b"if 1:\n\tx = f(a)\n",
    "no final newline": b"x = f(a)",
    "semicolons": b"y = 1; x = f(a); z = 2\n",
    "one line if": b"if y: x = f(a)\n",
    "line continuation": b"x = \\\n  f(a)\n",
    "form feed": b"y = 1\n\x0c\nx = f(a)\n",
    "form feed in a line": b"def g():\n    y = 1\n\x0c    x = f(a)\n",
    "multibyte before": "名 = '卷积'; x = f(a)  # é\n".encode(),
    "emoji before": "y = '🎯'; x = f(a)\n".encode(),
    "latin-1": "# coding: latin-1\ny = 'éé'; x = f(a)  # à\n".encode("latin-1"),
    "gbk": "# coding: gbk\ny = '残差'; x = f(a)  # 层\n".encode("gbk"),
    "unusual separators in a string": "y = '\x0b\x1c\u2028\x85'\nx = f(a)\n".encode(),
}


@pytest.mark.parametrize("name", SOURCES)
def test_text_and_bytes_of_a_span(name: str) -> None:
    file = read_source("m.py", SOURCES[name])
    call = next(it for it in ast.walk(file.tree) if isinstance(it, ast.Call))
    assert file.text(call) == "f(a)"
    assert file.node_at(file.span(call)) is call
    start = file.offset(call.lineno, call.col_offset)
    assert file.utf8[start : start + 4] == b"f(a)"
    assert encode(file, file.utf8) == SOURCES[name]
    changed = encode(file, file.utf8[:start] + b"g(b)" + file.utf8[start + 4 :])
    assert changed == SOURCES[name].replace(b"f(a)", b"g(b)")


@pytest.mark.parametrize("name", SOURCES)
def test_columns_are_those_of_a_running_frame(name: str) -> None:
    file = read_source("m.py", SOURCES[name])
    spans: list[Span] = []

    def f(a: object) -> None:
        frame = sys._getframe(1)
        line, end_line, column, end_column = list(frame.f_code.co_positions())[frame.f_lasti // 2]
        assert None not in (line, end_line, column, end_column)
        spans.append(Span("m.py", line or 0, column or 0, end_line or 0, end_column or 0))

    names: dict[str, object] = {"f": f, "a": 1, "y": 1}
    exec(compile(SOURCES[name], "m.py", "exec"), names)
    if "g" in names:
        names["g"]()  # type: ignore[operator]
    assert file.text(spans[0]) == "f(a)"
    assert isinstance(file.node_at(spans[0]), ast.Call)


def test_a_method_chain_over_lines_is_found_by_its_end() -> None:
    text = b"x = (net\n     .first(1)\n     .second(2))\n"
    file = read_source("m.py", text)
    outer = next(it for it in ast.walk(file.tree) if isinstance(it, ast.Call))
    assert file.node_at(Span("m.py", 3, 5, 3, 15)) is outer
    assert file.node_at(Span("m.py", 1, 5, 3, 15)) is outer
    assert file.node_at(Span("m.py", 3, 5, 3, 14)) is None


@pytest.mark.parametrize("raw", [b"x = '\xe9'\n", b"# coding: nonsense\nx = 1\n", b"# coding: ascii\nx = '\xe9'\n"])
def test_bytes_that_do_not_fit_their_encoding(raw: bytes) -> None:
    with pytest.raises(TargetError) as raised:
        read_source("m.py", raw)
    assert raised.value.code == "T015"


def test_a_file_that_does_not_parse() -> None:
    with pytest.raises(TargetError) as raised:
        _ = read_source("m.py", b"x = (\n").tree
    assert raised.value.code == "T016"
    assert raised.value.place is not None and raised.value.place.file == "m.py"


def test_surroundings_of_a_node() -> None:
    file = read_source("m.py", b"class A:\n    def f(self):\n        if 1:\n            return g(x)\n")
    call = next(it for it in ast.walk(file.tree) if isinstance(it, ast.Call))
    assert isinstance(file.statement(call), ast.Return)
    function, owner = file.function(call), file.class_of(call)
    assert function is not None and function.name == "f"
    assert owner is not None and owner.name == "A"
    assert file.indent(4) == " " * 12
