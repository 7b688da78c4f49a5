"""Files by which one session hands tensors to the other."""

from __future__ import annotations

import math
import pickle
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
    packed = _packed(groups)
    torch.save({"leaves": leaves, "places": places, "groups": packed, "buffers": buffers or {}}, Path(folder, file))


def load(folder: str, file: str) -> Saved:
    """Read what the other session of this proof wrote; its inputs may be of the user's own classes."""
    found = torch.load(Path(folder, file), weights_only=False)
    return Saved(**(found | {"groups": _unpacked(*found["groups"])}))


_Whole = dict[torch.dtype, torch.Tensor]


def _packed(groups: Groups) -> tuple[bytes, _Whole]:
    """Hundreds of small tensors as one for each type, which is far quicker to write and to read."""
    index: list[tuple[str, str, str, torch.dtype, tuple[int, ...]]] = []
    parts: dict[torch.dtype, list[torch.Tensor]] = {}
    for kind, group in groups.items():
        for name, record in group.items():
            for part, tensor in record.items():
                parts.setdefault(tensor.dtype, []).append(tensor.reshape(-1))
                index.append((kind, name, part, tensor.dtype, tuple(tensor.shape)))
    return pickle.dumps((tuple(groups), index)), {kind: torch.cat(found) for kind, found in parts.items()}


def _unpacked(index: bytes, whole: _Whole) -> Groups:
    kinds, entries = pickle.loads(index)
    groups: Groups = {kind: {} for kind in kinds}
    start = dict.fromkeys(whole, 0)
    for kind, name, part, dtype, shape in entries:
        end = start[dtype] + math.prod(shape)
        groups[kind].setdefault(name, {})[part] = whole[dtype][start[dtype] : end].view(shape)
        start[dtype] = end
    return groups
