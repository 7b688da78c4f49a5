"""Changes the original live model in the way that a rule means it, without touching its source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from corpus.blocks import SkipGate
from corpus.targets import Edge
from corpus.watch import Place, Watch, is_in_place, name_of, tensors


class GeluForRelu(Watch):
    """Every call of relu computes gelu; an in-place call still overwrites its operand."""

    def seen(self, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if name_of(func) != "relu":
            return func(*args, **kwargs)
        (x,) = tensors([args, kwargs])
        return x.copy_(functional.gelu(x)) if is_in_place(func, args, kwargs) else functional.gelu(x)


class BlocksOnEdges(Watch):
    """Operands of additions and concatenations pass through blocks; a gate reads the other operand as well."""

    def __init__(self, model: nn.Module, blocks: Mapping[Edge, nn.Module]) -> None:
        super().__init__(model)
        self._blocks = {(it.join, it.place, it.turn, it.operand): (it, block) for it, block in blocks.items()}
        self._turns: Counter[tuple[str, Place]] = Counter()
        for block in blocks.values():
            block.train(model.training)

    def seen(self, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        name = name_of(func)
        operands = tensors([args, kwargs])
        if name not in ("add", "cat") or (len(operands) != 2 if name == "add" else len(operands) < 2):
            return func(*args, **kwargs)
        turn, place = self._turns[name, self.place], self.place
        self._turns[name, place] += 1
        replaced = {}
        for position, operand in enumerate(operands):
            if found := self._blocks.get((name, place, turn, position)):
                edge, block = found
                replaced[position] = block(operand, operands[edge.other]) if _is_gate(block) else block(operand)
        if replaced and 0 in replaced and is_in_place(func, args, kwargs):
            operands[0].copy_(replaced.pop(0))  # the caller may read the operand, not the result
        if replaced:
            args, kwargs = _exchanged([args, kwargs], replaced, iter(range(len(operands))))
        return func(*args, **kwargs)


def swap(model: nn.Module, path: str, new: nn.Module) -> None:
    """Puts ``new`` wherever the module at ``path`` is registered."""
    old = model.get_submodule(path)
    for owner in list(model.modules()):
        for name, child in owner._modules.items():
            if child is old:
                owner._modules[name] = new


def take_weights(model: nn.Module, edited: Mapping[str, Tensor], moved: Mapping[str, str], gone: set[str]) -> list[str]:
    """Copies parameters and buffers by name; returns the names that the edited model has not, beside ``gone``."""
    missing = []
    own = [*model.named_parameters(remove_duplicate=False), *model.named_buffers(remove_duplicate=False)]
    with torch.no_grad():
        for name, tensor in own:
            if name.rpartition(".")[0] in gone or any(name.startswith(path + ".") for path in gone):
                continue
            new = edited.get(moved.get(name, name))
            if new is None or new.shape != tensor.shape:
                missing.append(name)
            else:
                tensor.copy_(new)
    return missing


def _is_gate(block: nn.Module) -> bool:
    return isinstance(block, SkipGate)


def _exchanged(value: Any, replaced: Mapping[int, Tensor], count: Any) -> Any:
    """Returns the nested arguments with the n-th tensors replaced."""
    if isinstance(value, Tensor):
        return replaced.get(next(count), value)
    if isinstance(value, dict):
        return {key: _exchanged(item, replaced, count) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        items = [_exchanged(item, replaced, count) for item in value]
        return tuple(items) if isinstance(value, tuple) else items
    return value
