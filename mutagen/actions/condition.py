"""The condition under which a new attribute is made: in terms of ``self``, as ``forward`` itself asks for it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mutagen.actions.members import Place, Wanted, head_of
from mutagen.actions.parting import Partings
from mutagen.actions.parting_records import NoParting, Run
from mutagen.actions.scene import Scene, refuse
from mutagen.records.plan import Refusal
from mutagen.records.rules import Rule, Value
from mutagen.records.span import Span
from mutagen.records.trace import CallSite, Instance
from mutagen.source.anchor import behind_stores, own_frame
from mutagen.source.call import function_parameters
from mutagen.source.expressions import holds
from mutagen.source.file import SourceFile
from mutagen.source.names import dotted

Function = ast.FunctionDef | ast.AsyncFunctionDef

_UNKNOWN = object()
_CHILD = ("a module",)  # true, not none, and equal to nothing that a condition names
_CONTAINERS = frozenset({"Sequential", "ModuleList", "ModuleDict"})
_OPPOSITE: dict[type[ast.cmpop], str] = {ast.Eq: "!=", ast.NotEq: "==", ast.Is: "is not", ast.IsNot: "is"}


@dataclass(frozen=True)
class Condition:
    """When the new module is made; ``otherwise`` says that the call runs too where it is not made."""

    text: str | None
    otherwise: bool = False


def condition_for(
    rule: Rule,
    place: Place,
    function: Function,
    expression: ast.AST,
    wanted: Sequence[Wanted],
    scene: Scene,
    split: Partings,
) -> Condition | Refusal:
    """The condition under which the attribute is made; without text if every instance of the class has the edge.

    A condition around the expression that holds for every instance of this model is kept: others may build the class
    in other ways.
    """
    owners, idle = _sides(place, wanted, scene)
    reaching = list(_tests_around(place.file, place.anchor.function, place.anchor.statement))
    idle = [it for it in idle if not any(_value(text, it, scene) is False for text in reaching)]
    around = [text for text in _tests_around(place.file, function, expression) if _can_be_asked(place, text)]
    whole = " and ".join(f"({it})" if " or " in it else it for it in reversed(around))
    both = [whole] if len(around) > 1 else []
    for text in [*around, *both] if idle else [*both, *around]:
        if _separates(text, owners, idle, scene):
            return Condition(text)
    if not idle:
        return Condition(None)
    flag = _flag(place, owners, idle, scene) or _argument(place, owners, idle, scene)
    flag = flag or _tested(place, owners, idle, scene)
    if flag is not None:
        return Condition(flag)
    problem = f"{idle[0].path} is a {place.owner.name} too, but has no such edge"
    return _split(rule, place, wanted, idle, scene, split, problem)


def behind_what_is_asked(place: Place, function: Function, expression: ast.AST) -> Place:
    """The place, moved behind what the condition around the expression in ``forward`` asks for, where it must be."""
    line = min((it.span.line for it in place.frames if it is not None), default=place.anchor.statement.lineno)
    for text in _tests_around(place.file, function, expression):
        if not _can_be_asked(place, text):
            moved = behind_stores(place.anchor, place.owner, _asked(text), line=line)
            return place if moved is None else replace(place, anchor=moved)
    return place


def flag_for(
    rule: Rule,
    place: Place,
    wanted: Sequence[Wanted],
    rest: Sequence[Instance],
    scene: Scene,
    split: Partings,
    where: Span,
) -> Condition | Refusal:
    """A flag of the owners alone, where the expression also runs in ``rest``: one of the class, else a new one."""
    owners, idle = _sides(place, wanted, scene)
    others = list({it.path: it for it in [*rest, *idle]}.values())
    one = len(wanted[0].values) < 2
    flag = (_flag(place, owners, others, scene) or _tested(place, owners, others, scene)) if one else None
    if flag is not None:
        return Condition(flag, otherwise=True)
    problem = f"the expression also runs in {others[0].path or 'the model'}, where the edge is not selected"
    found = _split(rule, place, wanted, others, scene, split, problem)
    return replace(found, where=where) if isinstance(found, Refusal) else found


def switch_for(
    rule: Rule, place: Place, wanted: Sequence[Wanted], scene: Scene, split: Partings
) -> Condition | Refusal:
    """A new parameter of the class, off unless the call that builds the model switches it on for the owners."""
    _, others = _sides(place, wanted, scene)
    return _split(rule, place, wanted, others, scene, split, "the new module cannot be switched by an argument")


def _split(
    rule: Rule,
    place: Place,
    wanted: Sequence[Wanted],
    others: Sequence[Instance],
    scene: Scene,
    split: Partings,
    problem: str,
) -> Condition | Refusal:
    """A new parameter of the class, set for the owners alone."""
    try:
        if len(wanted[0].values) > 1:
            raise NoParting("a module of two inputs cannot be left out by a flag", None)
        marks = [(it.owner, True) for it in wanted] + [(it.path, False) for it in others]
        runs = [Run(_calls_of(path, place, scene), chosen, path) for path, chosen in marks]
        return Condition(split.parameter(place.file, place.anchor.function, runs), otherwise=True)
    except NoParting as end:
        message, where = f"{problem}; {end.message}", end.where or head_of(place.file, place.owner)
        advice = "select all instances of the class, or none"
        return refuse(rule, wanted[0].owner, "needs-split", message, advice, where=where)


def _calls_of(path: str, place: Place, scene: Scene) -> tuple[CallSite, ...]:
    """The chain that begins with the call of the class's constructor for one instance."""
    for child in scene.children_of.get(path, ()):
        site = own_frame(child.chain, path, place.owner.name)
        if site is not None:
            return child.chain[child.chain.index(site) + 1 :]
    instance = scene.by_path[path]
    if instance.definition is not None and instance.definition.name == place.owner.name:
        return instance.chain
    raise NoParting(f"it is not recorded how {path or 'the model'} is made", None)


