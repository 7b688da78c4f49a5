"""Files by which one session hands tensors to the other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch.utils._pytree import tree_map

from mutagen.verify.observe import Groups, Leaves

START_FILE = "start.pt"


class Layout(Protocol):
    """How flat inputs become arguments."""

    def arguments(self, inputs: Leaves) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return positional and keyword arguments."""
        ...


@dataclass(frozen=True, slots=True)
class Saved:
    """Inputs, numbers to compare with, and buffers as they were built.

    ``places`` are the arguments of forward, with the numbers of leaves in the place of the leaves.
    """

    leaves: Leaves
    places: Any
    groups: Groups
    buffers: dict[str, torch.Tensor]

    def arguments(self, leaves: Leaves) -> tuple[Any, Any]:
        """Positional and keyword arguments made of flat inputs."""
        args, kwargs = tree_map(lambda place: leaves[place], self.places)
        return args, kwargs


def save(
    folder: str,
    file: str,
    *,
    layout: Layout,
    leaves: Leaves,
    groups: Groups,
    buffers: dict[str, torch.Tensor] | None = None,
) -> None:
    """Write inputs and numbers to a file that ``load`` reads."""
    places = layout.arguments(tuple(range(len(leaves))))
    torch.save({"leaves": leaves, "places": places, "groups": groups, "buffers": buffers or {}}, Path(folder, file))


def load(folder: str, file: str) -> Saved:
    """Read what the other session of this proof wrote; its inputs may be of the user's own classes."""
    return Saved(**torch.load(Path(folder, file), weights_only=False))
