"""Where a frame stands in the source, and which frames are the user's."""

from __future__ import annotations

import copy
import os
import sysconfig
from types import CodeType, FrameType

import torch

import mutagen
from mutagen.records.span import Span

_TORCH = os.path.dirname(torch.__file__) + os.sep
_MUTAGEN = os.path.dirname(os.path.abspath(mutagen.__file__)) + os.sep
_STDLIB = tuple({os.path.realpath(os.path.dirname(copy.__file__)) + os.sep, sysconfig.get_path("stdlib") + os.sep})
_INSTALLED = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")
_ENDS = ("<frozen importlib", "<frozen runpy")

# By identity, and the code kept with it: code is equal to the same lines in another file.
_spans: dict[int, tuple[CodeType, list[Span | None]]] = {}
_kinds: dict[str, str] = {}


def file_kind(file: str) -> str:
    """Who wrote a source file: ``torch``, ``mutagen``, ``stdlib``, ``end`` (the import system), ``none`` or ``user``.

    Installed packages other than torch count as ``user``.
    """
    kind = _kinds.get(file)
    if kind is None:
        kind = _kinds[file] = _file_kind(file)
    return kind


def _file_kind(file: str) -> str:
    if file.startswith(_ENDS):
        return "end"
    if file.startswith("<"):
        return "none"
    if file.startswith(_TORCH):
        return "torch"
    if file.startswith(_MUTAGEN):
        return "mutagen"
    if is_installed(file):
        return "user"
    return "stdlib" if file.startswith(_STDLIB) else "user"


def is_installed(file: str) -> bool:
    """Whether a file belongs to an installed package."""
    return any(part in file for part in _INSTALLED)


def span_of(frame: FrameType) -> Span | None:
    """The expression that a frame is executing; None where Python kept no columns."""
    code = frame.f_code
    known = _spans.get(id(code))
    if known is None:
        known = _spans[id(code)] = (code, _spans_of(code))
    return known[1][frame.f_lasti // 2]


def _spans_of(code: CodeType) -> list[Span | None]:
    known: dict[tuple[int | None, ...], Span | None] = {}
    spans: list[Span | None] = []
    for position in code.co_positions():
        if position not in known:
            line, end_line, column, end_column = position
            complete = None not in position and line is not None
            known[position] = (
                Span(code.co_filename, line or 0, column or 0, end_line or 0, end_column or 0) if complete else None
            )
        spans.append(known[position])
    return spans
