"""From a variable callee back to the expression where the class enters.

``norm_layer(planes)`` names a variable. Its value came as an argument of the call one level further out, from a
default, from an assignment (``if norm_layer is None: norm_layer = nn.BatchNorm2d``) or from an attribute set in
``__init__``. The recorded chain tells which calls were made, the source tells what each of them passed.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from mutagen.records.trace import CallSite
from mutagen.source.call import function_parameters, parameter_default
from mutagen.source.file import SourceFile
from mutagen.source.names import dotted, imported_names, resolve

Function = ast.FunctionDef | ast.AsyncFunctionDef
_DEPTH = 12


@dataclass(frozen=True)
class Origin:
    """The expression that names the class."""

    file: SourceFile
    node: ast.expr


@dataclass(frozen=True)
class _Walk:
    chain: Sequence[CallSite]
    wanted: str
    open_file: Callable[[str], SourceFile]

    def is_class(self, file: SourceFile, node: ast.expr) -> bool:
        return resolve(node, imported_names(file)) == self.wanted


def find_origin(
    callee: ast.expr, chain: Sequence[CallSite], wanted: str, open_file: Callable[[str], SourceFile]
) -> Origin | None:
    """Where the class ``wanted`` enters that ``callee`` calls at ``chain[0]``; None where it cannot be told."""
    walk = _Walk(chain, wanted, open_file)
    return _find(walk, open_file(chain[0].span.file), callee, 0, _DEPTH)


def _find(walk: _Walk, file: SourceFile, node: ast.expr, level: int, depth: int) -> Origin | None:
    if depth == 0:
        return None
    if walk.is_class(file, node):
        return Origin(file, node)
    if isinstance(node, ast.Name):
        return _name(walk, file, node, level, depth - 1)
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
        return _attribute(walk, file, node, level, depth - 1)
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
        return _first_given(walk, file, node.values, level, depth - 1)
    return None


def _first_given(walk: _Walk, file: SourceFile, values: list[ast.expr], level: int, depth: int) -> Origin | None:
    for value in values:
        if not _is_none(value, walk.chain[level]) and not _left_out(walk, file, value, level):
            return _find(walk, file, value, level, depth)
    return None


def _name(walk: _Walk, file: SourceFile, node: ast.Name, level: int, depth: int) -> Origin | None:
    function = _scope(file, node)
    if function is None:
        return _assigned(walk, file, file.tree.body, node.id, level, depth)
    if isinstance(function, Function) and node.id in function_parameters(function):
        passed = _passed(walk, file, function, node.id, level, depth)
        if passed is not None:
            return passed
    local = _assigned(walk, file, function.body if isinstance(function, Function) else [], node.id, level, depth)
    if local is not None:
        return local
    bound = isinstance(function, Function) and node.id in function_parameters(function)
    return None if bound else _assigned(walk, file, file.tree.body, node.id, level, depth)


def _passed(walk: _Walk, file: SourceFile, function: Function, name: str, level: int, depth: int) -> Origin | None:
    """What the next call outwards passes for a parameter, or its default; None where that was None."""
    outer, value = _given(walk, file, function, name, level)
    if value is None:
        default = parameter_default(function, name)
        return _find(walk, file, default, level, depth) if default is not None else None
    if _is_none(value, walk.chain[level + 1]):
        return None
    return _find(walk, outer, value, level + 1, depth)


def _given(
    walk: _Walk, file: SourceFile, function: Function, name: str, level: int
) -> tuple[SourceFile, ast.expr | None]:
    """What the next call outwards writes for a parameter, with the file it stands in."""
    if level + 1 >= len(walk.chain):
        return file, None
    outer = walk.open_file(walk.chain[level + 1].span.file)
    call = outer.node_at(walk.chain[level + 1].span)
    parameters = _unbound(function_parameters(function))
    return outer, _argument(call, parameters, name) if isinstance(call, ast.Call) else None


def _left_out(walk: _Walk, file: SourceFile, node: ast.expr, level: int) -> bool:
    """Whether a name is a parameter that is None, by its default or by what the call passes."""
    function = _scope(file, node)
    if not isinstance(node, ast.Name) or not isinstance(function, Function):
        return False
    if node.id not in function_parameters(function):
        return False
    _, value = _given(walk, file, function, node.id, level)
    if value is not None:
        return _is_none(value, walk.chain[level + 1])
    default = parameter_default(function, node.id)
    return default is not None and _is_none(default, walk.chain[level])


def _argument(call: ast.Call, parameters: tuple[str, ...], name: str) -> ast.expr | None:
    """What a call gives a parameter in so many words; what hides behind ``**kwargs`` is taken as not given."""
    keyword = next((it.value for it in call.keywords if it.arg == name), None)
    positions = [it for it in call.args if not isinstance(it, ast.Starred)]
    index = parameters.index(name) if name in parameters else len(positions)
    if keyword is None and len(positions) == len(call.args) and index < len(positions):
        return positions[index]
    return keyword


def _attribute(walk: _Walk, file: SourceFile, node: ast.Attribute, level: int, depth: int) -> Origin | None:
    """The expression that ``__init__`` of the same class assigned to ``self.x``."""
    owner = file.class_of(node)
    if owner is None:
        return None
    values = [value for target, value in _assignments(owner) if dotted(target) == f"self.{node.attr}"]
    if len(values) != 1:
        return None
    function = file.function(values[0])
    for outward in range(level, len(walk.chain)):
        site = walk.chain[outward]
        if function is not None and site.function.endswith(f"{owner.name}.{function.name}"):
            return _find(walk, file, values[0], outward, depth)
    return _find(walk, file, values[0], level, depth) if walk.is_class(file, values[0]) else None


def _assigned(walk: _Walk, file: SourceFile, body: list[ast.stmt], name: str, level: int, depth: int) -> Origin | None:
    """The single assignment of a name that leads to the class."""
    values = [value for statement in body for target, value in _assignments(statement) if dotted(target) == name]
    found = [it for it in (_find(walk, file, value, level, depth) for value in values) if it is not None]
    return found[0] if len({file.span(it.node) for it in found if it.file is file}) <= 1 and found else None


def _assignments(scope: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    for node in ast.walk(scope):
        if isinstance(node, ast.Assign):
            yield from ((target, node.value) for target in node.targets)
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            yield node.target, node.value


def _scope(file: SourceFile, node: ast.AST) -> Function | ast.Lambda | None:
    around = file.ancestors(node)
    return next((it for it in around if isinstance(it, Function | ast.Lambda)), None)


def _unbound(parameters: tuple[str, ...]) -> tuple[str, ...]:
    return parameters[1:] if parameters[:1] in (("self",), ("cls",)) else parameters


def _is_none(node: ast.expr, site: CallSite) -> bool:
    if isinstance(node, ast.Constant):
        return node.value is None
    name = dotted(node)
    return name is not None and name in site.names and site.names[name] is None
