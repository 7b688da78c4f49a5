"""One source file: its text, its syntax tree, and the way from a span to both."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from mutagen.errors import Place, TargetError
from mutagen.records.span import Span

_LINE_END = re.compile(rb"\r\n|\r|\n")
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class SourceFile:
    """A Python file. Offsets and columns count bytes of ``utf8``, the text without a byte-order mark."""

    path: str
    raw: bytes
    encoding: str
    utf8: bytes

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree; raises TargetError T010 where the file does not parse."""
        try:
            return ast.parse(self.utf8.decode())
        except SyntaxError as error:
            place = Place(self.path, error.lineno or 1, error.offset or 1)
            raise TargetError("T016", f"syntax error: {error.msg}", place=place, hint="fix the file first") from error

    @cached_property
    def line_starts(self) -> tuple[int, ...]:
        """Offset of the first byte of each line."""
        return (0, *(match.end() for match in _LINE_END.finditer(self.utf8)))

    @cached_property
    def newline(self) -> str:
        """The line end that the file uses first."""
        match = _LINE_END.search(self.utf8)
        return match.group().decode() if match else "\n"

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        """The node around each node."""
        return {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}

    @cached_property
    def functions(self) -> dict[int, ast.FunctionDef | ast.AsyncFunctionDef]:
        """Functions by the line of their ``def``."""
        found = (it for it in ast.walk(self.tree) if isinstance(it, ast.FunctionDef | ast.AsyncFunctionDef))
        return {it.lineno: it for it in reversed(list(found))}

    @cached_property
    def _by_span(self) -> dict[tuple[int, int, int, int], list[ast.AST]]:
        index: dict[tuple[int, int, int, int], list[ast.AST]] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.expr | ast.stmt):
                index.setdefault(position(node), []).append(node)
        return index

    @cached_property
    def _calls_by_end(self) -> dict[tuple[int, int], list[ast.Call]]:
        index: dict[tuple[int, int], list[ast.Call]] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                index.setdefault((node.end_lineno or 0, node.end_col_offset or 0), []).append(node)
        return index

    def offset(self, line: int, column: int) -> int:
        """Offset of a position."""
        return self.line_starts[line - 1] + column

    def text(self, node: ast.expr | ast.stmt | Span) -> str:
        """The text of a node or span."""
        span = node if isinstance(node, Span) else self.span(node)
        start = self.offset(span.line, span.column)
        return self.utf8[start : self.offset(span.end_line, span.end_column)].decode()

    def span(self, node: ast.expr | ast.stmt | ast.alias) -> Span:
        """The span of a node."""
        return Span(self.path, *position(node))

    def behind(self, statement: ast.stmt) -> Span:
        """The empty span at the end of a statement's last line, where a new line may follow."""
        line = statement.end_lineno or statement.lineno
        column = self.line_end(line) - self.line_starts[line - 1]
        return Span(self.path, line, column, line, column)

    def node_at(self, span: Span) -> ast.expr | ast.stmt | None:
        """The outermost node with exactly this span, or the call that ends there.

        A statement that is nothing but an expression is that expression.
        CPython 3.11 moves the start of a method call that is broken over lines to the attribute's line.
        """
        found = self._by_span.get((span.line, span.column, span.end_line, span.end_column))
        if found:
            node = found[0].value if isinstance(found[0], ast.Expr) else found[0]
            assert isinstance(node, ast.expr | ast.stmt)
            return node
        for call in self._calls_by_end.get((span.end_line, span.end_column), ()):
            if (call.lineno, call.col_offset) <= (span.line, span.column):
                return call
        return None

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        """The nodes around a node, innermost first."""
        while node in self.parents:
            node = self.parents[node]
            yield node

    def statement(self, node: ast.AST) -> ast.stmt:
        """The innermost statement that holds a node."""
        if isinstance(node, ast.stmt):
            return node
        return next(around for around in self.ancestors(node) if isinstance(around, ast.stmt))

    def function(self, node: ast.AST) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
        """The innermost ``def`` around a node."""
        around = self.ancestors(node)
        return next((it for it in around if isinstance(it, ast.FunctionDef | ast.AsyncFunctionDef)), None)

    def class_of(self, node: ast.AST) -> ast.ClassDef | None:
        """The innermost class around a node."""
        return next((it for it in self.ancestors(node) if isinstance(it, ast.ClassDef)), None)

    def indent(self, line: int) -> str:
        """The white space that a line begins with."""
        start = self.line_starts[line - 1]
        match = re.match(rb"[ \t\f]*", self.utf8[start:])
        return match.group().decode() if match else ""

    def step(self, line: int) -> str:
        """What a block below a line is indented by."""
        return "\t" if self.indent(line).startswith("\t") else "    "

    def line_end(self, line: int) -> int:
        """Offset just behind the text of a line, before its line end."""
        match = _LINE_END.search(self.utf8, self.line_starts[line - 1])
        return match.start() if match else len(self.utf8)


def position(node: ast.expr | ast.stmt | ast.alias) -> tuple[int, int, int, int]:
    """Line, column, end line, end column of a node."""
    return (node.lineno, node.col_offset, node.end_lineno or node.lineno, node.end_col_offset or node.col_offset)


def read_source(path: str, raw: bytes) -> SourceFile:
    """Decode a file as Python does; raises TargetError T015 where its bytes do not fit its declared encoding."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
        body = raw.removeprefix(_BOM)
        text = body.decode("utf-8" if encoding == "utf-8-sig" else encoding)
    except (SyntaxError, UnicodeDecodeError, LookupError) as error:
        hint = "save the file in the encoding that its coding line names"
        raise TargetError("T015", f"cannot decode the file: {error}", place=Place(path), hint=hint) from error
    return SourceFile(path, raw, encoding, text.encode())


def encode(file: SourceFile, utf8: bytes) -> bytes:
    """New text of a file in the encoding, and with the byte-order mark, that it had."""
    if file.encoding in ("utf-8", "utf-8-sig"):
        return (_BOM if file.raw.startswith(_BOM) else b"") + utf8
    return utf8.decode().encode(file.encoding)
