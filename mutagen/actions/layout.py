"""Which axis of a tensor holds its channels."""

from __future__ import annotations

from collections.abc import Sequence

from mutagen.records.trace import Node

_FIRST = (
    *("conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d"),
    *("batch_norm", "instance_norm", "group_norm", "max_pool2d", "avg_pool2d", "adaptive_avg_pool2d"),
    *("max_pool3d", "avg_pool3d", "interpolate", "upsample", "pixel_shuffle"),
)
_LAST = ("linear", "layer_norm", "embedding", "multihead_attention", "multi_head_attention_forward", "gru", "lstm")
_MOVES = (
    "permute",
    "transpose",
    "view",
    "reshape",
    "flatten",
    "movedim",
    "unflatten",
    "einsum",
    "matmul",
    "bmm",
    "rearrange",
)


def channels_first(node: Node, nodes: Sequence[Node]) -> bool | None:
    """Whether axis 1 of a node's result is its channels, told by the layer that made it; None where that is unknown."""
    seen: set[int] = set()
    while node.index not in seen:
        seen.add(node.index)
        if node.name in _FIRST:
            return True
        if node.name in _LAST:
            return False
        same = [nodes[it] for it in node.inputs if nodes[it].shape == node.shape]
        if node.name in _MOVES or not same:
            return None
        node = same[0]
    return None
