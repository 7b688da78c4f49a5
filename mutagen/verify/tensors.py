"""Parameters and buffers of either side under their common names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType

import torch
from torch import nn

from mutagen.errors import ProofError
from mutagen.records.plan import SetArguments, SwapModule
from mutagen.verify.names import role
from mutagen.verify.observe import Tensors
from mutagen.verify.sketch import Sketch
from mutagen.verify.surgery import aliases_of


def surviving_tensors(
    model: nn.Module, surgery: Iterable[object], rebuilt: Mapping[str, nn.Module] = MappingProxyType({})
) -> Tensors:
    """Tensors of the original that are not inside a module that is replaced, each under its first such name.

    A module that is ``rebuilt`` with other arguments has its tensors where the old one had them.
    """
    steps = list(surgery)
    gone = [path for step in steps if isinstance(step, SwapModule) for path in aliases_of(model, step.path)]
    anew = {
        path: rebuilt[step.match]
        for step in steps
        if isinstance(step, SetArguments)
        for path in aliases_of(model, step.path)
    }
    found = Tensors({}, {})
    seen: set[int] = set()
    for path, module in _modules(model, anew):
        if any(path == swapped or path.startswith(f"{swapped}.") for swapped in gone):
            continue
        for members, kept in ((module._parameters, found.parameters), (module._buffers, found.buffers)):
            for name, tensor in members.items():
                if tensor is not None and id(tensor) not in seen:
                    seen.add(id(tensor))
                    kept[f"{path}.{name}" if path else name] = tensor
    return found


def _modules(model: nn.Module, anew: Mapping[str, nn.Module]) -> Iterator[tuple[str, nn.Module]]:
    """All modules by all paths, those at or below the paths of ``anew`` being the new ones."""
    for path, module in model.named_modules(remove_duplicate=False):
        if path in anew:
            yield from anew[path].named_modules(prefix=path, remove_duplicate=False)
        elif not any(path.startswith(f"{other}.") for other in anew):
            yield path, module


def paths_of(rebuilt: Mapping[str, nn.Module], surgery: Iterable[object]) -> dict[int, str]:
    """Paths of the modules of rebuilt ones by identity."""
    paths = {step.match: step.path for step in surgery if isinstance(step, SetArguments)}
    modules = ((paths[match], module) for match, module in rebuilt.items())
    return {id(inner): name for path, module in modules for name, inner in module.named_modules(prefix=path)}


def with_blocks(survivors: Tensors, blocks: Mapping[str, nn.Module]) -> Tensors:
    """The survivors and the tensors of the blocks, these by match and role."""
    parameters, buffers = dict(survivors.parameters), dict(survivors.buffers)
    for match, block in blocks.items():
        parameters |= {role(match, name): tensor for name, tensor in block.named_parameters()}
        buffers |= {role(match, name): tensor for name, tensor in block.named_buffers()}
    return Tensors(parameters, buffers)


def edited_tensors(model: nn.Module, canonical: Callable[[str], str]) -> Tensors:
    """Tensors of the edited model; raises ProofError P808 if two of them would be one in the reference."""
    found = Tensors({}, {})
    for members, kept in ((model.named_parameters(), found.parameters), (model.named_buffers(), found.buffers)):
        for name, tensor in members:
            common = canonical(name)
            if common in kept:
                raise ProofError("P808", f"{name} is a second {common}; the rules mean one")
            kept[common] = tensor
    return found


def roll(own: Tensors) -> dict[str, Sketch]:
    """Shapes of all parameters, and whether they are trained, as something to compare."""
    return {
        name: {"values": torch.tensor([*tensor.shape, int(tensor.requires_grad)])}
        for name, tensor in own.parameters.items()
    }


def block_paths(blocks: Mapping[str, nn.Module]) -> dict[int, str]:
    """Common paths of the modules of the blocks by identity."""
    return {id(module): role(match, path) for match, block in blocks.items() for path, module in block.named_modules()}


def all_names(model: nn.Module) -> frozenset[str]:
    """Names of all modules, parameters and buffers, aliases included."""
    modules = (path for path, _ in model.named_modules(remove_duplicate=False))
    parameters = (name for name, _ in model.named_parameters(remove_duplicate=False))
    buffers = (name for name, _ in model.named_buffers(remove_duplicate=False))
    return frozenset([*modules, *parameters, *buffers])


def shapes_of_keys(model: nn.Module) -> dict[str, tuple[int, ...]]:
    """Keys of the state dict with the shapes of their tensors."""
    state = model.state_dict()
    return {key: tuple(value.shape) for key, value in state.items() if isinstance(value, torch.Tensor)}
