"""A look at a model, for people: the tree of its modules, the blocks and joins in it, one sentence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from mutagen.load.model_call import format_call
from mutagen.records.look import Join, Look, Operand
from mutagen.records.trace import Instance, Trace
from mutagen.report.paths import shown_span
from mutagen.report.summary import counted
from mutagen.report.tables import render_table

_COLUMNS = ("module", "class", "output", "parameters", "MACs", "share", "made at")


def render(look: Look, *, root: Path, styled: bool = False, width: int = 100, depth: int = 0) -> str:
    """The text of a look; ``depth`` is how many levels of modules are shown, 0 for all."""
    instances = [it for it in look.trace.instances if not depth or level(it.path) <= depth]
    ends = {it.owner: it.path for it in instances if it.path} if styled else None
    rows = [_row(it, look, ends, root=root) for it in instances]
    table = render_table(_COLUMNS, rows, styled=styled, width=width)
    sections = [table, *_blocks(look), *_joins(look, root), summary(look) + "\n"]
    return "\n".join(sections)


def level(path: str) -> int:
    """How many modules stand around the one at a path."""
    return path.count(".") + 1 if path else 0


def shape_text(shape: tuple[int, ...] | None) -> str:
    """``1x64x8x8``, or a dash where there is no shape."""
    return "x".join(map(str, shape)) if shape is not None else "-"


def summary(look: Look) -> str:
    """The model, what it was run on, how it was traced and what it costs, in one sentence."""
    trace, whole = look.trace, look.trace.instances[0]
    macs = "MACs not counted" if look.macs is None else f"{look.macs.get('', 0):,} MACs"
    return (
        f"{format_call(trace.call)} on {_inputs(trace)}: {counted(len(trace.instances), 'module')}, "
        f"{whole.facts['params']:,} parameters, {macs}, traced by {trace.method} in {counted(len(trace.nodes), 'node')}"
    )


def _inputs(trace: Trace) -> str:
    shapes = [shape_text(it.shape) for it in trace.inputs] or ["the inputs given"]
    return ", ".join(shapes) + (" (inferred)" if trace.inferred_inputs else "")


def _row(it: Instance, look: Look, ends: Mapping[str, str] | None, *, root: Path) -> tuple[str, ...]:
    site = look.sites.get(it.path)
    macs = (look.macs or {}).get(it.path)
    whole = (look.macs or {}).get("", 0)
    share = f"{100 * macs / whole:.1f} %" if macs and whole else ""
    name = _branch(it, ends) if ends is not None else it.path or "(model)"
    made = shown_span(site, root) if site else "in a library" if it.path else ""
    return (name, _kind(it, look), _output(it), f"{it.facts['params']:,}", f"{macs:,}" if macs else "", share, made)


def _kind(it: Instance, look: Look) -> str:
    product = look.products.get(it.path)
    told = [*look.blocks.get(it.path, ()), *([product] if product and product != it.name else [])]
    return f"{it.name} ({', '.join(told)})" if told else it.name


def _output(it: Instance) -> str:
    calls = it.facts["calls"]
    if not calls:
        return "not called"
    return shape_text(it.shape) + (f" ({calls} calls)" if isinstance(calls, int) and calls > 1 else "")


def _branch(it: Instance, ends: Mapping[str, str]) -> str:
    """The last part of the path behind the lines of a tree; ``ends`` are the last modules that others hold."""
    if not it.path:
        return "(model)"
    parts = it.path.split(".")
    prefixes = [".".join(parts[: count + 1]) for count in range(len(parts))]
    last = [ends.get(prefix.rpartition(".")[0]) == prefix for prefix in prefixes]
    lines = "".join("   " if end else "│  " for end in last[:-1])
    return f"{lines}{'└─' if last[-1] else '├─'} {parts[-1]}"


def _blocks(look: Look) -> Iterator[str]:
    if not look.blocks:
        return
    by_name: dict[str, list[str]] = {}
    for path, names in look.blocks.items():
        for name in names:
            by_name.setdefault(name, []).append(path or "(model)")
    yield "blocks:\n" + "".join(f"  {name} ({len(paths)}): {', '.join(paths)}\n" for name, paths in by_name.items())


def _joins(look: Look, root: Path) -> Iterator[str]:
    if look.joins:
        yield "joins:\n" + "".join(f"  {_join(it, root)}\n" for it in look.joins)


def _join(join: Join, root: Path) -> str:
    where = shown_span(join.where, root) if join.where else "in a library"
    operands = ", ".join(_operand(it) for it in join.operands)
    shortcut = f" ({join.shortcut})" if join.shortcut else ""
    return f"{join.kind}{shortcut} in {join.scope or '(model)'} at {where}: {operands}"


def _operand(operand: Operand) -> str:
    role = f"{operand.role} " if operand.role else ""
    return f"{role}{operand.source} {shape_text(operand.shape)}"
