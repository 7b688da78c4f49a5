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
BUILT_FILE = "built"
"""Names of the inputs as described, and of the buffers as they were built."""


class Layout(Protocol):
    """How flat inputs become arguments."""

    def arguments(self, inputs: Leaves) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return positional and keyword arguments."""
        ...


@dataclass(frozen=True, slots=True)
class Saved:
    """Inputs: ``places`` are the arguments of forward, with the numbers of leaves in the place of the leaves."""

    leaves: Leaves
    places: Any

    def arguments(self, leaves: Leaves) -> tuple[Any, Any]:
        """Positional and keyword arguments made of flat inputs."""
        args, kwargs = tree_map(lambda place: leaves[place], self.places)
        return args, kwargs


def save_inputs(folder: str, file: str, *, layout: Layout, leaves: Leaves) -> None:
    """Write what ``load_inputs`` reads."""
    places = layout.arguments(tuple(range(len(leaves))))
    torch.save({"leaves": leaves, "places": places}, Path(folder, file))


def load_inputs(folder: str, file: str) -> Saved:
    """Read what the other session of this proof wrote; its inputs may be of the user's own classes."""
    found = torch.load(Path(folder, file), weights_only=False)
    return Saved(found["leaves"], found["places"])


def save_numbers(folder: str, file: str, groups: Groups) -> None:
    """Write numbers to compare with to files that ``load_numbers`` reads."""
    Path(folder, file).write_bytes(_packed(folder, file, groups))


def load_numbers(folder: str, file: str) -> Groups:
    """Read the numbers that the other session of this proof wrote."""
    return _unpacked(folder, file, Path(folder, file).read_bytes())


def _packed(folder: str, file: str, groups: Groups) -> bytes:
    """Write thousands of small tensors as one for each type, which is far quicker than one by one."""
    index: list[tuple[str, str, str, torch.dtype, tuple[int, ...]]] = []
    parts: dict[torch.dtype, list[torch.Tensor]] = {}
    for kind, group in groups.items():
        for name, record in group.items():
            for part, tensor in record.items():
                parts.setdefault(tensor.dtype, []).append(tensor.reshape(-1))
                index.append((kind, name, part, tensor.dtype, tuple(tensor.shape)))
    sizes = {dtype: sum(tensor.numel() for tensor in found) for dtype, found in parts.items()}
    for dtype, whole in _mapped(folder, file, sizes, write=True).items():
        torch.cat(parts[dtype], out=whole)
    return pickle.dumps((tuple(groups), sizes, index))


def _unpacked(folder: str, file: str, data: bytes) -> Groups:
    kinds, sizes, entries = pickle.loads(data)
    whole = _mapped(folder, file, sizes, write=False)
    groups: Groups = {kind: {} for kind in kinds}
    start = dict.fromkeys(sizes, 0)
    for kind, name, part, dtype, shape in entries:
        end = start[dtype] + math.prod(shape)
        flat = whole[dtype][start[dtype] : end] if dtype in whole else torch.empty(0, dtype=dtype)
        groups[kind].setdefault(name, {})[part] = flat.view(shape)
        start[dtype] = end
    return groups


def _mapped(folder: str, file: str, sizes: dict[torch.dtype, int], *, write: bool) -> dict[torch.dtype, torch.Tensor]:
    """The files beside ``file`` that hold the elements of each type, in memory; there is none for no elements."""
    paths = {kind: str(Path(folder, f"{file}.{str(kind).removeprefix('torch.')}")) for kind in sizes}
    return {
        kind: torch.from_file(paths[kind], shared=write, size=size, dtype=kind) for kind, size in sizes.items() if size
    }
