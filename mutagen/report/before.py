"""Places in edited files as places in the files on disk, which is what people have before their eyes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from difflib import SequenceMatcher

from mutagen.errors import Place
from mutagen.records.result import FileChange


def place_before(place: Place | None, changes: Iterable[FileChange]) -> Place | None:
    """The same line in the file before the change; only the file where the line is new."""
    change = next((it for it in changes if place is not None and it.path == place.file and it.before), None)
    if place is None or change is None or not place.line:
        return place
    old, new = (change.before or b"").splitlines(), change.after.splitlines()
    for block in SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks():
        if block.b < place.line <= block.b + block.size:
            return replace(place, line=place.line - block.b + block.a)
    return Place(place.file)
