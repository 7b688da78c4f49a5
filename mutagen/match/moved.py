"""Modules that moved one level down, when something was put beside them into a container that took their place."""

from __future__ import annotations

from dataclasses import replace

from mutagen.match.subjects import Subject, instance_subject
from mutagen.match.view import TraceView


def as_before(view: TraceView, subject: Subject) -> list[Subject]:
    """The subject; where what a rule inserted stands beside it, also as it was in the place of their container."""
    holder = view.instances_at.get(subject.path.rpartition(".")[0]) if subject.instance is not None else None
    if holder is None or not holder.library or not holder.path:
        return [subject]
    beside = (it for it in view.trace.instances if it.owner == holder.path and it.path != subject.path)
    if not any(view.products.get(it.path) in view.made.inserted for it in beside):
        return [subject]
    return [subject, in_place_of(instance_subject(view, holder), subject)]


def in_place_of(place: Subject, moved: Subject) -> Subject:
    """What moved into a container, as it was when it stood in the container's place."""
    return replace(moved, path=place.path, paths=place.paths, owners=place.owners)
