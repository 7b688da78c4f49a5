"""The calls of a module whose inside was traced: its nodes, what comes in and what goes out."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from torch import fx

from mutagen.errors import ProofError
from mutagen.records.trace import Node
from mutagen.verify.patient import Patient


@dataclass(frozen=True, slots=True)
class Region:
    """One call: the indices of its nodes in order, the tensor that comes in, the node whose result leaves."""

    nodes: tuple[int, ...]
    source: int
    result: int


def calls_of(patient: Patient, paths: tuple[str, ...]) -> list[Region]:
    """Find the calls of the module at ``paths``, one for each activation of its forward."""
    found: dict[int | None, list[int]] = defaultdict(list)
    for node in patient.records:
        if node.kind != "attribute" and _inside(node, paths):
            found[_activation(node, paths)].append(node.index)
    return [_region(patient, tuple(nodes), paths[0]) for nodes in found.values()]


def _inside(node: Node, paths: tuple[str, ...]) -> bool:
    place = node.path if node.kind == "module" and node.path is not None else node.scope
    return any(place == path or place.startswith(f"{path}.") for path in paths)


def _activation(node: Node, paths: tuple[str, ...]) -> int | None:
    """The frame of the module's own forward, which is the outermost that it owns."""
    return next((site.frame for site in reversed(node.chain) if site.owner in paths), None)


def _region(patient: Patient, nodes: tuple[int, ...], path: str) -> Region:
    members = set(nodes)
    records = patient.records
    sources = {
        source
        for index in nodes
        for source in records[index].inputs
        if source not in members and records[source].kind != "attribute"
    }
    outside = [patient.current[index] for index in nodes if _read_outside(patient, index, members)]
    if len(sources) != 1 or len(outside) != 1:
        raise ProofError(
            "P805",
            f"{path} is not a function of one tensor to one tensor ({len(sources)} in, {len(outside)} out)",
            hint="only modules that take one tensor and return one can be replaced as a whole",
        )
    result = next(index for index in nodes if patient.current[index] is outside[0])
    return Region(nodes, sources.pop(), result)


def _read_outside(patient: Patient, index: int, members: set[int]) -> bool:
    inner: set[fx.Node] = {patient.current[member] for member in members}
    return any(user not in inner for user in patient.current[index].users)
