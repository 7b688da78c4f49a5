"""``set`` where a value enters through parameters.

``conv3x3(width, width, dilation=d)`` hands ``d`` on to the convolution, so the change may stand at that call, or where
``d`` comes from in its turn.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mutagen.actions.scene import Scene
from mutagen.actions.set_text import changed_call, given_by, value_text
from mutagen.match.facts import equal
from mutagen.match.wanted import has_values
from mutagen.records.plan import Edit
from mutagen.records.rules import Rule, Value
from mutagen.records.span import Span
from mutagen.records.trace import CallSite, Instance
from mutagen.source.anchor import Function
from mutagen.source.call import function_parameters
from mutagen.source.evaluate import Unknown, evaluate
from mutagen.source.file import SourceFile

_MOST = 8


@dataclass(frozen=True)
class _Step:
    """What the call at a level of an instance's chain has to pass, by parameter of the function that it calls."""

    level: int
    values: Mapping[str, Value]


def through_parameters(
    rule: Rule, call: ast.Call, group: Sequence[Instance], wanted: Mapping[str, Mapping[str, Value]], scene: Scene
) -> tuple[Edit, ...]:
    """Edits of outer calls that give exactly these instances their values; empty where there are none."""
    made: dict[Span, tuple[dict[str, Value], list[str]]] = {}
    chosen = {it.path for it in group}
    for it in group:
        found = _outer(rule, it, wanted[it.path], chosen, scene)
        if found is None:
            return ()
        values, paths = made.setdefault(it.chain[found.level].span, (dict(found.values), []))
        if values != dict(found.values):
            return ()
        paths.append(it.path)
    edits = [_edit(rule, span, values, paths, scene) for span, (values, paths) in made.items()]
    return tuple(it for it in edits if it is not None) if all(it is not None for it in edits) else ()


def _outer(rule: Rule, instance: Instance, values: Mapping[str, Value], chosen: set[str], scene: Scene) -> _Step | None:
    """The call outwards where the values enter, if only instances go through it that may have them."""
    step, found = _Step(0, values), None
    parameters = instance.parameters
    for _ in range(_MOST):
        site = instance.chain[step.level]
        if site.span.file not in scene.project.files or step.level + 1 >= len(instance.chain):
            return found
        handed = _handed(scene.project.file(site.span.file), site, parameters, step.values)
        if handed is None:
            return found
        function, passed = handed
        step = _Step(step.level + 1, passed)
        span = instance.chain[step.level].span
        parameters = _unbound(function)
        if not scene.project.editable(span.file) or not _is_written(span, parameters, scene):
            return found
        if all(it.path in chosen or has_values(it, rule.action.args) for it in _made_through(span, instance, scene)):
            found = step  # and yet further out, as long as the value is only handed on
    return found


def _made_through(span: Span, instance: Instance, scene: Scene) -> list[Instance]:
    """Every instance that is made at the same place while a call runs: what it passes goes nowhere else."""
    made = scene.made_at[instance.chain[0].span]
    return [it for it in made if any(site.span == span for site in it.chain)]


def _handed(
    file: SourceFile, site: CallSite, parameters: Sequence[str], values: Mapping[str, Value]
) -> tuple[Function, dict[str, Value]] | None:
    """What the function around a call must be given so that the call passes the values, and nothing else changes."""
    call = file.node_at(site.span)
    function = file.function(call) if call is not None else None
    given = given_by(call, parameters) if isinstance(call, ast.Call) else None
    if function is None or given is None or not isinstance(call, ast.Call):
        return None
    passed: dict[str, Value] = {}
    for name, value in values.items():
        node = given.by_name.get(name)
        if isinstance(node, ast.Name) and node.id in _unbound(function):
            if passed.setdefault(node.id, value) != value:
                return None
    if not passed or not all(_only_here(function, call, name) for name in passed):
        return None
    names = {**site.names, **passed}
    for name, node in given.by_name.items():
        now, then = _value(node, site.names), _value(node, names)
        if name in values and not (isinstance(then, tuple) and equal(then[0], values[name])):
            return None
        if name not in values and now != then:
            return None
    return (function, passed) if set(values) <= set(given.by_name) else None


def _value(node: ast.expr, names: Mapping[str, Value]) -> tuple[Value] | None:
    try:
        return (evaluate(node, names),)
    except Unknown:
        return None


def _only_here(function: Function, call: ast.Call, name: str) -> bool:
    """Whether a parameter is read in the arguments of one call alone, and never bound anew."""
    inside = {id(it) for it in ast.walk(call)}
    uses = [it for it in ast.walk(function) if isinstance(it, ast.Name) and it.id == name]
    return all(isinstance(it.ctx, ast.Load) and id(it) in inside for it in uses)


def _is_written(span: Span, parameters: Sequence[str], scene: Scene) -> bool:
    call = scene.project.file(span.file).node_at(span)
    return isinstance(call, ast.Call) and given_by(call, parameters) is not None


def _edit(rule: Rule, span: Span, values: Mapping[str, Value], paths: Sequence[str], scene: Scene) -> Edit | None:
    file = scene.project.file(span.file)
    call = file.node_at(span)
    parameters = _parameters_at(span, scene)
    given = given_by(call, parameters) if isinstance(call, ast.Call) and parameters else None
    if given is None or not isinstance(call, ast.Call):
        return None
    texts = {name: value_text(value, given.by_name.get(name)) for name, value in values.items()}
    reason = f"what this call passes reaches exactly the {len(paths)} selected instance(s)"
    return Edit(span, file.text(span), changed_call(file, call, given, texts), rule.id, "site", reason, tuple(paths))


def _parameters_at(span: Span, scene: Scene) -> tuple[str, ...]:
    """The parameters of the function that a call starts, told by the chains that go through it."""
    for it in scene.trace.instances:
        for inner, outer in zip(it.chain, it.chain[1:], strict=False):
            if outer.span == span and inner.span.file in scene.project.files:
                file = scene.project.file(inner.span.file)
                node = file.node_at(inner.span)
                function = file.function(node) if node is not None else None
                if function is not None:
                    return _unbound(function)
    return ()


def _unbound(function: Function) -> tuple[str, ...]:
    names = function_parameters(function)
    return names[1:] if names[:1] in (("self",), ("cls",)) else names
