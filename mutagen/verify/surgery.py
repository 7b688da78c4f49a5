"""The rules' meaning, done to the traced graph: the reference of the proof."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack

import torch
from torch import nn

from mutagen.blocks import live as blocks
from mutagen.errors import ProofError
from mutagen.records.plan import InsertAtModule, InsertOnEdge, SetArguments, Surgery, SwapCall, SwapModule, WrapModule
from mutagen.verify.aliases import redirect_readers
from mutagen.verify.around import wrap_at
from mutagen.verify.beside import insert_at
from mutagen.verify.patient import LiveGraph, Patient
from mutagen.verify.region import Region, calls_of


def operate(
    live: LiveGraph,
    surgery: Sequence[Surgery],
    *,
    model: nn.Module,
    made: dict[str, nn.Module],
    undo: ExitStack,
    rebuilt: Mapping[str, nn.Module] | None = None,
) -> Patient:
    """Return the edited copy of a graph; ``undo`` takes back what is done to modules that were not traced into.

    ``made`` holds the blocks of the graphs before, by match, and gets those of this one; ``rebuilt`` the modules that
    get other arguments.

    Raises ProofError where an edit has no exact meaning in this graph.
    """
    patient = Patient(live, model, made, rebuilt or {})
    for step in sorted(_nearest_last(surgery), key=lambda it: _turn(patient, it)):
        if isinstance(step, SwapModule):
            _swap_module(patient, step, undo)
        elif isinstance(step, SetArguments):
            _put(patient, step.path, patient.rebuilt[step.match].train(model.training), undo)
        elif isinstance(step, InsertAtModule):
            insert_at(patient, step, aliases_of(model, step.path))
        elif isinstance(step, WrapModule):
            wrap_at(patient, step, aliases_of(model, step.path))
        elif isinstance(step, SwapCall):
            _replace_call(patient, patient.find(step.key), blocks.function(step.function))
        else:
            _insert(patient, step)
    for step in surgery:
        if isinstance(step, SwapModule):
            _refuse_reads(patient, aliases_of(model, step.path))
        elif isinstance(step, SetArguments):
            _refuse_reads(patient, aliases_of(model, step.path), kept=tensors_of(patient.rebuilt[step.match]))
    return patient


def _nearest_last(surgery: Sequence[Surgery]) -> list[Surgery]:
    """The steps in their order, but of what is put behind one module the last first: each goes right behind it."""
    behind = [isinstance(it, InsertAtModule) and it.at == "after" for it in surgery]
    last_first = [it for it, late in zip(surgery, behind, strict=True) if late][::-1]
    return [*last_first, *(it for it, late in zip(surgery, behind, strict=True) if not late)]


def _turn(patient: Patient, step: Surgery) -> int:
    """When a step is done: what stands beside a module finds it as it was, and a block around one all that it is given.

    What a module that is traced into is given may be changed within it, too: there the rules' order holds.
    """
    if isinstance(step, InsertAtModule):
        return 0
    if not isinstance(step, WrapModule):
        return 1
    module = patient.model.get_submodule(aliases_of(patient.model, step.path)[0])
    return 2 if any(patient.module(index) is module for index in range(len(patient.records))) else 1


def tensors_of(module: nn.Module) -> frozenset[int]:
    """The parameters and buffers of a module by identity."""
    return frozenset(id(it) for it in (*module.parameters(), *module.buffers()))


def untouched(model: nn.Module, surgery: Sequence[Surgery]) -> frozenset[int]:
    """Modules, by identity, that have nothing in them that the rules change: the original runs them as they are.

    What such code makes of values (``int(scores.max())``) stays code, where a recorded graph would hold a number.
    """
    paths = {step.key.scope if isinstance(step, SwapCall | InsertOnEdge) else step.path for step in surgery}
    known = dict(model.named_modules(remove_duplicate=False))
    changed = {id(known[path]) for path in paths if path in known}
    within = ((module, {id(inner) for inner in module.modules()}) for module in model.modules())
    return frozenset(id(module) for module, inside in within if not inside & changed)


def aliases_of(model: nn.Module, path: str) -> tuple[str, ...]:
    """All paths of the module object at ``path``; raises ProofError P806 where there is none."""
    paths = dict(model.named_modules(remove_duplicate=False))
    if path not in paths:
        raise ProofError("P806", f"the model has no module {path}")
    return tuple(name for name, module in paths.items() if module is paths[path])


def _swap_module(patient: Patient, step: SwapModule, undo: ExitStack) -> None:
    paths, module = aliases_of(patient.model, step.path), patient.model.get_submodule(step.path)
    direct = [i for i in range(len(patient.records)) if i not in patient.gone and patient.module(i) is module]
    regions = [] if direct else calls_of(patient, paths)
    sources = [patient.records[i].inputs[0] for i in direct if patient.records[i].inputs] + [r.source for r in regions]
    channels = patient.channels(*sources[:1])
    block = patient.block(step.match, lambda: blocks.build(step.use, module, channels))
    for index in direct:
        _replace_call(patient, index, block)
    for region in regions:
        _replace_region(patient, region, block)
    if not direct and not regions:
        patient.swap(module, block, undo)


def _put(patient: Patient, path: str, new: nn.Module, undo: ExitStack) -> None:
    """Let ``new`` be called with the same arguments wherever the module at ``path`` is."""
    paths, module = aliases_of(patient.model, path), patient.model.get_submodule(path)
    direct = [i for i in range(len(patient.records)) if i not in patient.gone and patient.module(i) is module]
    regions = [] if direct else calls_of(patient, paths)
    for index in direct:
        patient.replace(index, new, patient.current[index].args, patient.current[index].kwargs)
    for region in regions:
        _replace_region(patient, region, new)
    if not direct and not regions:
        patient.swap(module, new, undo)


def _replace_call(patient: Patient, index: int, block: Callable[..., object]) -> None:
    record, node = patient.records[index], patient.current[index]
    if not record.inputs or len(node.args) + len(node.kwargs) < 1:
        raise ProofError("P803", f"{record.key.name} has no tensor to work on")
    new = patient.replace(index, block, (patient.operand(index, 0),))
    if record.in_place:
        redirect_readers(patient, index, record.inputs[0], result=new)


def _replace_region(patient: Patient, region: Region, block: nn.Module) -> None:
    """Call the block once where the inside of a module was; what the inside did besides is gone with it."""
    result = patient.current[region.result]
    new = patient.insert(region.result, block, (patient.current[region.source],))
    result.replace_all_uses_with(new)
    for index in reversed(region.nodes):
        patient.graph.erase_node(patient.current[index])
    patient.gone.update(region.nodes)
    for index in region.nodes:
        patient.current[index] = new
    storage = patient.records[region.source].storage
    inside = (patient.records[index] for index in region.nodes)
    if any(record.in_place and record.storage == storage for record in inside):
        redirect_readers(patient, region.nodes[0], region.source, result=new)


def _insert(patient: Patient, step: InsertOnEdge) -> None:
    index = patient.find(step.key)
    record = patient.records[index]
    numbers = (step.operand, *step.extra)
    operands = tuple(patient.operand(index, number) for number in numbers)
    channels = patient.channels(*(record.inputs[number] for number in numbers))
    block = patient.block(step.match, lambda: blocks.build(step.use, None, channels))
    patient.set_operand(index, step.operand, patient.insert(index, block, operands))
    if record.in_place and 0 in step.extra:
        # The block needs for its gradient what the sum would overwrite.
        patient.set_operand(index, 0, patient.insert(index, torch.clone, (patient.operand(index, 0),)))
    if record.in_place and 0 in (step.operand, *step.extra):
        redirect_readers(patient, index, record.inputs[0], result=patient.current[index])


def _refuse_reads(patient: Patient, paths: tuple[str, ...], *, kept: frozenset[int] = frozenset()) -> None:
    for node in patient.graph.nodes:
        target = str(node.target)
        if node.op == "get_attr" and node.users and any(target.startswith(f"{path}.") for path in paths):
            if kept and id(operator.attrgetter(target)(patient.root)) in kept:
                continue
            raise ProofError(
                "P807",
                f"{target} is read directly, beside the calls of the module that is replaced",
                hint="leave this module out of the rule",
            )
