"""How many threads the libraries in a session may use.

Two sessions of a run are at work at the same time. Where each has a thread for every core they keep each other off the
cores: on two cores a run took half as long again.
"""

from __future__ import annotations

import os

from mutagen.sandbox.variables import THREADS

_SESSIONS = 2


def environment(targets: int) -> dict[str, str]:
    """The environment of processes that share the cores with those of ``targets`` runs; what the user set holds."""
    share = max(1, _cores() // (_SESSIONS * targets))
    return {THREADS: str(share), **os.environ}


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
