"""What rules select, as JSON. Keys are only ever added; ``schema_version`` counts changes that break readers."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mutagen.records.look import Selected
from mutagen.report.json import dumped
from mutagen.report.look_json import place

SCHEMA_VERSION = 1


def render(found: Iterable[Selected], *, root: Path) -> str:
    """The JSON text, with paths relative to ``root``."""
    return dumped({"schema_version": SCHEMA_VERSION, "rules": [_rule(it, root) for it in found]})


def _rule(it: Selected, root: Path) -> dict[str, Any]:
    return {
        "id": it.rule,
        "explanation": it.explanation,
        "matched": [{"path": path, "site": place(where, root)} for path, where in it.matched],
        "already": list(it.already),
        "spared": list(it.spared),
        "missed": [
            {
                "test": miss.test,
                "count": miss.count,
                "paths": [{"path": path, "value": value or None} for path, value in miss.examples],
            }
            for miss in it.misses
        ],
    }
