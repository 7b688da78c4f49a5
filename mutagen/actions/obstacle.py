"""What stands in the way of another class at a place, whatever the expression that makes it."""

from __future__ import annotations

import ast

from mutagen.actions.reads import lost_read
from mutagen.actions.scene import Scene, refuse
from mutagen.records.plan import Refusal
from mutagen.records.rules import Rule
from mutagen.records.span import Span
from mutagen.records.trace import Instance
from mutagen.source.names import dotted


def obstacle(rule: Rule, instance: Instance, scene: Scene) -> Refusal | None:
    """Why an instance cannot become another class although its facts allow it; None where nothing is in the way."""
    where = instance.chain[0].span if instance.chain else None
    if instance.tied:
        message = f"a weight of it is one of {instance.tied[0]}'s too; a new module would have weights of its own"
        advice = f"exclude it with `not: {{path: {instance.path}}}`, or let the two have weights of their own"
        return refuse(rule, instance.path, "tied-weights", message, advice, where=where)
    call = _expression(where, scene)
    if isinstance(call, ast.Call) and (dotted(call.func) or "").rpartition(".")[2].startswith("Lazy"):
        message = "a lazy module takes its sizes from its first input; the new one wants them when it is made"
        advice = f"write the sizes: nn.{instance.name}(...), or exclude it with `not: {{path: {instance.path}}}`"
        return refuse(rule, instance.path, "lazy", message, advice, where=where)
    lost = lost_read(rule, instance, scene)
    if lost is not None:
        read, place = lost
        message = f"`self.{read.path}.{read.attribute}` is read, which the new class lacks"
        advice = f"take that line out, or exclude it with `not: {{path: {instance.path}}}`"
        return refuse(rule, instance.path, "reads-child", message, advice, where=place)
    aliases = instance.aliases or (instance.path,)
    # A bare module, such as a graph of calls needs, is no tensor of it.
    direct = sorted((it for path in aliases for it in scene.tensors_in(path)), key=lambda node: node.index)
    if direct:
        message = f"{direct[0].path} is read directly, beside the calls of the module"
        advice = f"exclude it with `not: {{path: {instance.path}}}`"
        span = direct[0].chain[0].span if direct[0].chain else where
        return refuse(rule, instance.path, "weight-read", message, advice, where=span)
    if rule.action.block not in scene.blocks:
        return None
    for node in scene.calls_of.get(instance.path, ()):
        span = node.chain[0].span if node.chain else None
        made = _expression(span, scene)
        if isinstance(made, ast.Call) and not made.args and made.keywords:
            message = f"the call passes its input by name ({made.keywords[0].arg}=), which the new class may call else"
            return refuse(rule, instance.path, "keyword-call", message, "pass the input by position", where=span)
    return None


def _expression(span: Span | None, scene: Scene) -> ast.AST | None:
    if span is None or span.file not in scene.project.files:
        return None
    return scene.project.file(span.file).node_at(span)
