"""Blocks put before or behind modules, in the traced graph."""

from __future__ import annotations

from mutagen.blocks import live as blocks
from mutagen.errors import ProofError
from mutagen.records.plan import InsertAtModule
from mutagen.verify.patient import Patient
from mutagen.verify.region import Region, calls_of


def insert_at(patient: Patient, step: InsertAtModule, paths: tuple[str, ...]) -> None:
    """Let what the module at ``paths`` returns, or takes, pass through the block at each of its calls.

    Raises ProofError P805 where it is not one tensor, P815 where the module is not called in this graph.
    """
    regions, direct = calls_in(patient, step.path, paths)
    tensors = [region.result if step.at == "after" else region.source for region in regions]
    channels = {patient.channels(index) for index in tensors}
    if len(channels) > 1 or channels == {()}:
        raise ProofError("P805", f"{step.path} does not give the same channels in every call", hint=OUT)
    block = patient.block(step.match, lambda: blocks.build(step.use, None, channels.pop()))
    for region in regions:
        if step.at == "before" and direct:
            new = patient.insert(region.result, block, (patient.operand(region.result, 0),))
            patient.set_operand(region.result, 0, new)
        elif step.at == "before":
            _before(patient, region, block)
        elif not patient.current[region.result].users:
            raise ProofError("P815", f"nobody reads what {step.path} returns", hint=OUT)
        else:
            patient.insert_behind(region.result, block)


OUT = "leave this module out of the rule"


def calls_in(patient: Patient, path: str, paths: tuple[str, ...]) -> tuple[list[Region], bool]:
    """The calls of a module in the graph, and whether these are single nodes; raises ProofError P815 without any."""
    module = patient.model.get_submodule(paths[0])
    direct = [i for i in range(len(patient.records)) if i not in patient.gone and patient.module(i) is module]
    regions = [Region((i,), _first(patient, i, path), i) for i in direct] or calls_of(patient, paths)
    if not regions:
        message = f"{path} is not called in every mode and size, or only where no call can be followed"
        raise ProofError("P815", message, hint="select a module that always runs")
    return regions, bool(direct)


def _first(patient: Patient, index: int, path: str) -> int:
    inputs = patient.records[index].inputs
    if not inputs:
        raise ProofError("P803", f"{path} has no tensor to work on", hint=OUT)
    return inputs[0]


def _before(patient: Patient, region: Region, block: object) -> None:
    assert callable(block)
    source = patient.current[region.source]
    new = patient.insert(region.nodes[0], block, (source,))
    for index in region.nodes:
        patient.current[index].replace_input_with(source, new)
