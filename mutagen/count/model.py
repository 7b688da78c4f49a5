"""Count what a model holds and what one sample costs."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map_only
from torch.utils.flop_counter import FlopCounterMode, flop_registry

from mutagen.count.formulas import formulas
from mutagen.count.tally import Tally

_FREE = {
    "empty", "empty_like", "empty_strided", "zeros", "zeros_like", "ones", "ones_like", "full", "full_like", "arange",
    "scalar_tensor", "new_empty", "new_zeros", "new_ones", "new_full", "lift_fresh", "_to_copy", "clone", "copy",
    "_unsafe_view", "_reshape_copy", "_local_scalar_dense", "contiguous", "fill", "zero", "new_empty_strided",
}  # fmt: skip


class _Calls(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Names of the operations called that compute something and have no formula."""

    def __init__(self, counted: frozenset[Any]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.counted = counted
        self.calls: Counter[str] = Counter()

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        if func.overloadpacket not in self.counted and not func.is_view:
            name = func.overloadpacket.__name__.rstrip("_")
            if name not in _FREE and func.namespace != "prim":
                self.calls[name if func.namespace == "aten" else f"{func.namespace}::{name}"] += 1
        return func(*args, **(kwargs or {}))


def count_model(model: torch.nn.Module, args: Sequence[Any], *, kwargs: Mapping[str, Any] | None = None) -> Tally:
    """Count parameters, buffers and the multiply-adds of one sample; the model itself is neither run nor changed.

    The run is on the meta device, where that is possible, otherwise on a copy on the CPU. Multiply-adds are those of
    the whole input divided by its first size. Convention: matrix products and convolutions count, elementwise
    operations, norms and pooling do not.
    """
    params = sum(tensor.numel() for tensor in model.parameters())
    buffers = sum(tensor.numel() for tensor in model.buffers())
    for device in ("meta", "cpu"):
        try:
            flops, calls = _run(_twin(model, device), _moved(tuple(args), device), _moved(dict(kwargs or {}), device))
        except Exception:  # a model may raise anything where it meets tensors without data
            continue
        samples = _samples([*args, *(kwargs or {}).values()])
        return Tally(params, buffers, flops // 2 // samples, calls, device)
    return Tally(params, buffers, -1, {}, "none")


def _run(model: torch.nn.Module, args: Any, kwargs: Any) -> tuple[int, dict[str, int]]:
    extra = formulas()
    counted = frozenset(flop_registry) | frozenset(extra)
    calls = _Calls(counted)
    counter = FlopCounterMode(display=False, custom_mapping=extra)
    with torch.no_grad(), counter, calls:
        model(*args, **kwargs)
    return int(counter.get_total_flops()), dict(calls.calls)


def _twin(model: torch.nn.Module, device: str) -> torch.nn.Module:
    """Copy the model in eval mode; on the meta device without copying any data."""
    memo: dict[int, Any] = {}
    if device == "meta":
        for parameter in model.parameters():
            empty = torch.empty_like(parameter, device="meta")
            memo[id(parameter)] = torch.nn.Parameter(empty, requires_grad=parameter.requires_grad)
        for buffer in model.buffers():
            memo[id(buffer)] = torch.empty_like(buffer, device="meta")
    return copy.deepcopy(model, memo).eval()


def _moved(value: Any, device: str) -> Any:
    return tree_map_only(torch.Tensor, lambda tensor: tensor.detach().to(device, copy=True), value)


def _samples(values: Sequence[Any]) -> int:
    shapes = [value.shape for value in values if isinstance(value, torch.Tensor)]
    return int(shapes[0][0]) if shapes and len(shapes[0]) > 0 and shapes[0][0] else 1
