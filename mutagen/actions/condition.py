"""The condition under which a new attribute is made: in terms of ``self``, as ``forward`` itself asks for it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path

from mutagen.actions.members import Place, Wanted, head_of
from mutagen.actions.scene import Scene, refuse
from mutagen.records.plan import Refusal
from mutagen.records.rules import Rule
from mutagen.records.trace import Instance
from mutagen.source.expressions import holds
from mutagen.source.file import SourceFile
from mutagen.source.names import dotted

Function = ast.FunctionDef | ast.AsyncFunctionDef

_OPPOSITE: dict[type[ast.cmpop], str] = {ast.Eq: "!=", ast.NotEq: "==", ast.Is: "is not", ast.IsNot: "is"}


def condition_for(
    rule: Rule, place: Place, function: Function, expression: ast.AST, wanted: Sequence[Wanted], scene: Scene
) -> str | Refusal | None:
    """The condition under which the attribute is made, None if every instance of the class has the edge.

    A condition around the expression that holds for every instance of this model is kept: others may build the class
    in other ways.
    """
    owners, idle = _sides(place, wanted, scene)
    around = [text for text in _tests_around(place.file, function, expression) if _can_be_asked(place, text)]
    for text in around:
        if _separates(text, owners, idle):
            return text
    if not idle:
        return None
    flag = _flag(place, owners, idle)
    if flag is not None:
        return flag
    message = f"{idle[0].path} is a {place.owner.name} too, but has no such edge; the new module would be idle in it"
    advice, where = "split the class, or exclude it", head_of(place.file, place.owner)
    return refuse(rule, wanted[0].owner, "needs-split", message, advice, where=where)


def flag_for(place: Place, wanted: Sequence[Wanted], rest: Sequence[Instance], scene: Scene) -> str | None:
    """A flag of ``self`` that is set for the owners alone, where the expression also runs in ``rest``."""
    owners, idle = _sides(place, wanted, scene)
    return _flag(place, owners, [*rest, *idle])


def _sides(place: Place, wanted: Sequence[Wanted], scene: Scene) -> tuple[list[Instance], list[Instance]]:
    """The instances of the class that get the attribute, and those that do not."""
    with_it = {it.owner for it in wanted}
    owners = [scene.by_path[path] for path in sorted(with_it) if path in scene.by_path]
    return owners, [it for it in scene.trace.instances if _is_a(it, place) and it.path not in with_it]


def _flag(place: Place, owners: Sequence[Instance], others: Sequence[Instance]) -> str | None:
    """A boolean attribute, or its opposite, that is true for the owners and false for the others."""
    flags = sorted({fact for it in others for fact, value in it.facts.items() if isinstance(value, bool)})
    forms = (form for name in flags for form in (f"self.{name}", f"not self.{name}"))
    return next((it for it in forms if _can_be_asked(place, it) and _separates(it, owners, others)), None)


def _tests_around(file: SourceFile, function: Function, expression: ast.AST) -> Iterator[str]:
    """Conditions under which an expression runs that speak of ``self`` alone, innermost first."""
    inner: ast.AST = expression
    for around in file.ancestors(expression):
        if around is function:
            return
        if isinstance(around, ast.If | ast.IfExp) and inner is not around.test and _of_self(around.test):
            body = around.body if isinstance(around.body, list) else [around.body]
            text = file.text(around.test)
            if "\n" not in text:
                yield text if inner in body else _negated(around.test, text)
        inner = around


def _of_self(test: ast.expr) -> bool:
    names = [it for it in ast.walk(test) if isinstance(it, ast.Name)]
    called = any(isinstance(it, ast.Call) for it in ast.walk(test))
    return bool(names) and all(it.id == "self" for it in names) and not called


def _negated(test: ast.expr, text: str) -> str:
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return ast.unparse(test.operand)
    if isinstance(test, ast.Name | ast.Attribute):
        return f"not {text}"
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and type(test.ops[0]) in _OPPOSITE:
        return f"{ast.unparse(test.left)} {_OPPOSITE[type(test.ops[0])]} {ast.unparse(test.comparators[0])}"
    return f"not ({text})"


def _separates(text: str, owners: Sequence[Instance], idle: Sequence[Instance]) -> bool:
    test = ast.parse(text, mode="eval").body

    def value(instance: Instance) -> bool | None:
        return holds(test, {f"self.{name}": fact for name, fact in instance.facts.items()})

    return all(value(it) is True for it in owners) and all(value(it) is False for it in idle)


def _can_be_asked(place: Place, text: str) -> bool:
    """Whether all attributes of ``self`` in a condition are set where the attribute will be made."""
    asked = {dotted(it) for it in ast.walk(ast.parse(text)) if isinstance(it, ast.Attribute)}
    limit = place.anchor.statement.end_lineno or 0
    stored = {
        dotted(it)
        for it in ast.walk(place.anchor.function)
        if isinstance(it, ast.Attribute) and isinstance(it.ctx, ast.Store) and it.lineno <= limit
    }
    return asked <= stored


def _is_a(instance: Instance, place: Place) -> bool:
    """Whether an instance runs the class's methods."""
    path = Path(place.file.path)
    module = f".{path.parent.name if path.stem == '__init__' else path.stem}."
    names = [f".{base}" for base in instance.bases if base.rpartition(".")[2] == place.owner.name]
    return not instance.library and any(module in name for name in names)
