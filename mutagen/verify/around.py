"""Modules that become parts of blocks, in the traced graph: they stay where they are, the blocks run around them."""

from __future__ import annotations

from torch import fx

from mutagen.blocks import live as blocks
from mutagen.blocks.live_composed import Composition
from mutagen.errors import ProofError
from mutagen.records.plan import WrapModule
from mutagen.verify.beside import OUT, calls_in
from mutagen.verify.patient import Patient
from mutagen.verify.region import Region


def wrap_at(patient: Patient, step: WrapModule, paths: tuple[str, ...]) -> None:
    """Let what the module at ``paths`` takes and returns pass through the block at each of its calls.

    Raises ProofError P805 where it is not one tensor, P815 where the module is not called in this graph.
    """
    regions, direct = calls_in(patient, step.path, paths)
    channels = {patient.channels(region.result) for region in regions}
    if len(channels) > 1:
        raise ProofError("P805", f"{step.path} does not give the same channels in every call", hint=OUT)
    block = patient.block(step.match, lambda: blocks.build(step.use, None, channels.pop()))
    assert isinstance(block, Composition)
    for region in regions:
        _around(patient, region, block, direct=direct)


def _given(patient: Patient, region: Region) -> fx.Node:
    """What a module is given now: what it read may have become a part of a block itself."""
    reads = ((index, number) for index in region.nodes for number in range(len(patient.records[index].inputs)))
    index, number = next(it for it in reads if patient.records[it[0]].inputs[it[1]] == region.source)
    return patient.operand(index, number)


def _around(patient: Patient, region: Region, block: Composition, *, direct: bool) -> None:
    given = patient.operand(region.result, 0) if direct else _given(patient, region)
    if block.prepares:
        first = region.result if direct else region.nodes[0]
        ready = patient.insert(first, block.prepare, (given,))
        for index in region.nodes:
            patient.current[index].replace_input_with(given, ready)
    if not patient.current[region.result].users:
        raise ProofError("P815", "nobody reads what the module returns", hint=OUT)
    patient.insert_behind(region.result, block.finish, before=(given,))
