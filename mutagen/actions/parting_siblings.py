"""Classes that may arrive at the same call as another one, in other configurations of the model.

``block(...)`` in ``_make_layer`` makes a ``BasicBlock`` here and a ``Bottleneck`` in the next factory: what the call
passes both must accept.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence

from mutagen.actions.parting_records import Parameter, Solution
from mutagen.actions.scene import Scene
from mutagen.records.span import Span
from mutagen.source.anchor import Function, init_of
from mutagen.source.file import SourceFile


def definitions(parameter: Parameter, solved: Solution, scene: Scene) -> list[tuple[SourceFile, Function]]:
    """The functions that gain a parameter: the one that needs it, and those that its calls may arrive at instead."""
    file = scene.project.file(parameter.need.file)
    function = file.functions[parameter.need.line]
    spans = [span for span, name, _ in solved.calls if name == parameter.name and _is_for(span, parameter)]
    return [(file, function), *siblings(file, function, spans, scene)]


def _is_for(span: Span, parameter: Parameter) -> bool:
    return any(run.chain and run.chain[0].span == span for run in parameter.need.runs.values())


def siblings(
    file: SourceFile, function: Function, calls: Sequence[Span], scene: Scene
) -> list[tuple[SourceFile, Function]]:
    """Constructors of the classes that stand beside a constructor's class wherever a call takes it from a variable."""
    owner = file.class_of(function)
    if owner is None or function.name != "__init__":
        return []
    files = {path: scene.project.file(path) for path in (file.path, *(span.file for span in calls))}
    if not any(_by_variable(files[span.file], span, owner.name) for span in calls):
        return []
    names = {name for it in files.values() for name in _beside(it.tree, owner.name)}
    found = []
    for it in files.values():
        for other in it.tree.body:
            if isinstance(other, ast.ClassDef) and other.name in names and not _inherits(other, owner.name):
                init = init_of(other)
                if init is not None and init.args.kwarg is None and scene.project.editable(it.path):
                    found.append((it, init))
    return found


def _by_variable(file: SourceFile, span: Span, name: str) -> bool:
    call = file.node_at(span)
    callee = call.func if isinstance(call, ast.Call) else None
    if isinstance(callee, ast.Name):
        return callee.id != name
    return isinstance(callee, ast.Subscript | ast.IfExp) or isinstance(callee, ast.Attribute) and callee.attr != name


def _inherits(other: ast.ClassDef, name: str) -> bool:
    """Whether the other constructor is a subclass's, which is called under its own name."""
    return other.name == name


def _beside(tree: ast.AST, name: str) -> Iterator[str]:
    """Names that stand where the class stands: the same argument of another call, the other side of a choice."""
    places: dict[tuple[str, str | int], set[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.IfExp):
            yield from _others([node.body, node.orelse], name)
        elif isinstance(node, ast.Dict):
            yield from _others(node.values, name)
        elif isinstance(node, ast.Call):
            for place, value in _arguments(node):
                places.setdefault((ast.dump(node.func), place), set()).add(value)
    for values in places.values():
        if name in values:
            yield from values - {name}


def _others(nodes: Iterable[ast.expr | None], name: str) -> Iterator[str]:
    names = {it.id for it in nodes if isinstance(it, ast.Name)}
    if name in names:
        yield from names - {name}


def _arguments(call: ast.Call) -> Iterator[tuple[str | int, str]]:
    for index, argument in enumerate(call.args):
        if isinstance(argument, ast.Name):
            yield index, argument.id
    for keyword in call.keywords:
        if keyword.arg is not None and isinstance(keyword.value, ast.Name):
            yield keyword.arg, keyword.value.id
