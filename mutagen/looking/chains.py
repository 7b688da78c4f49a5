"""The calls that lead to a module or through a line, with their text."""

from __future__ import annotations

import re
from collections.abc import Iterable

from mutagen.looking.open import Opened
from mutagen.match.view import is_within, node_within
from mutagen.records.span import Span
from mutagen.records.story import Level, Part
from mutagen.records.trace import CallSite, Instance

_WORD = re.compile(r"(?:self\.)?\w+")


def made_by(instance: Instance, opened: Opened) -> tuple[Level, ...]:
    """The construct chain, innermost first; each level with what else it makes or leads to."""
    found = []
    for site in instance.chain:
        alike = (it.path for it in opened.trace.instances if any(level.span == site.span for level in it.chain))
        found.append(_level(site, opened, tuple(path for path in alike if path != instance.path)))
    return tuple(found)


def called_by(instance: Instance, opened: Opened) -> tuple[tuple[Level, ...], ...]:
    """The call chains outside of the module, innermost first, each way once."""
    ways: dict[tuple[Span, ...], tuple[CallSite, ...]] = {}
    for node in opened.trace.nodes:
        for path in instance.aliases:
            if node_within(node, path):
                outside = _outside(node.chain, path)
                ways.setdefault(tuple(it.span for it in outside), outside)
    return tuple(tuple(_level(it, opened) for it in way) for way in ways.values() if way)


def parts_of(file: str, line: int, opened: Opened) -> tuple[Part, ...]:
    """The expressions of a line that make modules, lead to where they are made, or call something."""
    found: dict[tuple[Span, str], list[str]] = {}
    for instance in opened.trace.instances:
        for number, site in enumerate(instance.chain):
            _note(found, site, "leads to" if number else "makes", instance.path, file=file, line=line)
    for node in opened.trace.nodes:
        called = node.path if node.path is not None else f"{node.name} in {node.scope or '(model)'}"
        for number, site in enumerate(node.chain):
            _note(found, site, "runs" if number else "calls", called, file=file, line=line)
    spans = sorted(found.items(), key=lambda it: (it[0][0], it[0][1] in ("leads to", "runs")))
    return tuple(Part(span, text_of(span, opened), does, tuple(dict.fromkeys(paths))) for (span, does), paths in spans)


def text_of(span: Span, opened: Opened) -> str:
    """The source of a span on one line; empty where it cannot be read."""
    try:
        return " ".join(opened.project.file(span.file).text(span).split())
    except (OSError, ValueError, IndexError):
        return ""


def _note(
    found: dict[tuple[Span, str], list[str]], site: CallSite, does: str, path: str, *, file: str, line: int
) -> None:
    if site.span.file == file and site.span.line <= line <= site.span.end_line:
        found.setdefault((site.span, does), []).append(path)


def _outside(chain: Iterable[CallSite], path: str) -> tuple[CallSite, ...]:
    """The levels of a call chain from the one that calls the module at ``path``."""
    levels = tuple(chain)
    start = next(
        (i for i, it in enumerate(levels) if it.owner is not None and not is_within(it.owner, path)), len(levels)
    )
    return levels[start:]


def _level(site: CallSite, opened: Opened, others: tuple[str, ...] = ()) -> Level:
    text = text_of(site.span, opened)
    words = set(_WORD.findall(text))
    names = {name: value for name, value in site.names.items() if name in words}
    return Level(site.span, site.function, text, names, opened.project.editable(site.span.file), others)
