"""Readers of a tensor that an in-place operation overwrote.

``y = x + f(relu_(x))`` reads the activated ``x`` twice. Where the in-place call is edited, what reads the tensor later,
by whatever name, must read the new result. That is exact for names of the whole tensor; views of it are refused.
"""

from __future__ import annotations

from torch import fx

from mutagen.errors import ProofError
from mutagen.records.trace import Node
from mutagen.verify.patient import Patient

_SAME_TENSOR = frozenset({"identity", "dropout", "contiguous", "to", "float"})
"""Operations that hand their operand on where they have nothing to do."""


def redirect_readers(patient: Patient, index: int, overwritten: int, *, result: fx.Node) -> None:
    """Let all that reads tensor ``overwritten`` after the in-place node ``index`` read ``result``.

    Raises ProofError P804 where a view of the overwritten tensor is read later.
    """
    storage = patient.records[overwritten].storage
    if storage is None:
        return
    same = _whole(patient.records, overwritten)
    order = {node: position for position, node in enumerate(patient.graph.nodes)}
    for record in patient.records[:index]:
        if record.storage != storage or record.index in patient.gone:
            continue
        alias = patient.current[record.index]
        later = [user for user in alias.users if order[user] > order[result]]
        if later and record.index not in same:
            raise ProofError(
                "P804",
                f"{patient.records[index].key.span or patient.records[index].key.name}: an in-place result is read "
                "through a view of the tensor that it overwrites",
                hint="write the operation without inplace=True, or leave this call out of the rule",
            )
        for user in later:
            user.replace_input_with(alias, result)


def _whole(records: tuple[Node, ...], start: int) -> set[int]:
    """Nodes that name the same whole tensor as node ``start``."""
    known = {start}
    grown = True
    while grown:
        grown = False
        for node in records:
            if not node.inputs or not (node.in_place or node.name in _SAME_TENSOR):
                continue
            source = records[node.inputs[0]]
            linked = node.storage == source.storage and node.shape == source.shape
            if linked and (node.index in known) != (source.index in known):
                known |= {node.index, source.index}
                grown = True
    return known
