"""Blocks as live objects for the reference model: arguments from the running model, never from planned source."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from mutagen.blocks.carried import carried, plain
from mutagen.blocks.catalogue import Names, check_options, find_block, render
from mutagen.blocks.compose import rank_of
from mutagen.blocks.groups import num_groups
from mutagen.blocks.lender import lent_class
from mutagen.blocks.live_composed import Composition
from mutagen.errors import InternalError
from mutagen.records.blocks import Block
from mutagen.records.plan import Use
from mutagen.records.rules import Value
from mutagen.trace.constructor import named

_FUNCTIONS: Mapping[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "gelu": functional.gelu,
    "GELU": functional.gelu,
}


def build(use: Use, module: nn.Module | None, channels: tuple[int, ...]) -> nn.Module:
    """The block as a module, in the mode, on the device and with the dtype of the module that it replaces.

    ``channels`` are those of the operand, then of the other operand. Raises RuleError for arguments that the block
    does not take, InternalError B004 where the block cannot be made from what is given.
    """
    made = _build(use, module, channels)
    if module is not None:
        like = next(module.parameters(), None)
        if like is not None:
            made = made.to(device=like.device, dtype=like.dtype)
        made.train(module.training)
    return made


def function(name: str) -> Callable[[torch.Tensor], torch.Tensor]:
    """The stateless function of that name; raises InternalError B004 where there is none."""
    if name not in _FUNCTIONS:
        raise InternalError("B004", f"no function {name}", hint="this is a bug in mutagen")
    return _FUNCTIONS[name]


def _build(use: Use, module: nn.Module | None, channels: tuple[int, ...]) -> nn.Module:
    if use.block in ("gelu", "GELU"):
        return nn.GELU()
    if use.block == "Identity":
        return nn.Identity()
    if use.block == "GroupNorm":
        return _group_norm(use, module)
    block = find_block(use.block)
    check_options(block, use.args)
    if block.composed is not None:
        count = _channel(block, channels, 0) if "channels" in block.arguments else 0
        return Composition(block.composed, count, rank_of(block), _made_for)
    values: dict[str, Any] = {}
    given = {**block.given, **use.args}
    if block.borrowed is not None and module is not None and is_library(type(module)):
        values = _carried_over(block, module, given)
        return lent_class(block.borrowed)(**{**values, **given})
    for name, origin in block.arguments.items():
        if origin == "channels":
            values[name] = _channel(block, channels, 0)
        elif origin == "channels_other":
            values[name] = _channel(block, channels, 1)
        elif origin == "from-module":
            values[name] = _read(block, module, name)
        elif name in given:
            values[name] = given[name]
    constructor = _constructor(block) if block.borrowed is None else lent_class(block.borrowed)
    made: nn.Module = constructor(**values)
    return made


def is_library(kind: type[nn.Module]) -> bool:
    """Whether a class is one of torch itself."""
    return kind.__module__.partition(".")[0] == "torch"


def _carried_over(block: Block, module: nn.Module, given: Mapping[str, Value]) -> dict[str, Any]:
    """What a class is given by the module in whose place it goes."""
    names = carried(named(type(module)), tuple(block.arguments), given)
    return {to: plain(_read(block, module, name)) for name, to in names.items()}


def _made_for(name: str, args: Mapping[str, Value], channels: int) -> nn.Module:
    return _build(Use(name, args), None, (channels,))


def _group_norm(use: Use, module: nn.Module | None) -> nn.Module:
    if not isinstance(module, nn.modules.batchnorm._BatchNorm):
        raise InternalError("B004", f"GroupNorm for {type(module).__name__}", hint="this is a bug in mutagen")
    count = use.args.get("num_groups", "auto")
    groups = count if isinstance(count, int) else num_groups(module.num_features)
    # The parameter ``bias`` is younger than the oldest torch that is supported: name it only where it matters.
    options: dict[str, bool] = {"bias": False} if module.affine and module.bias is None else {}
    return nn.GroupNorm(groups, module.num_features, eps=module.eps, affine=module.affine, **options)


def _channel(block: Block, channels: tuple[int, ...], position: int) -> int:
    if position >= len(channels):
        raise InternalError(
            "B004", f"{block.name} needs the channels of operand {position}", hint="this is a bug in mutagen"
        )
    return channels[position]


def _read(block: Block, module: nn.Module | None, name: str) -> Any:
    if module is None:
        raise InternalError("B004", f"{block.name} needs a module to replace", hint="this is a bug in mutagen")
    if name == "bias":
        return module.bias is not None
    if name in ("device", "dtype"):
        return getattr(module.weight, name)
    return getattr(module, name)


def _constructor(block: Block) -> Callable[..., Any]:
    return _compiled(render(block, Names(), block.name), block.name, block.template)


@cache
def _compiled(text: str, name: str, template: str) -> Callable[..., Any]:
    space: dict[str, Any] = {
        "__name__": f"mutagen_block_{name}",
        "torch": torch,
        "nn": nn,
        "F": functional,
        "math": math,
        "partial": functools.partial,
    }
    exec(compile(text, template, "exec"), space)
    constructor: Callable[..., Any] = space[name]
    return constructor
