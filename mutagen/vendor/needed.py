"""Which library modules a plan would change, and through which the model reaches them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from mutagen.records.plan import Plan
from mutagen.records.span import Span
from mutagen.records.trace import Instance, Trace

SITES = ("site-packages", "dist-packages")
_NEVER = frozenset({"torch", "mutagen"})


def is_library(path: str) -> bool:
    """Whether a source belongs to an installed package that may be copied; torch's own may not."""
    parts = Path(path).parts
    at = next((index for index, part in enumerate(parts) if part in SITES), None)
    return at is not None and at + 1 < len(parts) and parts[at + 1] not in _NEVER


def library_files(trace: Trace) -> frozenset[str]:
    """The library sources in which modules of the model are defined, built or called."""
    chains = (*(it.chain for it in trace.instances), *(it.chain for it in trace.nodes))
    spans = (site.span.file for chain in chains for site in chain)
    defined = (it.definition.file for it in trace.instances if it.definition is not None)
    return frozenset(filter(is_library, (*spans, *defined)))


def needed_modules(plan: Plan, trace: Trace) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The library sources to copy, and the project's own sources that build something by way of them."""
    edits = [it for it in plan.edits if is_library(it.span.file)]
    way = dict.fromkeys([it.span.file for it in edits])
    way |= dict.fromkeys(it.file for it in plan.definitions if it.style == "inline" and is_library(it.file))
    by_path = {alias: it for it in reversed(trace.instances) for alias in (*it.aliases, it.path)}
    for edit in edits:
        paths = dict.fromkeys(edit.instances)
        for node in trace.nodes:
            level = next((at for at, site in enumerate(node.chain) if _meets(site.span, edit.span)), None)
            if level is not None:
                way |= dict.fromkeys(site.span.file for site in node.chain[level:])
                paths[node.scope] = None
        for path in paths:
            for instance in _around(path, by_path):
                way |= dict.fromkeys(_way(instance, way))
    return tuple(it for it in way if is_library(it)), tuple(it for it in way if not is_library(it))


def _meets(site: Span, edit: Span) -> bool:
    return site.file == edit.file and site.line <= edit.end_line and edit.line <= site.end_line


def _around(path: str, by_path: dict[str, Instance]) -> Iterator[Instance]:
    """The instance of a path and those that hold it, the model last."""
    while path:
        if path in by_path:
            yield by_path[path]
        path = path.rpartition(".")[0]
    yield by_path[""]


def _way(instance: Instance, known: Collection[str]) -> list[str]:
    """The sources through which an instance is built, from the known ones outwards."""
    files = [site.span.file for site in instance.chain]
    if instance.definition is not None and instance.definition.file in known:
        return files
    first = next((index for index, file in enumerate(files) if file in known), None)
    return files[first:] if first is not None else []
