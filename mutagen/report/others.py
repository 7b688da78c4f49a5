"""What becomes of the other models of the edited files, in a few lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from mutagen.report.paths import shown_path
from mutagen.report.summary import difference

if TYPE_CHECKING:
    from mutagen.records.collateral import Changed, Collateral, Swap
    from mutagen.records.result import Report

_FEW = 4


def lines(report: Report, *, root: Path, full: bool = False) -> Iterator[str]:
    """Which models change too, which stay, which were not built, who imports an edited file; ``full`` names all."""
    most = None if full else _FEW
    changed: dict[str, list[str]] = {}
    for it in report.collateral:
        if it.changed is not None:
            changed.setdefault(described(it.changed), []).append(it.name)
    for what, names in changed.items():
        yield f"also changed: {_listed(names, most)}: {what}"
    alike = [it.name for it in report.collateral if it.built_after and it.changed is None]
    if alike:
        yield f"unchanged: {_listed(alike, most)}"
    yield from _not_built([it for it in report.collateral if not it.built_after], most)
    for path, users in report.importers.items():
        if users:
            yield f"{shown_path(path, root)} is imported by {_listed([shown_path(it, root) for it in users], most)}"


def described(changed: Changed) -> str:
    """``16 Conv2d → DepthwiseSeparableConv2d, 8 new ECA, -1,024 (-3.10 %) parameters``."""
    parts = [_swap(it) for it in changed.classes]
    if changed.params[0] != changed.params[1]:
        parts.append(difference(changed.params) + " parameters")
    return ", ".join(parts)


def _swap(swap: Swap) -> str:
    if swap.before is None:
        return f"{swap.count:,} new {swap.after}"
    if swap.after is None:
        return f"{swap.count:,} {swap.before} gone"
    return f"{swap.count:,} {swap.before} → {swap.after}"


def _not_built(others: list[Collateral], most: int | None) -> Iterator[str]:
    alike: dict[str, list[str]] = {}
    for it in others:
        alike.setdefault(it.note, []).append(it.name)
    for note, names in alike.items():
        yield f"not compared: {_listed(names, most)}: {note}"


def _listed(names: Iterable[str], most: int | None) -> str:
    every = list(names)
    if most is None or len(every) <= most:
        return ", ".join(every)
    return f"{', '.join(every[:most])} and {len(every) - most:,} more"
