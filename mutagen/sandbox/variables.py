"""The variables of the environment that a session sets itself, and the text that stands for all others."""

from __future__ import annotations

import os
from collections.abc import Mapping

FOLDERS = {"HOME": "home", "USERPROFILE": "home", "XDG_CACHE_HOME": "cache", "TMPDIR": "tmp", "TEMP": "tmp"}
SETTINGS = {
    "MPLBACKEND": "Agg",
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "PYTHONDONTWRITEBYTECODE": "1",
}
THREADS = "OMP_NUM_THREADS"
OWN = frozenset({*FOLDERS, *SETTINGS, "PWD", THREADS})
"""What a session may see otherwise than its parent; what the user set of it is part of an answer's key."""
ALL = "*"
"""Stands for the whole environment where single variables do."""


def whole(variables: Mapping[str, str] | Mapping[bytes, bytes]) -> bytes:
    """All variables but a session's own in one text."""
    pairs = sorted((os.fsencode(name), os.fsencode(value)) for name, value in variables.items())
    return b"\0".join(part for pair in pairs if os.fsdecode(pair[0]) not in OWN for part in pair)
