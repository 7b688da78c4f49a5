"""What the configuration says of a target, as one digest, for lock files."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mutagen.config.find import config_for

if TYPE_CHECKING:
    from mutagen.records.config import Config, Entry


class Standing:
    """What the configuration says of runs of lock files, as it stands now; each table is read once."""

    def __init__(self) -> None:
        self._read: dict[tuple[Path, Path | None], Config | None] = {}

    def __call__(self, folder: str, run: Sequence[str]) -> tuple[str, str | None]:
        """The digest of what is said of a run of a lock file in a folder, and the file that says it."""
        if "--isolated" in run:
            return "", None
        target = Path(folder) / run[1]
        given = Path(folder) / run[run.index("--config") + 1] if "--config" in run else None
        place = target.parent, given
        if place not in self._read:
            self._read[place] = config_for(str(target.parent), given=str(given) if given else None)
        config = self._read[place]
        return settings_of(config, str(target)), config.file if config else None


def settings_of(config: Config | None, target: str) -> str:
    """SHA-256 of what leads to other edits or another proof of a target; "" where nothing of it is said.

    Comments, order, other tables and other targets do not matter, nor where the project lies.
    """
    if config is None:
        return ""
    path = os.path.realpath(_file_of(target))
    entry = next((it for it in config.targets if os.path.realpath(it.target) == path), None)
    said = {
        "exclude": sorted(config.exclude),
        "per-file-ignores": sorted([glob, sorted(ids)] for glob, ids in config.per_file_ignores),
        "scope": config.scope,
        "style": config.style,
        **(_entry(entry, Path(config.file).parent) if entry is not None else {}),
    }
    kept = {name: value for name, value in said.items() if value}
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest() if kept else ""


def _file_of(target: str) -> str:
    """The file of a target, which may be a dotted module; its name where there is none."""
    if Path(target).exists():
        return target
    from mutagen.errors import TargetError
    from mutagen.load.target_file import find_target

    try:
        return find_target(target).file
    except TargetError:
        return target


def _entry(entry: Entry, folder: Path) -> dict[str, object]:
    file, mark, name = (entry.inputs_from or "").rpartition(":")
    inside = file and Path(file).is_relative_to(folder)
    return {
        "model": entry.model,
        "inputs": entry.inputs,
        "inputs-from": f"{Path(file).relative_to(folder).as_posix()}{mark}{name}" if inside else entry.inputs_from,
        "prove-with": entry.prove_with,
        "prove-inputs": entry.prove_inputs,
    }
