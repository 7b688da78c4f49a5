"""A look at a model as JSON. Keys are only ever added; ``schema_version`` counts changes that break readers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mutagen.load.model_call import format_call
from mutagen.records.look import Join, Look
from mutagen.records.span import Span
from mutagen.records.trace import Instance
from mutagen.report.json import dumped
from mutagen.report.paths import shown_path

SCHEMA_VERSION = 1


def render(look: Look, *, root: Path) -> str:
    """The JSON text, with paths relative to ``root``."""
    trace = look.trace
    return dumped(
        {
            "schema_version": SCHEMA_VERSION,
            "model": format_call(trace.call),
            "inputs": [{"name": it.name, "shape": list(it.shape), "dtype": it.dtype} for it in trace.inputs],
            "inputs_inferred": trace.inferred_inputs,
            "trace": {
                "method": trace.method,
                "nodes": len(trace.nodes),
                "modules": len(trace.instances),
                "device": trace.device,
            },
            "params": trace.instances[0].facts["params"],
            "macs": None if look.macs is None else look.macs.get("", 0),
            "instances": [_instance(it, look, root) for it in trace.instances],
            "joins": [_join(it, root) for it in look.joins],
            "notes": list(trace.notes),
        }
    )


def _instance(it: Instance, look: Look, root: Path) -> dict[str, Any]:
    macs = None if look.macs is None else look.macs.get(it.path, 0)
    whole = (look.macs or {}).get("", 0)
    return {
        "path": it.path,
        "aliases": [alias for alias in it.aliases if alias != it.path],
        "class": it.type,
        "output": list(it.shape) if it.shape is not None else None,
        "params": it.facts["params"],
        "calls": it.facts["calls"],
        "macs": macs,
        "macs_share": round(macs / whole, 6) if macs is not None and whole else None,
        "site": place(look.sites.get(it.path), root),
        "blocks": list(look.blocks.get(it.path, ())),
        "product": look.products.get(it.path),
    }


def _join(join: Join, root: Path) -> dict[str, Any]:
    return {
        "kind": join.kind,
        "scope": join.scope,
        "shortcut": join.shortcut or None,
        "where": place(join.where, root),
        "operands": [
            {"source": it.source, "shape": list(it.shape) if it.shape is not None else None, "role": it.role or None}
            for it in join.operands
        ],
    }


def place(span: Span | None, root: Path) -> dict[str, Any] | None:
    """A span as data, lines and columns counted from 1, columns in UTF-8 bytes."""
    if span is None:
        return None
    return {
        "path": shown_path(span.file, root),
        "line": span.line,
        "column": span.column + 1,
        "end_line": span.end_line,
        "end_column": span.end_column + 1,
    }
