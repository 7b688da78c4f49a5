"""LibCST as the judge of what is written: each replaced span is an expression, and the whole file parses."""

from __future__ import annotations

import libcst

from mutagen.errors import InternalError, Place
from mutagen.records.plan import Edit
from mutagen.source.file import SourceFile


def check_edit(file: SourceFile, edit: Edit) -> None:
    """Raise InternalError X001 unless both texts of a replacing edit are whole expressions."""
    if not edit.old:
        return
    for text in (edit.old, edit.new):
        try:
            libcst.parse_expression(f"({text})")
        except libcst.ParserSyntaxError:
            _statement(file, edit, text)


def _statement(file: SourceFile, edit: Edit, text: str) -> None:
    try:
        libcst.parse_statement(text + "\n")
    except libcst.ParserSyntaxError as error:
        place = Place(edit.span.file, edit.span.line, edit.span.column + 1)
        message = f"rule {edit.rule} would write what is no expression: {text[:60]}"
        raise InternalError("X001", message, place=place, hint="this is a bug in mutagen") from error


def check_module(path: str, text: bytes) -> None:
    """Raise InternalError X002 unless the new file parses."""
    try:
        libcst.parse_module(text.decode())
    except libcst.ParserSyntaxError as error:
        place = Place(path, error.raw_line, error.raw_column + 1)
        raise InternalError(
            "X002", f"the edited file does not parse: {error.message}", place=place, hint="this is a bug in mutagen"
        ) from error
