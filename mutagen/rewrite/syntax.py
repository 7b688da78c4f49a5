"""Python's own parser as the judge of what is written: each replaced span is whole code, and so is the file."""

from __future__ import annotations

import ast

from mutagen.errors import InternalError, Place
from mutagen.records.plan import Edit
from mutagen.source.file import SourceFile


def check_edit(file: SourceFile, edit: Edit) -> None:
    """Raise InternalError X001 unless both texts of a replacing edit are whole expressions or statements."""
    if not edit.old:
        return
    for text in (edit.old, edit.new):
        try:
            ast.parse(f"({text})", mode="eval")
        except SyntaxError:
            _statement(file, edit, text)


def _statement(file: SourceFile, edit: Edit, text: str) -> None:
    try:
        found = ast.parse(text)
    except SyntaxError as error:
        raise _no_code(file, edit, text) from error
    if not found.body:
        raise _no_code(file, edit, text)


def _no_code(file: SourceFile, edit: Edit, text: str) -> InternalError:
    place = Place(file.path, edit.span.line, edit.span.column + 1)
    message = f"rule {edit.rule} would write what is no expression: {text[:60]}"
    return InternalError("X001", message, place=place, hint="this is a bug in mutagen")


def check_module(path: str, text: bytes) -> None:
    """Raise InternalError X002 unless the new file parses."""
    try:
        ast.parse(text.decode())
    except SyntaxError as error:
        place = Place(path, error.lineno or 1, error.offset or 1)
        raise InternalError(
            "X002", f"the edited file does not parse: {error.msg}", place=place, hint="this is a bug in mutagen"
        ) from error
