"""Count what a model holds and what one sample costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map_only
from torch.utils.flop_counter import flop_registry

from mutagen.count.formulas import formulas
from mutagen.count.stand_ins import stand_ins
from mutagen.records.proof import Tally

_FREE = {
    "empty", "empty_like", "empty_strided", "zeros", "zeros_like", "ones", "ones_like", "full", "full_like", "arange",
    "scalar_tensor", "new_empty", "new_zeros", "new_ones", "new_full", "lift_fresh", "_to_copy", "clone", "copy",
    "_unsafe_view", "_reshape_copy", "_local_scalar_dense", "contiguous", "fill", "zero", "new_empty_strided",
}  # fmt: skip


class Counting(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Adds up FLOPs by the formulas that ``FlopCounterMode`` uses and by ours, and names what has no formula.

    Products and convolutions are not computed: zeros of the right shape take the place of their results.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.flops = 0
        self.uncounted: Counter[str] = Counter()
        self._ours = formulas()
        self._stand_ins = stand_ins()

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # else the first operation imports torch._dynamo, which takes seconds

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        given = kwargs or {}
        packet = func.overloadpacket
        result = self._stand_ins.get(packet, func)(*args, **given)
        formula = self._ours.get(packet) or getattr(flop_registry.get(packet), "__wrapped__", None)
        if formula is not None:
            shapes, named = [_shape(it) for it in args], {name: _shape(it) for name, it in given.items()}
            self.spend(int(formula(*shapes, **named, out_shape=_shape(result))))
        elif packet in flop_registry:
            self.spend(int(flop_registry[packet](*args, **given, out_val=result)))
        elif not func.is_view:
            self._note(func.namespace, packet.__name__.rstrip("_"))
        return result

    def spend(self, flops: int) -> None:
        """Take note of what one operation costs."""
        self.flops += flops

    def _note(self, namespace: str, name: str) -> None:
        if name not in _FREE and namespace != "prim":
            self.uncounted[name if namespace == "aten" else f"{namespace}::{name}"] += 1


def _shape(value: Any) -> Any:
    """Shapes in the place of tensors; operations of torch nest them in lists and tuples alone."""
    if isinstance(value, torch.Tensor):
        return value.shape
    return type(value)([_shape(item) for item in value]) if type(value) in (list, tuple) else value


def count_model(model: torch.nn.Module, args: Sequence[Any], *, kwargs: Mapping[str, Any] | None = None) -> Tally:
    """Count parameters, buffers and the multiply-adds of one sample; the model is as before afterwards.

    Multiply-adds are those of the whole input divided by its first size. Convention: matrix products, convolutions,
    attention, sampling and Fourier transforms count; elementwise operations, norms and pooling do not.
    """
    params = sum(tensor.numel() for tensor in model.parameters())
    buffers = sum(tensor.numel() for tensor in model.buffers())
    counting = Counting()
    if not counted_run(counting, model, args, kwargs or {}):
        return Tally(params, buffers, -1)
    samples = samples_in([*args, *(kwargs or {}).values()])
    return Tally(params, buffers, counting.flops // 2 // samples, dict(counting.uncounted))


def counted_run(counting: Counting, model: torch.nn.Module, args: Sequence[Any], kwargs: Mapping[str, Any]) -> bool:
    """Run the model once in eval mode under ``counting``, and say whether it came to its end."""
    try:
        with _kept(model), torch.no_grad(), torch.random.fork_rng(devices=[]), counting:
            model(*_copied(tuple(args)), **_copied(dict(kwargs)))
    except Exception:  # a model may raise anything where it meets values that are not its own
        return False
    return True


@contextmanager
def _kept(model: torch.nn.Module) -> Iterator[None]:
    """Put the model in eval mode without fused paths, and take back that and all changes of buffers."""
    modes = [(module, module.training) for module in model.modules()]
    values = [(buffer, buffer.detach().clone()) for buffer in model.buffers()]
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        model.eval()
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
        for module, training in modes:
            module.training = training
        with torch.no_grad():
            for buffer, value in values:
                buffer.copy_(value)


def _copied(value: Any) -> Any:
    return tree_map_only(torch.Tensor, lambda tensor: tensor.detach().clone(), value)


def samples_in(values: Sequence[Any]) -> int:
    """The first size of the first tensor, which is the number of samples; 1 where there is none."""
    shapes = [value.shape for value in values if isinstance(value, torch.Tensor)]
    return int(shapes[0][0]) if shapes and len(shapes[0]) > 0 and shapes[0][0] else 1
