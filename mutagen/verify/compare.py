"""Whether two runs are equal: to the bit, or within a tolerance that is stated."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass

import torch

from mutagen.verify.observe import Groups
from mutagen.verify.sketch import Sketch

TOLERANCE = 1e-4
"""Largest difference allowed, as a share of the largest magnitude in the tensor."""
_COARSE = 2e-2
_FLOOR = 1e-2
_ROUNDED = 8 * torch.finfo(torch.float32).eps
"""What a sum may come to that is 0 exactly, as a share of the largest magnitude among the gradients."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """``first`` names the first tensor that is off, "" if all are equal; ``max_abs_diff`` is over all of them."""

    equal: bool
    bit_equal: bool
    max_abs_diff: float
    first: str = ""


def compare(reference: Groups, edited: Groups) -> Comparison:
    """Compare group by group, name by name; a name that one side lacks is a difference."""
    bit_equal, largest, first = True, 0.0, ""
    for kind, before in reference.items():
        after = edited.get(kind, {})
        first = first or _missing(kind, before, after)
        floor: float | None = None
        for name in [name for name in before if name in after]:
            if _identical(before[name], after[name]):
                continue
            floor = _noise(kind, before) if floor is None else floor
            found = _difference(before[name], after[name], floor)
            bit_equal = bit_equal and found.bit_equal
            largest = max(largest, found.max_abs_diff)
            if not found.equal and not first:
                first = _title(kind, name)
    return Comparison(not first, bit_equal and not first, largest, first)


def _title(kind: str, name: str) -> str:
    if name.startswith(kind):
        return name
    return f"gradient of {name}" if "gradient" in kind else f"{kind} {name}"


def _missing(kind: str, before: Mapping[str, Sketch], after: Mapping[str, Sketch]) -> str:
    for name in before:
        if name not in after:
            return f"{_title(kind, name)} (the edited model has none)"
    for name in after:
        if name not in before:
            return f"{_title(kind, name)} (the reference has none)"
    return ""


def _noise(kind: str, group: Mapping[str, Sketch]) -> float:
    """The magnitude below which a tensor is noise, as the gradient of a bias before a norm is.

    That is a share of the median of the magnitudes; with gradients also what is left of the largest ones where they
    cancel.
    """
    sizes = [_magnitude(record["values"]) for record in group.values() if record["values"].is_floating_point()]
    if not sizes:
        return 0.0
    rounded = max(sizes) * _ROUNDED / TOLERANCE if "gradient" in kind else 0.0
    return max(_FLOOR * statistics.median(sizes), rounded)


def _magnitude(tensor: torch.Tensor) -> float:
    finite = tensor[torch.isfinite(tensor)]
    return float(finite.abs().max()) if finite.numel() else 0.0


def _identical(before: Sketch, after: Sketch) -> bool:
    """Whether it is the same to the bit at first sight; numbers that are none look different here."""
    alike = before.keys() == after.keys() and before["values"].dtype == after["values"].dtype
    return alike and all(torch.equal(tensor, after[part]) for part, tensor in before.items())


def _difference(before: Sketch, after: Sketch, floor: float) -> Comparison:
    old, new = before["values"], after["values"]
    alike = all(torch.equal(before[part], after[part]) for part in ("shape",) if part in before and part in after)
    if old.shape != new.shape or old.dtype != new.dtype or before.keys() != after.keys() or not alike:
        return Comparison(False, False, float("inf"))
    if "bits" in before and torch.equal(before["bits"], after["bits"]):
        return Comparison(True, True, 0.0)
    same = (old == new) | (torch.isnan(old) & torch.isnan(new))
    if bool(same.all()) and "bits" not in before:
        return Comparison(True, True, 0.0)
    if not old.is_floating_point() and not old.is_complex():
        return Comparison(False, False, float((old.double() - new.double()).abs().max()))
    apart = torch.where(same, torch.zeros_like(old), old - new).abs()
    largest = float(torch.nan_to_num(apart, nan=float("inf")).max())
    coarse = old.dtype in (torch.float16, torch.bfloat16)
    allowed = (_COARSE if coarse else TOLERANCE) * max(_magnitude(old), floor)
    return Comparison(largest <= allowed, False, largest)
