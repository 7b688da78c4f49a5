"""Arguments that are facts of another part of a pattern: ``num_groups: ${conv.groups}``."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace

from mutagen.actions.scene import Scene, refuse
from mutagen.records.plan import Refusal
from mutagen.records.rules import Captured, Rule, Value
from mutagen.records.trace import Instance
from mutagen.source.call import arguments
from mutagen.source.evaluate import Unknown, evaluate
from mutagen.source.file import SourceFile

# What is a fact of a module here and no attribute of it, or another one.
_NO_ATTRIBUTES = frozenset(
    {"params", "macs", "macs_share", "calls", "channels", "height", "width", "layout", "bias", "weight"}
)


class Written(str):
    """A value that is source already."""


def with_captured(
    rule: Rule, file: SourceFile, call: ast.Call, group: Sequence[Instance], scene: Scene
) -> Rule | Refusal:
    """The rule with its captured facts as source that holds at a call, or why there is no such source.

    Best is what the other part's own call was given; then an attribute of the part, where it is made before in the same
    function; then a number, if one is right for every instance.
    """
    texts: dict[str, Value] = {}
    for name, captured in rule.captured.items():
        text = _argument(captured, file, call, group, scene) or _attribute(captured, file, call, group, scene)
        values = {repr(captured.values[it.path]) for it in group}
        if text is None and len(values) > 1:
            message = f"{captured.fact} of the {captured.part} is {' or '.join(sorted(values))}, by no expression here"
            advice = "write the value, or a rule for each"
            return refuse(rule, group[0].path, "no-expression", message, advice, where=file.span(call))
        texts[name] = Written(text) if text is not None else captured.values[group[0].path]
    return replace(rule, action=replace(rule.action, args={**rule.action.args, **texts}), captured={})


def _argument(
    captured: Captured, file: SourceFile, call: ast.Call, group: Sequence[Instance], scene: Scene
) -> str | None:
    """What the call that made the part was given for the fact, if it means the same at the other call."""
    parts = [scene.by_path[captured.sources[it.path]] for it in group]
    span = parts[0].chain[0].span if parts[0].chain else None
    if span is None or span.file != file.path or any(not it.chain or it.chain[0].span != span for it in parts):
        return None
    made = file.node_at(span)
    if not isinstance(made, ast.Call) or file.function(made) is not file.function(call):
        return None
    given = arguments(made, parts[0].parameters)
    node = given.by_name.get(captured.fact) if given is not None else None
    if node is None or "\n" in file.text(node):
        return None
    right = all(_value(node, it.chain[0].names) == captured.values[it.path] for it in group)
    return file.text(node) if right else None


def _attribute(
    captured: Captured, file: SourceFile, call: ast.Call, group: Sequence[Instance], scene: Scene
) -> str | None:
    """``self.conv.groups``, where the owner's function makes both, the part first."""
    if captured.fact in _NO_ATTRIBUTES:
        return None
    names = set()
    for it in group:
        part = scene.by_path[captured.sources[it.path]]
        if not part.chain or not it.chain or part.owner != it.owner or part.chain[0].frame != it.chain[0].frame:
            return None
        span = part.chain[0].span
        if span.file != file.path or span.end_line >= file.statement(call).lineno or it.chain[0].owner != it.owner:
            return None
        names.add(part.path.rpartition(".")[2])
    name = names.pop() if len(names) == 1 else ""
    assigned = f"self.{name} = " in file.text(file.function(call) or call)
    return f"self.{name}.{captured.fact}" if name.isidentifier() and assigned else None


def _value(node: ast.expr, names: Mapping[str, Value]) -> Value | object:
    try:
        return evaluate(node, names)
    except Unknown:
        return _UNKNOWN


_UNKNOWN = object()
