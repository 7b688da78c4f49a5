"""The record that counting returns; needs no torch, so that every process can read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Tally:
    """Elements of parameters and buffers (shared ones once), multiply-adds of one sample in eval mode.

    ``macs`` is -1 where the model could not be run for counting. ``uncounted`` maps the operations that have no
    formula (elementwise ones, norms, pooling, unknown ones) to how often they were called.
    """

    params: int
    buffers: int
    macs: int
    uncounted: Mapping[str, int] = field(default_factory=dict)
    device: str = "meta"
