"""The expressions by which a class enters, for the instances that are to be of another one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mutagen.actions.scene import Scene
from mutagen.records.span import Span
from mutagen.records.trace import Instance
from mutagen.source.class_names import Naming, last_naming
from mutagen.source.following import Follower


@dataclass(frozen=True)
class Entry:
    """An expression that names the class, with the paths of the instances of which it is the class."""

    naming: Naming
    paths: tuple[str, ...]


def entries_of(owners: Sequence[Instance], scene: Scene) -> list[Entry] | None:
    """The expressions of one editable file that name the class of exactly these instances, in order."""
    follower = Follower(scene.project.file)
    chosen = {it.path for it in owners}
    found: dict[Span, Naming] = {}
    through: dict[Span, list[str]] = {}
    for it in scene.trace.instances:
        if it.type != owners[0].type:
            continue
        entry = last_naming(it, follower, scene.project.editable, model=scene.trace.call)
        if entry is None and it.path in chosen:
            return None
        if entry is not None:
            span = entry.file.span(entry.node)
            found[span] = entry
            through.setdefault(span, []).append(it.path)
    spans = sorted(span for span, paths in through.items() if chosen.intersection(paths))
    if not all(chosen.issuperset(through[span]) for span in spans) or len({it.file for it in spans}) != 1:
        return None
    return [Entry(found[span], tuple(through[span])) for span in spans]
