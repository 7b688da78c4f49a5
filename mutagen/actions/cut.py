"""Where in the source an edge of the graph can be cut.

An edge runs from the call that makes a tensor to the one that joins it. It can be cut at the operand as written beside
the join, at the argument of a call further out that hands the operand in (``Add()`` modules), or where the method that
makes the tensor returns it: the only place when a loop joins many branches in one expression.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mutagen.actions.scene import Scene
from mutagen.records.match import EdgeMatch
from mutagen.records.span import Span
from mutagen.records.trace import CallSite, Node
from mutagen.source.anchor import Function, own_nodes
from mutagen.source.call import arguments, function_parameters
from mutagen.source.file import SourceFile
from mutagen.source.names import imported_names, resolve
from mutagen.source.operands import only_operand, operand


@dataclass(frozen=True)
class Cut:
    """An expression of a method whose value is the tensor on the edge; ``other`` is the partner's expression.

    ``join`` is the joining expression where the cut is beside it, else None. ``site`` is the chain level it stands at.
    """

    file: SourceFile
    expression: ast.expr
    site: CallSite
    function: Function
    join: ast.expr | ast.stmt | None = None
    other: ast.expr | None = None

    @property
    def span(self) -> Span:
        """The span of the expression."""
        return self.file.span(self.expression)


def cuts(match: EdgeMatch, scene: Scene, *, with_other: bool, scales: bool = False) -> Iterator[Cut]:
    """The places for one edge, the preferred first; ``with_other`` asks for those where the partner is at hand.

    What only ``scales`` the tensor may stand before a dropout as well as behind it.
    """
    yield from _beside_join(match, scene, scales=scales)
    if not with_other:
        returned = _at_return(match, scene)
        if returned is not None:
            yield returned


def _beside_join(match: EdgeMatch, scene: Scene, *, scales: bool) -> Iterator[Cut]:
    node = scene.trace.nodes[match.node]
    if not node.chain or node.chain[0].span.file not in scene.project.files:
        return
    file = scene.project.file(node.chain[0].span.file)
    join = file.node_at(node.chain[0].span)
    if join is None:
        return
    count = len(node.inputs)
    expression, other = operand(join, match.operand, count), operand(join, match.other, count)
    if expression is None and count == 1:
        expression = only_operand(join, of_method=_is_method(node, join, file))
    for level, site in enumerate(node.chain):
        function = file.function(expression) if expression is not None else None
        if expression is None or function is None or not _is_for_it_alone(match, site, level, scene):
            return
        yield Cut(file, expression, site, function, join if level == 0 else None, other)
        outer = _handed_in(expression, function, node, level, scene)
        dropped = _before_dropout(file, expression, match, scene) if outer is None and level == 0 and scales else None
        outer = _handed_in(dropped, function, node, level, scene) if dropped is not None else outer
        if outer is None:
            return
        partner = _handed_in(other, function, node, level, scene) if other is not None else None
        file, expression = outer
        other = partner[1] if partner else None


def _is_for_it_alone(match: EdgeMatch, site: CallSite, level: int, scene: Scene) -> bool:
    """Whether a call hands the operand to the join, and to nothing else that computes with it.

    A container is called as its children are, ``self.layers(x)``: what the second of them reads is not ``x``.
    """
    node = scene.trace.nodes[match.node]
    source = node.inputs[match.operand]

    def within(it: Node) -> bool:
        return any((each.span, each.frame) == (site.span, site.frame) for each in it.chain)

    if level == 0 and within(scene.trace.nodes[source]) and scene.trace.nodes[source].chain[0] == node.chain[0]:
        return False
    readers = [scene.trace.nodes[index] for index in scene.users[source] if index != node.index]
    inner = [it for it in readers if it.shape is not None and within(it)]
    return not any(it.name != node.name or it.chain[0].span != node.chain[0].span for it in inner)


def _is_method(node: Node, call: ast.AST, file: SourceFile) -> bool:
    """Whether a call of one tensor is written as its method: ``x.relu()``, not ``F.relu(x)`` or ``self.relu(x)``."""
    func = call.func if isinstance(call, ast.Call) else None
    if node.kind == "module" or not isinstance(func, ast.Attribute):
        return False
    return resolve(func, imported_names(file)) is None


def _before_dropout(file: SourceFile, expression: ast.expr, match: EdgeMatch, scene: Scene) -> ast.expr | None:
    """What a dropout is given that makes the operand right there, or in the statement above that names it."""
    node = scene.trace.nodes[match.node]
    if scene.trace.nodes[node.inputs[match.operand]].name != "dropout":
        return None
    if isinstance(expression, ast.Name):
        statement = file.statement(expression)
        around = (it for _, it in ast.iter_fields(file.parents[statement]) if isinstance(it, list) and statement in it)
        body: list[ast.stmt] = next(around, [])
        above = body[body.index(statement) - 1] if body and body[0] is not statement else None
        if not isinstance(above, ast.Assign) or [file.text(it) for it in above.targets] != [expression.id]:
            return None
        expression = above.value
    return expression.args[0] if isinstance(expression, ast.Call) and expression.args else None


def _handed_in(
    node: ast.expr, function: Function, joined: Node, level: int, scene: Scene
) -> tuple[SourceFile, ast.expr] | None:
    """The argument of the next call outwards, if the expression is a parameter that the function leaves alone."""
    if not isinstance(node, ast.Name) or level + 1 >= len(joined.chain):
        return None
    parameters = [it for it in function_parameters(function) if it != "self"]
    stores = [it for it in ast.walk(function) if isinstance(it, ast.Name) and isinstance(it.ctx, ast.Store)]
    outer = joined.chain[level + 1].span
    if node.id not in parameters or any(it.id == node.id for it in stores) or outer.file not in scene.project.files:
        return None
    file = scene.project.file(outer.file)
    call = file.node_at(outer)
    given = arguments(call, parameters) if isinstance(call, ast.Call) else None
    value = given.by_name.get(node.id) if given else None
    return (file, value) if value is not None else None


def _at_return(match: EdgeMatch, scene: Scene) -> Cut | None:
    """The value that the producing module's own method returns."""
    node = scene.trace.nodes[match.node]
    producer = scene.trace.nodes[node.inputs[match.operand]]
    around = {site.frame for site in node.chain}
    inner = [site for site in producer.chain if site.frame not in around]
    if not inner or inner[-1].span.file not in scene.project.files:
        return None
    file = scene.project.file(inner[-1].span.file)
    expression = file.node_at(inner[-1].span)
    function = file.function(expression) if expression is not None else None
    if function is None:
        return None
    returns = [it for it in own_nodes(function) if isinstance(it, ast.Return)]
    value = returns[0].value if len(returns) == 1 else None
    if value is None or isinstance(value, ast.Tuple | ast.Dict | ast.List):
        return None
    return Cut(file, value, inner[-1], function)


def nodes_through(cut: Cut, match: EdgeMatch, scene: Scene) -> Sequence[tuple[Node, int]]:
    """Every call of the traced graph that passes through the cut's expression, with its activation.

    Where a module holds another one of its class, the inner activation is meant.
    """
    joined = scene.trace.nodes[match.node]
    through: Sequence[Node] = scene.called_at.get(cut.site.span, ())
    if any(site.frame == cut.site.frame for site in joined.chain):
        innermost = joined.chain[0].span
        through = [it for it in through if it.chain[0].span == innermost and it.name == joined.name]
    inner = [(node, next((it for it in node.chain if it.span == cut.site.span), None)) for node in through]
    return [(node, site.frame) for node, site in inner if site is not None]
