"""New statements under one condition: ``if self.residual:`` is written once, with the lines of all below it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from mutagen.actions.draft import Draft
from mutagen.records.plan import Edit

_HEAD: Final = re.compile(r"(\r?\n)([ \t]*)if [^\r\n]*:(?=\r?\n)")


def share_conditions(drafts: Sequence[Draft]) -> list[Draft]:
    """The drafts with a condition only in the first of several statements that one after the other ask for it."""
    last: dict[tuple[str, int, int], str] = {}

    def shared(edit: Edit) -> Edit:
        if edit.old:
            return edit
        point = (edit.span.file, edit.span.line, edit.span.column)
        head, before = _head(edit.new), last.get(point, "")
        last[point] = head
        return replace(edit, new=edit.new.removeprefix(head)) if head and head == before else edit

    return [replace(it, edits=tuple(shared(edit) for edit in it.edits)) for it in drafts]


def _head(text: str) -> str:
    """The line with the condition; empty unless all other lines stand below it."""
    found = _HEAD.match(text)
    if found is None:
        return ""
    rest = [line for line in text[found.end() :].splitlines() if line.strip()]
    deeper = all(len(line) - len(line.lstrip()) > len(found[2]) for line in rest)
    return found[0] if deeper else ""
