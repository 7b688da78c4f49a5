"""The source of the classes of a model."""

from __future__ import annotations

import ast

from mutagen.actions.scene import Scene
from mutagen.records.trace import Instance
from mutagen.source.file import SourceFile
from mutagen.source.names import canonical


def class_sources(instance: Instance, scene: Scene) -> tuple[tuple[SourceFile, ast.ClassDef] | None, ...]:
    """For the class of a module and its bases outside of torch the file and text, None where it cannot be looked at."""
    bases = [canonical(it) for it in instance.bases]
    return tuple(_definition(it, scene) for it in bases if not it.startswith("torch."))


def _definition(name: str, scene: Scene) -> tuple[SourceFile, ast.ClassDef] | None:
    module, _, bare = name.rpartition(".")
    path = scene.modules.get(module)
    if path is None:
        return None
    file = scene.project.file(path)
    found = [it for it in file.tree.body if isinstance(it, ast.ClassDef) and it.name == bare]
    return (file, found[0]) if len(found) == 1 else None
