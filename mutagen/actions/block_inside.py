"""What a block that is to be replaced as a whole tells of its channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mutagen.actions.override_text import place
from mutagen.actions.owners import is_below
from mutagen.actions.scene import Scene
from mutagen.records.trace import Instance

_COUNTS: Final = ("in_channels", "in_features", "num_features")


def channels_inside(group: Sequence[Instance], scene: Scene) -> str | None:
    """``.conv1.in_channels``: the first module in the blocks that holds the number of their channels, if any."""
    wanted = [it.facts.get("channels") for it in group]
    first = group[0].path
    for inner in (it.path[len(first) + 1 :] for it in scene.trace.instances if is_below(it.path, first)):
        held = [scene.by_path.get(f"{it.path}.{inner}") for it in group]
        for name in _COUNTS:
            found = [it.facts.get(name) if it is not None else None for it in held]
            if found == wanted and all(type(it) is int for it in found):
                return f"{place(inner, '')}.{name}"
    return None
