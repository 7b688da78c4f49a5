"""What is looked up in a table, or returned by a call: ``ACT[name]``, ``getattr(nn, name)``, ``get_norm(name)``."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import replace

from mutagen.source.activation import Activation, around
from mutagen.source.displays import constant, is_dict, items_of
from mutagen.source.evaluate import Unknown, evaluate
from mutagen.source.follow_arguments import entered, entry
from mutagen.source.follow_names import values_ends
from mutagen.source.follow_truth import truth
from mutagen.source.names import canonical, dotted, imported_names
from mutagen.source.reaching import Function, reaching, scope_of, text_of
from mutagen.source.way import End, Following, Point


def subscript_ends(f: Following, point: Point, node: ast.Subscript) -> Iterator[End]:
    scope, name = scope_of(point.act.file, node), text_of(node)
    if scope is not None and name is not None:
        here = point.act if point.act.scope is scope else around(point.act, point.act.file, scope)
        found = reaching(point.act.file, name, node, scope, truth(f, here))
        yield from values_ends(f, point.inside(here), found.values)
        if not found.unset:
            return
    key = constant(node.slice)
    if isinstance(key, str) and _is_rest(point, node.value):
        yield from _from_rest(f, point, node.value, key, None)
    else:
        yield from _item(f, point, node.value, node.slice, None)


def _item(f: Following, point: Point, table: ast.expr, key: ast.expr, default: ast.expr | None) -> Iterator[End]:
    """What a table that is written out holds under a key."""
    keys = f.ends(point.act, key)
    values = _key_values(f, point.act, key, keys)
    tables = f.ends(point.act, table)
    if not all(isinstance(it.node, ast.Dict | ast.Tuple | ast.List) or is_dict(it.node) for it in tables):
        yield point.end()
        return
    for end in tables:
        items = items_of(end.node)
        chosen = [value for at, value in items if at in values] if values else [value for _, value in items]
        if not chosen and default is not None:
            yield from f.follow(point.to(default))
        elif not chosen or any(at is None for at, _ in items):
            yield point.end()
            return
        for value in chosen[-1:] if values and len(values) == 1 else chosen:
            yield from f.follow(point.looking_up(keys).inside(end.act).to(value))


def _key_values(f: Following, act: Activation, key: ast.expr, keys: tuple[End, ...]) -> set[object]:
    try:
        return {evaluate(key, act.names)}
    except Unknown:
        constants = [it.node.value for it in keys if isinstance(it.node, ast.Constant)]
        return set(constants) if len(constants) == len(keys) else set()


def call_ends(f: Following, point: Point, node: ast.Call) -> Iterator[End]:
    name = dotted(node.func) or ""
    origin = imported_names(point.act.file).get(name.partition(".")[0], "")
    whole = origin + name[len(name.partition(".")[0]) :] if origin else name
    if whole == "functools.partial" and node.args:
        yield from f.follow(replace(point.to(node.args[0]), bound=(*point.bound, node)))
    elif whole == "getattr" and len(node.args) in (2, 3):
        yield from _getattr(f, point, node)
    elif whole == "eval" and len(node.args) == 1:
        yield from _evaluated(f, point, node)
    elif isinstance(node.func, ast.Attribute) and node.func.attr in ("get", "pop") and len(node.args) in (1, 2):
        yield from _get(f, point, node, node.func.value)
    elif whole == "copy.deepcopy" and node.args:
        yield from f.follow(point.to(node.args[0]))
    else:
        yield from _returned(f, point, node)


def _get(f: Following, point: Point, node: ast.Call, table: ast.expr) -> Iterator[End]:
    default = node.args[1] if len(node.args) == 2 else ast.Constant(None)
    key = constant(node.args[0])
    if isinstance(key, str) and _is_rest(point, table):
        yield from _from_rest(f, point, table, key, default)
    else:
        yield from _item(f, point, table, node.args[0], default)


def _is_rest(point: Point, table: ast.expr) -> bool:
    """Whether a table is the ``**kwargs`` of the function around it."""
    scope = scope_of(point.act.file, table)
    rest = scope.args.kwarg if scope is not None else None
    return rest is not None and isinstance(table, ast.Name) and table.id == rest.arg


def _from_rest(f: Following, point: Point, table: ast.expr, key: str, default: ast.expr | None) -> Iterator[End]:
    """What the call of the function puts into its ``**kwargs`` under a key, or the default."""
    found = entry(f, point.act, table, key)
    if found is None or (not found and default is None):
        yield point.end()
    for act, value in found or ():
        yield from f.follow(point.inside(act).to(value))
    if found == [] and default is not None:
        yield from f.follow(point.to(default))


def _getattr(f: Following, point: Point, node: ast.Call) -> Iterator[End]:
    """``getattr(nn, name)`` where the name is known."""
    keys = f.ends(point.act, node.args[1])
    names = _key_values(f, point.act, node.args[1], keys)
    holders = f.ends(point.act, node.args[0])
    if len(names) == 1 and len(holders) == 1 and (holders[0].origin or "").startswith("torch."):
        end = point.looking_up(keys).to(node).end()
        yield replace(end, origin=canonical(f"{holders[0].origin}.{next(iter(names))}"))
    else:
        yield point.end()


def _evaluated(f: Following, point: Point, node: ast.Call) -> Iterator[End]:
    """``eval(name)`` of a dotted name that is known."""
    keys = f.ends(point.act, node.args[0])
    names = [str(it) for it in _key_values(f, point.act, node.args[0], keys)]
    first, dot, rest = (names[0] if len(names) == 1 else "").partition(".")
    base = imported_names(point.act.file).get(first)
    end = point.looking_up(keys).to(node).end()
    yield replace(end, origin=canonical(base + dot + rest)) if base else point.end()


def _returned(f: Following, point: Point, node: ast.Call) -> Iterator[End]:
    """What a function of the user's returns; a class stays the call that it is."""
    callees = f.ends(point.act, node.func)
    functions = [(it.act, it.node) for it in callees if isinstance(it.node, Function | ast.Lambda)]
    if len(functions) != 1 or len(callees) != 1:
        yield point.end()
        return
    home, function = functions[0]
    if isinstance(function, ast.Lambda):
        act = Activation(home.file, function, {}, None, node, point.act)
        yield from f.follow(point.inside(act).to(function.body))
        return
    act = entered(f, point.act, node, home.file, function)
    returned, _ = _returned_by(function.body, truth(f, act))
    if function.decorator_list or not returned or _is_generator(function):
        yield point.end()
        return
    for value in returned:
        yield from f.follow(point.inside(act).to(value))


def _returned_by(block: list[ast.stmt], truth: Callable[[ast.expr], bool | None]) -> tuple[list[ast.expr], bool]:
    """What statements may return, and whether one may come through them."""
    found: list[ast.expr] = []
    for statement in block:
        if isinstance(statement, ast.Return):
            return [*found, statement.value or ast.Constant(None)], False
        if isinstance(statement, ast.Raise):
            return found, False
        through = True
        if isinstance(statement, ast.If):
            holds = truth(statement.test)
            ways = [it for it, dead in ((statement.body, False), (statement.orelse, True)) if holds is not dead]
            both = [_returned_by(way, truth) for way in ways]
            through = any(way[1] for way in both)
            found.extend(value for way in both for value in way[0])
        elif isinstance(statement, ast.For | ast.While | ast.With | ast.Try):
            found.extend(_returned_by(statement.body, truth)[0])
            for handler in getattr(statement, "handlers", []):
                found.extend(_returned_by(handler.body, truth)[0])
        if not through:
            return found, False
    return found, True


def _is_generator(function: Function) -> bool:
    return any(isinstance(it, ast.Yield | ast.YieldFrom) for it in ast.walk(function))
