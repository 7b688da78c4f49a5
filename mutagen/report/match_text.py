"""What rules select, for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from mutagen.records.look import Miss, Selected
from mutagen.records.span import Span
from mutagen.report.paths import shown_span

_FEW = 4


def render(found: Iterable[Selected], *, root: Path, full: bool = False) -> str:
    """One paragraph a rule: what it sees, what it selects, and what each test turns away; ``full`` names all paths."""
    most = None if full else _FEW
    return "\n".join("".join(f"{line}\n" for line in _lines(it, root, most)) for it in found)


def _lines(it: Selected, root: Path, most: int | None) -> Iterator[str]:
    yield f"{it.rule}: {it.explanation}"
    for where, paths in _by_site(it.matched).items():
        place = f"{shown_span(where, root)}: " if where is not None else ""
        yield f"  matched  {place}{_listed([path or '(model)' for path in paths], most)}"
    if it.already:
        yield f"  already  {_listed(it.already, most)}"
    if it.spared:
        yield f"  spared   {_listed([path or '(model)' for path in it.spared], most)}"
    for miss in it.misses:
        yield f"  missed   {miss.count} {miss.test}{_examples(miss, most)}"


def _by_site(matched: Iterable[tuple[str, Span | None]]) -> dict[Span | None, list[str]]:
    found: dict[Span | None, list[str]] = {}
    for path, where in matched:
        found.setdefault(where, []).append(path)
    return {where: list(dict.fromkeys(paths)) for where, paths in found.items()}


def _examples(miss: Miss, most: int | None) -> str:
    """The paths, those with the same value together."""
    if not miss.examples:
        return ""
    by_value: dict[str, list[str]] = {}
    for path, value in miss.examples:
        by_value.setdefault(value, []).append(path or "(model)")
    parts = [f"{f'{value} in ' if value else ''}{_listed(paths, most)}" for value, paths in by_value.items()]
    return f": {'; '.join(parts)}"


def _listed(names: Sequence[str], most: int | None) -> str:
    if most is None or len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most:,} more"
