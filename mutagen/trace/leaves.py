"""Which modules are one node of the graph, and which are looked into."""

from __future__ import annotations

from torch import nn
from torch.fx import GraphModule

from mutagen.trace.naming import is_torch

CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict, nn.DataParallel, GraphModule)


def is_leaf(module: nn.Module) -> bool:
    """Whether a module is one node: its class is defined in torch and it is no mere container."""
    kind = type(module)
    return is_torch(kind) and kind not in CONTAINERS and not isinstance(module, GraphModule)
