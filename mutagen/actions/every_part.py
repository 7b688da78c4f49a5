"""Modules that stand at the same place in every part of a list: ``for layer in self.layers``."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from mutagen.actions.override_text import call_lines, place
from mutagen.actions.paths import joined
from mutagen.actions.scene import Scene
from mutagen.source.names import canonical

_LISTS: Final = ("torch.nn.ModuleList", "torch.nn.Sequential")


@dataclass(frozen=True)
class EveryPart:
    """All parts of the list at ``held``, and in each of them the module at ``inner``, or the part itself."""

    held: str
    inner: str

    @property
    def part(self) -> str:
        """What a loop calls a part: ``block`` in ``blocks``."""
        name = self.held.rpartition(".")[2]
        return name[:-1] if len(name) > 2 and name.endswith("s") and name[:-1].isidentifier() else "part"

    @property
    def module(self) -> str:
        """What the loop calls the module."""
        return place(self.inner, self.part)

    def lines(self, callee: str, arguments: Sequence[str], indent: str, step: str) -> list[str]:
        """The loop that sets each anew."""
        parts = place(self.held)
        going, old = (self.part, self.module) if self.inner else (f"i, {self.part}", f"{parts}[i]")
        over = parts if self.inner else f"enumerate({parts})"
        head = f"{indent}for {going} in {over}:"
        return [head, *call_lines(f"{indent}{step}{old} = {callee}(", arguments, ")", step)]


def every_part(paths: Collection[str], owners: Collection[str], scene: Scene) -> EveryPart | None:
    """The list of which paths within some owners are one place in every part; None where there is none."""
    found: dict[tuple[str, str], set[str]] = {}
    for path in paths:
        parts = path.split(".")
        at = next((at for at, part in enumerate(parts) if part.isdigit()), None)
        if not at:
            return None
        found.setdefault((".".join(parts[:at]), ".".join(parts[at + 1 :])), set()).add(parts[at])
    if len(found) != 1 or len(paths) < 2:
        return None
    ((held, inner), numbers) = next(iter(found.items()))
    for owner in owners:
        instance = scene.by_path.get(joined(owner, held))
        children = scene.children_of.get(joined(owner, held), ())
        if instance is None or canonical(instance.type) not in _LISTS:
            return None
        if {it.path.rpartition(".")[2] for it in children} != numbers:
            return None
    return EveryPart(held, inner)
