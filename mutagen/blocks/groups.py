"""The number of groups that GroupNorm gets when a rule says ``auto``."""

from __future__ import annotations


def num_groups(channels: int) -> int:
    """The largest divisor of ``channels`` that is at most 32 and leaves at least two channels a group, else 1."""
    return next((count for count in range(min(32, channels // 2), 1, -1) if channels % count == 0), 1)
