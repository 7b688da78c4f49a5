"""Where an edge can be cut without touching a ``forward``: behind the module that makes the tensor.

``block.bn2 = nn.Sequential(block.bn2, ECA(...))`` does what ``out = self.eca(self.bn2(out))`` does, if the module is
called once and nobody but the join reads what it gives. A Sequential that ends the branch takes one more element.
A factor that is one number may also stand in front of what only gives the tensor another shape.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mutagen.actions.scene import Scene
from mutagen.match.families import SHAPES
from mutagen.records.match import EdgeMatch
from mutagen.records.trace import Instance, Node
from mutagen.source.names import canonical

_SEQUENTIAL = "torch.nn.Sequential"


@dataclass(frozen=True)
class Spot:
    """One edge and the module behind which it is cut; ``appended`` says that it is a Sequential that can go on.

    ``recast`` says that it is cut inside of the module, which becomes of a subclass.
    """

    match: EdgeMatch
    module: Instance
    appended: bool
    channels: int
    recast: bool = False


def find_spots(match: EdgeMatch, scene: Scene, *, any_shape: bool = False) -> tuple[Spot, ...]:
    """The modules behind which an edge can be cut: a Sequential that can go on first, then the innermost first.

    ``any_shape`` says that the block does the same to a tensor of another shape.
    """
    node = scene.trace.nodes[match.node]
    operand = scene.trace.nodes[node.inputs[match.operand]]
    if list(node.inputs).count(operand.index) > 1:
        return ()
    channels = (operand.shape or (0, 0))[1] if len(operand.shape or ()) > 1 else 0
    endless, fitting = list[Instance](), list[Instance]()
    for made, user in _sources(operand, node, scene, any_shape=any_shape):
        if set(scene.users.get(made.index, ())) != {user.index}:
            break
        around = [it for it in _around(made, node, scene) if _makes_alone(it, made, scene)]
        endless += [it for it in around if _goes_on(it, scene)][-1:]
        fitting += around
    return (*(Spot(match, it, True, channels) for it in endless), *(Spot(match, it, False, channels) for it in fitting))


def _sources(operand: Node, join: Node, scene: Scene, *, any_shape: bool) -> Iterator[tuple[Node, Node]]:
    """The operand, and what it was before it got its shape, each with its one reader."""
    made, user = operand, join
    yield made, user
    while any_shape and made.name in SHAPES and made.inputs:
        made, user = scene.trace.nodes[made.inputs[0]], made
        yield made, user


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
