"""In-place results that are read through another name."""

from __future__ import annotations

from mutagen.actions.scene import Scene
from mutagen.records.trace import Node


def read_elsewhere(node: Node, scene: Scene) -> Node | None:
    """A later reader of what an in-place call overwrites, under a name that existed before the call; None if none."""
    if not node.in_place or node.storage is None:
        return None
    nodes = scene.trace.nodes
    for later in nodes[node.index + 1 :]:
        for index in later.inputs:
            if index < node.index and nodes[index].storage == node.storage:
                return later
    return None
