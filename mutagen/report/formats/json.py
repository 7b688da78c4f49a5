"""One JSON object: the report, or the reports and errors of several targets under one status."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mutagen.records.told import Told
from mutagen.report import errors, json

_WORST = ("unchanged", "applied", "would_change", "refused", "failed")


def render(told: Sequence[Told], *, root: Path) -> str:
    """The JSON text, with paths relative to ``root``; of one target it is its report or its errors alone."""
    parts = [_part(it, root) for it in told]
    if len(parts) == 1:
        return json.dumped(parts[0])
    return json.render_all(parts, status=max((it.status for it in told), key=_WORST.index, default="unchanged"))


def _part(told: Told, root: Path) -> dict[str, Any]:
    if told.report:
        return json.as_data(told.report, root=root)
    found = errors.as_data(told.error, root=root) if told.error else []
    return {"schema_version": json.SCHEMA_VERSION, "status": "failed", "errors": found}
