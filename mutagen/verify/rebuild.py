"""A module built again by its own class with other arguments: the meaning of ``set``, read from the live object."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import nn

from mutagen.errors import ProofError
from mutagen.records.plan import SetArguments, Surgery
from mutagen.records.rules import Value
from mutagen.trace.constructor import bound, signature_of
from mutagen.trace.naming import is_torch
from mutagen.trace.recorder import Given

GivenOf = Callable[[nn.Module], Given | None]
"""What the constructor of a module was given, where that was recorded."""


def rebuilt(model: nn.Module, surgery: Sequence[Surgery], given: GivenOf) -> dict[str, nn.Module]:
    """The modules that ``set`` makes anew, by match; raises ProofError P814 where one cannot be made.

    Tensors whose name and shape stay are the very tensors of the old module, so that what is tied stays tied.
    """
    known = dict(model.named_modules(remove_duplicate=False))
    steps = [step for step in surgery if isinstance(step, SetArguments) and step.path in known]
    with torch.random.fork_rng(devices=()):
        return {step.match: _rebuilt(step, known[step.path], given) for step in steps}


def _rebuilt(step: SetArguments, old: nn.Module, given: GivenOf) -> nn.Module:
    kind = type(old)
    if any((old._forward_hooks, old._forward_pre_hooks, hasattr(old, "parametrizations"))):
        raise _cannot(step, "it has hooks or parametrizations, which a new module would lack")
    signature = signature_of(kind)
    if signature is None or any(name not in signature.parameters for name in step.args):
        raise _cannot(step, f"the constructor of {kind.__name__} does not take {', '.join(step.args)}")
    arguments = _arguments(old, given)
    if arguments is None:
        raise _cannot(step, "what its constructor was given is not known")
    changed = {name: value for name, value in step.args.items() if value != "auto"}
    arguments.arguments.update(changed)
    if step.args.get("padding") == "auto":
        arguments.arguments["padding"] = _same(step, arguments.arguments)
    try:
        new = kind(*arguments.args, **arguments.kwargs)
    except Exception as error:
        raise _cannot(step, f"{type(error).__name__}: {error}") from error
    _carry_over(old, new)
    return new


def _arguments(old: nn.Module, given: GivenOf) -> inspect.BoundArguments | None:
    """What to build it with: for a class of torch as the object stands now, else what it was given."""
    found = bound(type(old), given(old))
    if not is_torch(type(old)):
        return found
    signature = signature_of(type(old))
    assert signature is not None
    values = dict(found.arguments) if found is not None else {}
    first = next(old.parameters(), None)
    for name, parameter in signature.parameters.items():
        if name in ("device", "dtype"):
            values[name] = getattr(first, name, None)
        elif name == "bias" and name in old._parameters:
            values[name] = old._parameters[name] is not None
        elif name in old.__dict__ and not name.startswith("_"):
            values[name] = old.__dict__[name]
        elif name not in values and parameter.default is not inspect.Parameter.empty:
            values[name] = parameter.default
        elif name not in values:
            return None
    return inspect.BoundArguments(signature, {name: values[name] for name in signature.parameters if name in values})


def _same(step: SetArguments, arguments: Mapping[str, Any]) -> Value:
    """The padding under which the output keeps its shape: dilation * (kernel_size - 1) // 2 on each axis."""
    kernel, dilation = arguments.get("kernel_size"), arguments.get("dilation", 1)
    if kernel is None or dilation is None:
        raise _cannot(step, "there is no kernel_size from which a padding could be computed")
    several = [it for it in (kernel, dilation) if isinstance(it, (tuple, list))]
    if not several:
        return int(dilation * (kernel - 1) // 2)
    sizes = kernel if isinstance(kernel, (tuple, list)) else (kernel,) * len(several[0])
    steps = dilation if isinstance(dilation, (tuple, list)) else (dilation,) * len(sizes)
    return tuple(by * (size - 1) // 2 for size, by in zip(sizes, steps, strict=True))


def _carry_over(old: nn.Module, new: nn.Module) -> None:
    """Put the old tensors where the new module has one of the same name, shape and type."""
    before = dict(old.named_modules(remove_duplicate=False))
    for path, module in new.named_modules(remove_duplicate=False):
        twin = before.get(path)
        if twin is None or twin is module:
            continue
        for own, others in ((module._parameters, twin._parameters), (module._buffers, twin._buffers)):
            for name, tensor in own.items():
                other = others.get(name)
                if tensor is not None and other is not None and _alike(tensor, other):
                    own[name] = other


def _alike(one: torch.Tensor, other: torch.Tensor) -> bool:
    return one.shape == other.shape and one.dtype == other.dtype and one.requires_grad == other.requires_grad


def _cannot(step: SetArguments, why: str) -> ProofError:
    message = f"{step.path} cannot be built again with {', '.join(step.args)}: {why}"
    return ProofError("P814", message, hint="leave this module out of the rule")
