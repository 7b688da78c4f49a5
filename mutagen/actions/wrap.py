"""Where an edge can be cut without touching a ``forward``: behind the module that makes the tensor.

``block.bn2 = nn.Sequential(block.bn2, ECA(...))`` does what ``out = self.eca(self.bn2(out))`` does, if the module is
called once and nobody but the join reads what it gives. A Sequential that ends the branch takes one more element.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mutagen.actions.scene import Scene
from mutagen.records.match import EdgeMatch
from mutagen.records.trace import Instance, Node
from mutagen.source.names import canonical

_SEQUENTIAL = "torch.nn.Sequential"


@dataclass(frozen=True)
class Spot:
    """One edge and the module behind which it is cut; ``appended`` says that it is a Sequential that can go on."""

    match: EdgeMatch
    module: Instance
    appended: bool
    channels: int


def find_spots(match: EdgeMatch, scene: Scene) -> tuple[Spot, ...]:
    """The modules behind which an edge can be cut: a Sequential that can go on first, then the innermost first."""
    node = scene.trace.nodes[match.node]
    made = scene.trace.nodes[node.inputs[match.operand]]
    if set(scene.users.get(made.index, ())) != {node.index} or list(node.inputs).count(made.index) > 1:
        return ()
    fitting = [it for it in _around(made, node, scene) if _makes_alone(it, made, scene)]
    channels = (made.shape or (0, 0))[1] if len(made.shape or ()) > 1 else 0
    endless = [it for it in fitting if _goes_on(it, scene)][-1:]
    return tuple(Spot(match, it, it in endless, channels) for it in [*endless, *fitting])


def _around(made: Node, join: Node, scene: Scene) -> Iterator[Instance]:
    """The modules that give the tensor, innermost first, as far as they do not hold the one that joins."""
    called = scene.by_path.get(made.path) if made.path is not None else None
    path = called.path if called is not None else made.scope
    while path and path != join.scope and not join.scope.startswith(f"{path}."):
        instance = scene.by_path.get(path)
        if instance is not None:
            yield instance
        path = path.rpartition(".")[0]


def _makes_alone(instance: Instance, made: Node, scene: Scene) -> bool:
    """Whether a module runs once, under one name, and gives this tensor and nothing else."""
    if len(instance.aliases) > 1 or instance.facts.get("calls", 1) != 1:
        return False
    inside = {it.index for it in scene.nodes_in(instance.path)}
    leaving = {index for index in inside if any(user not in inside for user in scene.users.get(index, ()))}
    return leaving == {made.index}


def _goes_on(instance: Instance, scene: Scene) -> bool:
    """Whether a module is a plain Sequential that only its own call runs."""
    return canonical(instance.type) == _SEQUENTIAL and bool(scene.children_of.get(instance.path))
