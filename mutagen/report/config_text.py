"""A configuration, as it is understood."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mutagen.records.config import Config, Entry
from mutagen.report.paths import shown_path


def render(config: Config, *, root: Path) -> str:
    """The file, what it says, and what it leaves to the defaults; paths relative to ``root``."""
    return "".join(f"{line}\n" for line in _lines(config, root))


def _lines(config: Config, root: Path) -> Iterator[str]:
    yield f"from {shown_path(config.file, root)}"
    yield f"scope = {config.scope or 'file'}{'' if config.scope else ' (default)'}"
    yield f"style = {config.style or 'inline'}{'' if config.style else ' (default; rules may say another)'}"
    yield f"rules = {_listed(config.rules, root)}"
    yield f"exclude = {_listed(config.exclude, root)}"
    for pattern, ids in config.per_file_ignores:
        yield f"per-file-ignores: {pattern} leaves out {', '.join(ids) or 'nothing'}"
    for entry in config.targets:
        yield from _entry(entry, config, root)


def _entry(entry: Entry, config: Config, root: Path) -> Iterator[str]:
    yield f"target {shown_path(entry.target, root)}"
    own = entry.rules or config.rules
    yield f"  rules = {_listed(own, root)}{'' if entry.rules else ' (of all targets)'}"
    yield f"  model = {entry.model or 'the only one of the file, or as the rules say'}"
    given = ", ".join(entry.inputs) or (shown_path(entry.inputs_from, root) if entry.inputs_from else "")
    yield f"  inputs = {given or 'inferred, or as the rules say'}"
    if entry.prove_with:
        yield f"  prove-with = {entry.prove_with}" + (
            f" on {', '.join(entry.prove_inputs)}" if entry.prove_inputs else ""
        )


def _listed(names: tuple[str, ...], root: Path) -> str:
    return ", ".join(shown_path(it, root) for it in names) or "none"