def _sides(place: Place, wanted: Sequence[Wanted], scene: Scene) -> tuple[list[Instance], list[Instance]]:
    """The instances of the class that get the attribute, and those that do not."""
    with_it = {it.owner for it in wanted}
    owners = [scene.by_path[path] for path in sorted(with_it) if path in scene.by_path]
    return owners, [it for it in scene.trace.instances if _is_a(it, place) and it.path not in with_it]


def _flag(place: Place, owners: Sequence[Instance], others: Sequence[Instance], scene: Scene) -> str | None:
    """A boolean attribute, or its opposite, that is true for the owners and false for the others."""
    flags = sorted({fact for it in others for fact, value in it.facts.items() if isinstance(value, bool)})
    forms = (form for name in flags for form in (f"self.{name}", f"not self.{name}"))
    return next((it for it in forms if _can_be_asked(place, it) and _separates(it, owners, others, scene)), None)


def _argument(place: Place, owners: Sequence[Instance], others: Sequence[Instance], scene: Scene) -> str | None:
    """A question to an argument of the constructor that is true for the owners and false for the others."""
    init = place.anchor.function
    stored = {it.id for it in ast.walk(init) if isinstance(it, ast.Name) and isinstance(it.ctx, ast.Store)}
    frames = [
        (_frame(it.path, place, scene), wanted) for group, wanted in ((owners, True), (others, False)) for it in group
    ]
    for name in function_parameters(init):
        values = [(frame.names.get(name, _UNKNOWN) if frame else _UNKNOWN, wanted) for frame, wanted in frames]
        if name not in stored and all(value is not _UNKNOWN for value, _ in values):
            asked = _asked_of(name, [(value, wanted) for value, wanted in values if value is not _UNKNOWN])
            if asked is not None:
                return asked
    return None


def _tested(place: Place, owners: Sequence[Instance], others: Sequence[Instance], scene: Scene) -> str | None:
    """What the constructor itself asks of its arguments, or the opposite, if it is true for the owners alone."""
    init = place.anchor.function
    stored = {it.id for it in ast.walk(init) if isinstance(it, ast.Name) and isinstance(it.ctx, ast.Store)}
    given = frozenset(function_parameters(init)) - stored
    frames = [_frame(it.path, place, scene) for it in (*owners, *others)]
    for test in (it.test for it in ast.walk(init) if isinstance(it, ast.If | ast.IfExp)):
        names = {it.id for it in ast.walk(test) if isinstance(it, ast.Name)}
        if not names or not names <= given or "\n" in (text := place.file.text(test)):
            continue
        for asked in (text, _negated(test, text)):
            node = ast.parse(asked, mode="eval").body
            values = [holds(node, it.names) if it is not None else None for it in frames]
            if values == [True] * len(owners) + [False] * len(others):
                return asked
    return None


