"""A graph as it was taken from a model, before it is trusted."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, fx

from mutagen.trace.provenance import Link


@dataclass(frozen=True, slots=True)
class Taken:
    """An executable graph; ``chains`` and ``scopes`` are by node name.

    ``foreign`` are the tensors whose origin is unknown: they may depend on the inputs. ``closed`` are the modules, by
    identity, that were not looked into. ``reads`` says that numbers were read out of tensors (``float(x)``): the graph
    holds them as they were. ``modal`` says that the mode of the model may have had a part in it.
    """

    module: fx.GraphModule
    chains: dict[str, Link | None]
    scopes: dict[str, str]
    foreign: tuple[Tensor, ...] = ()
    closed: frozenset[int] = frozenset()
    reads: bool = False
    modal: bool = True
