"""Classes that derive from a container of torch: whether a new child is run with the others."""

from __future__ import annotations

from mutagen.actions.classes import class_sources
from mutagen.actions.scene import Scene
from mutagen.records.trace import Instance
from mutagen.source.children import goes_through_children, has_method
from mutagen.source.names import canonical

_CONTAINERS = ("torch.nn.Sequential", "torch.nn.ModuleList", "torch.nn.ModuleDict")


def runs_all(owner: Instance, scene: Scene) -> bool:
    """Whether a module may run, count or index all its children: a container without a forward that names them."""
    if not any(canonical(it) in _CONTAINERS for it in owner.bases):
        return False
    found = class_sources(owner, scene)
    known = [it[1] for it in found if it is not None]
    if len(known) < len(found) or not any(has_method(it, "forward") for it in known):
        return True
    return any(goes_through_children(it) for it in known)
