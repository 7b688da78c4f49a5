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
    scope: str
    path: str
    appended: bool
    channels: int

    @property
    def inner(self) -> str:
        """The path of the module within the one that joins."""
        return self.path[len(self.scope) :].lstrip(".")


def find_spot(match: EdgeMatch, scene: Scene) -> Spot | None:
    """The module behind which an edge can be cut, or None."""
    node = scene.trace.nodes[match.node]
    made = scene.trace.nodes[node.inputs[match.operand]]
    if set(scene.users.get(made.index, ())) != {node.index} or list(node.inputs).count(made.index) > 1:
        return None
    fitting = [it for it in _around(made, node, scene) if _makes_alone(it, made, scene)]
    endless = [it for it in fitting if _goes_on(it, scene)]
    chosen = endless[-1] if endless else fitting[0] if fitting else None
    if chosen is None:
        return None
    channels = (made.shape or (0, 0))[1] if len(made.shape or ()) > 1 else 0
    return Spot(match, node.scope, chosen.path, bool(endless), channels)


def _around(made: Node, join: Node, scene: Scene) -> Iterator[Instance]:
    """The modules that give the tensor, innermost first, as far as the one that joins holds them."""
    called = scene.by_path.get(made.path) if made.path is not None else None
    path = called.path if called is not None else made.scope
    while path != join.scope and (not join.scope or path.startswith(f"{join.scope}.")) and path:
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
