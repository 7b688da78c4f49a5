"""The classes that can hold a new module before or behind a module, and the expressions that its tensor passes."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from mutagen.actions.draft import Draft
from mutagen.actions.insert_target import Target
from mutagen.actions.module_calls import written
from mutagen.actions.paths import joined
from mutagen.actions.scene import Scene
from mutagen.records.plan import InsertAtModule, Product, Use
from mutagen.records.rules import Rule
from mutagen.records.span import Span
from mutagen.source.anchor import Function
from mutagen.source.file import SourceFile
from mutagen.source.placing import Change, put_behind, put_call, put_first


@dataclass(frozen=True)
class Way:
    """A class that can hold the new module for a target, and the expressions through which its tensor passes.

    ``holder`` is the instance of the class, ``child`` its child whose channels count; ``inside`` says that the class
    is the target's own.
    """

    file: SourceFile
    owner: ast.ClassDef
    function: Function
    expressions: tuple[ast.expr | None, ...]
    holder: str
    child: str | None
    inside: bool = False

    @property
    def key(self) -> tuple[str, int, bool, str | None]:
        """Equal for the targets that are changed together."""
        return (self.file.path, self.owner.lineno, self.inside, None if self.inside else self.child)


def ways_of(rule: Rule, target: Target, scene: Scene) -> list[Way]:
    """At the calls of the module; and within its own class, which is where ``input`` and ``output`` look first."""
    calls = [written(target.instance, it, scene) for it in target.calls]
    found: list[Way] = []
    first = calls[0] if calls else None
    if first is not None and all(it is not None and it.owner == first.owner for it in calls):
        owner = first.file.class_of(first.function)
        expressions = tuple({it.file.span(it.expression): it.expression for it in calls if it is not None}.values())
        if owner is not None and all(it is not None and it.file is first.file for it in calls):
            found.append(Way(first.file, owner, first.function, expressions, first.owner, first.name))
    within = _within(target, rule, scene)
    if within is not None:
        found.insert(0 if rule.action.at in ("input", "output") else len(found), within)
    return found


def _within(target: Target, rule: Rule, scene: Scene) -> Way | None:
    """The class of the module itself: what its forward returns, or its first input."""
    info = target.instance.definition
    if target.instance.library or info is None or info.file not in scene.project.files:
        return None
    file = scene.project.file(info.file)
    classes = [it for it in file.tree.body if isinstance(it, ast.ClassDef) and it.name == info.qualname]
    owner = classes[0] if classes else None
    methods = [it for it in owner.body if isinstance(it, Function) and it.name == "forward"] if owner else []
    forward = methods[0] if methods else None
    if owner is None or forward is None:
        return None
    if target.before:
        return Way(file, owner, forward, (None,), target.path, None, inside=True)
    returns = [it for it in ast.walk(forward) if isinstance(it, ast.Return)]
    value = returns[0].value if len(returns) == 1 and file.function(returns[0]) is forward else None
    if value is None or isinstance(value, ast.Tuple | ast.List | ast.Dict):
        return None
    return Way(file, owner, forward, (value,), target.path, target.maker, inside=True)


def change_of(way: Way, expression: ast.expr | None, call: str, *, before: bool) -> Change | None:
    """The call of the new module around an expression, or around the first argument of the function."""
    if expression is None:
        return put_first(way.file, way.function, call)
    if way.inside:
        return put_call(way.file, way.function, expression, None, call)
    if not before:
        return put_behind(way.file, expression, call)
    assert isinstance(expression, ast.Call)
    operand = expression.args[0] if expression.args else None
    if operand is None or isinstance(operand, ast.Starred):
        return None
    return put_call(way.file, way.function, operand, way.file.statement(expression), call)


def apart(change: Change, changes: Sequence[Change | None]) -> list[Change]:
    """A change that meets another, as in ``self.conv(self.conv(x))``, as what it puts in front and behind."""
    span, others = change.span, [it.span for it in changes if it is not None and it is not change]
    head, found, tail = change.new.partition(change.old) if change.old else ("", "", "")
    if not found or not any(_meet(span, other) for other in others):
        return [change]
    start = replace(span, end_line=span.line, end_column=span.column)
    end = replace(span, line=span.end_line, column=span.end_column)
    return [Change(start, "", head), Change(end, "", tail)]


def _meet(one: Span, other: Span) -> bool:
    starts, ends = (one.line, one.column), (one.end_line, one.end_column)
    return starts < (other.end_line, other.end_column) and (other.line, other.column) < ends


def meaning_of(rule: Rule, target: Target, way: Way, name: str) -> Draft:
    """The same change on the graph, where the class of the way holds the new module as ``name``."""
    path = joined(way.holder, name)
    at: Literal["before", "after"] = "before" if target.before else "after"
    step = InsertAtModule(path, target.path, at, Use(rule.action.block, rule.action.args))
    return Draft(surgery=(step,), products=(Product(path, path),))
