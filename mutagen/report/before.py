"""Places in edited files as places in the files on disk, which is what people have before their eyes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from difflib import SequenceMatcher

from mutagen.errors import Place
from mutagen.records.result import FileChange


def place_before(place: Place | None, changes: Iterable[FileChange]) -> Place | None:
    """The same line in the file before the change, or the one it took the place of; only the file where it is new."""
    change = next((it for it in changes if place is not None and it.path == place.file and it.before), None)
    if place is None or change is None or not place.line:
        return place
    old, new = (change.before or b"").splitlines(), change.after.splitlines()
    for kind, old_start, old_end, start, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        one_to_one = kind in ("equal", "replace") and old_end - old_start == end - start
        if one_to_one and start < place.line <= end:
            return replace(place, line=place.line - start + old_start)
    return Place(place.file)