def _asked_of(name: str, values: Sequence[tuple[object, bool]]) -> str | None:
    """What to ask of an argument: whether it is true, or false; is none; is a count above 0, as of skip channels."""
    forms: list[tuple[str, Callable[[object], bool | None]]] = [
        (name, lambda value: value if isinstance(value, bool) else None),
        (f"not {name}", lambda value: not value if isinstance(value, bool) else None),
        (f"{name} is not None", lambda value: value is not None),
        (f"{name} > 0", lambda value: value > 0 if type(value) is int and value >= 0 else None),
    ]
    return next(
        (text for text, holds_for in forms if all(holds_for(value) is wanted for value, wanted in values)), None
    )


def _frame(path: str, place: Place, scene: Scene) -> CallSite | None:
    """What the constructor of the class saw when it made a child of one instance."""
    frames = (own_frame(child.chain, path, place.owner.name) for child in scene.children_of.get(path, ()))
    return next((it for it in frames if it is not None), None)


def _tests_around(file: SourceFile, function: Function, expression: ast.AST) -> Iterator[str]:
    """Conditions under which an expression runs that speak of ``self`` alone, innermost first."""
    inner: ast.AST = expression
    for around in file.ancestors(expression):
        for guard in _guards(around, inner):
            if _of_self(guard.test) and "\n" not in (text := file.text(guard.test)):
                yield _negated(guard.test, text)
        if around is function:
            return
        if isinstance(around, ast.If | ast.IfExp) and inner is not around.test and _of_self(around.test):
            body = around.body if isinstance(around.body, list) else [around.body]
            text = file.text(around.test)
            if "\n" not in text:
                yield text if inner in body else _negated(around.test, text)
        inner = around


def _guards(around: ast.AST, inner: ast.AST) -> Iterator[ast.If]:
    """The ``if ...: return`` statements above one in the same block, the last first."""
    body = next((it for _, it in ast.iter_fields(around) if isinstance(it, list) and inner in it), [])
    for statement in reversed(body[: body.index(inner)] if body else []):
        if isinstance(statement, ast.If) and not statement.orelse:
            if isinstance(statement.body[-1], ast.Return | ast.Raise | ast.Continue | ast.Break):
                yield statement


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


def _separates(text: str, owners: Sequence[Instance], idle: Sequence[Instance], scene: Scene) -> bool:
    return all(_value(text, it, scene) is True for it in owners) and all(
        _value(text, it, scene) is False for it in idle
    )


def _value(text: str, instance: Instance, scene: Scene) -> bool | None:
    """What a condition in terms of ``self`` is for an instance; of a child it may ask whether there is one."""
    names: dict[str, Value] = {f"self.{name}": fact for name, fact in instance.facts.items()}
    for child in scene.children_of.get(instance.path, ()):
        names[f"self.{child.path.rpartition('.')[2]}"] = () if _is_empty(child, scene) else _CHILD
    return holds(ast.parse(text, mode="eval").body, names)


def _is_empty(child: Instance, scene: Scene) -> bool:
    """Whether a child is a container without parts, which is false when it is asked."""
    container = any(base.rpartition(".")[2] in _CONTAINERS for base in child.bases)
    return container and child.path not in scene.children_of


def _can_be_asked(place: Place, text: str) -> bool:
    """Whether all attributes of ``self`` in a condition are set where the attribute will be made."""
    limit = place.anchor.statement.end_lineno or 0
    stored = {
        dotted(it)
        for it in ast.walk(place.anchor.function)
        if isinstance(it, ast.Attribute) and isinstance(it.ctx, ast.Store) and it.lineno <= limit
    }
    return _asked(text) <= stored


def _asked(text: str) -> set[str]:
    names = (dotted(it) for it in ast.walk(ast.parse(text)) if isinstance(it, ast.Attribute))
    return {name for name in names if name is not None}


def _is_a(instance: Instance, place: Place) -> bool:
    """Whether an instance runs the class's methods."""
    path = Path(place.file.path)
    module = f".{path.parent.name if path.stem == '__init__' else path.stem}."
    names = [f".{base}" for base in instance.bases if base.rpartition(".")[2] == place.owner.name]
    return not instance.library and any(module in name for name in names)
