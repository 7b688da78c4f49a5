"""What a call gives a parameter: in so many words, spread from a mapping, bound by ``partial``, or by default."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from mutagen.source.activation import Activation, around, default_of, names_itself, parameters, positional
from mutagen.source.displays import constant, is_dict, items_of
from mutagen.source.evaluate import Unknown, evaluate
from mutagen.source.file import SourceFile
from mutagen.source.follow_truth import truth
from mutagen.source.names import dotted
from mutagen.source.reaching import Function, reaching, scope_of
from mutagen.source.way import End, Following, Point

Found = list[tuple[Activation, ast.AST]]
"""Expressions with the activation in which each was run."""


def given_ends(f: Following, point: Point, name: str) -> Iterator[End]:
    """A parameter: what the call passes for it, or its default."""
    act = point.act
    assert act.scope is not None
    found: Found | None = []
    if act.call is not None and act.outer is not None:
        found = argument(f, act, name)
    elif act.given is None or name in act.given:
        found = None
    if found is None:
        yield point.end()
        return
    for outer, value in found:
        yield from f.follow(point.inside(outer).to(value))
    default = default_of(act.scope, name)
    if not found and default is None:
        yield point.end()
    elif not found and default is not None:
        yield from f.follow(point.to(default))


def argument(f: Following, act: Activation, name: str) -> Found | None:
    """What the call of an activation gives a parameter: nothing, or its expressions; None where stars hide it."""
    assert act.scope is not None and act.call is not None and act.outer is not None
    call, outer = act.call, act.outer
    places = positional(act.scope)
    arguments = call.args[1:] if names_itself(act.scope, call) else call.args
    index = places.index(name) if name in places else len(arguments)
    before = arguments[: index + 1]
    if any(isinstance(it, ast.Starred) for it in before):
        return None
    if index < len(arguments):
        return [(outer, arguments[index])]
    for keyword in call.keywords:
        if keyword.arg == name:
            return [(outer, keyword.value)]
    for keyword in call.keywords:
        if keyword.arg is None:
            spread = entry(f, outer, keyword.value, name)
            if spread is None or spread:
                return spread
    return _from_partial(f, outer, call, name)


def _from_partial(f: Following, outer: Activation, call: ast.Call, name: str) -> Found | None:
    """A keyword of the ``partial`` that the callee is, where it is one."""
    if not isinstance(call.func, ast.Name) or scope_of(outer.file, call) is None:
        return []
    found: Found = []
    for end in f.ends(outer, call.func):
        for bound in end.bound:
            level = next((it.act for it in end.way if it.node is bound), outer)
            found.extend((level, it.value) for it in bound.keywords if it.arg == name)
    return found[:1]


def spread_keys(f: Following, act: Activation, mapping: ast.AST) -> frozenset[str] | None:
    """All keys of a mapping that is spread into a call; None where that cannot be told."""
    found: set[str] = set()
    for end in f.ends(act, mapping):
        items = items_of(end.node)
        whole = isinstance(end.node, ast.Dict) or is_dict(end.node)
        if not whole or not all(isinstance(key, str) for key, _ in items):
            return None
        found.update(str(key) for key, _ in items)
    return frozenset(found)


def entry(f: Following, act: Activation, mapping: ast.AST, key: str) -> Found | None:
    """What a mapping that is spread into a call holds under a key; empty: nothing, None: that cannot be told."""
    if isinstance(mapping, ast.Name):
        scope = scope_of(act.file, mapping)
        here = act if act.scope is scope else around(act, act.file, scope)
        if scope is not None and scope.args.kwarg is not None and scope.args.kwarg.arg == mapping.id:
            item = reaching(act.file, f"{mapping.id}[{key!r}]", mapping, scope, truth(f, here))
            passed = _rest(f, here, key) if item.unset else []
            if item.values and (passed is None or passed == []):
                return [(here, it) for it in item.values]
            return passed
        if scope is not None:
            item = reaching(act.file, f"{mapping.id}[{key!r}]", mapping, scope, truth(f, here))
            if item.values:
                return [(here, it) for it in item.values] if not item.unset else None
    found: Found = []
    for end in f.ends(act, mapping):
        inner = _entry_of(f, end, key)
        if inner is None:
            return None
        found.extend(inner)
    return found


def _entry_of(f: Following, end: End, key: str) -> Found | None:
    node = end.node
    if isinstance(node, ast.Constant) and node.value is None:
        return []
    spread: list[ast.expr] = []
    found: list[ast.expr] = []
    if isinstance(node, ast.Dict):
        found = [v for k, v in zip(node.keys, node.values, strict=True) if constant(k) == key]
        spread = [v for k, v in zip(node.keys, node.values, strict=True) if k is None]
        if any(k is not None and not isinstance(k, ast.Constant) for k in node.keys):
            return None
    elif isinstance(node, ast.Call) and dotted(node.func) == "dict":
        found = [it.value for it in node.keywords if it.arg == key]
        spread = [*(it.value for it in node.keywords if it.arg is None), *node.args]
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        scope = end.act.scope
        is_rest = scope is not None and scope.args.kwarg is not None and scope.args.kwarg.arg == node.id
        return _rest(f, end.act, key) if is_rest else None
    else:
        return None
    if found:
        return [(end.act, found[-1])]
    for it in spread:
        inner = entry(f, end.act, it, key)
        if inner is None or inner:
            return inner
    return []


def _rest(f: Following, act: Activation, key: str) -> Found | None:
    """What the call of an activation puts under a key of its ``**kwargs``."""
    if act.call is None or act.outer is None:
        return [] if act.given is not None and key not in act.given else None
    for keyword in act.call.keywords:
        if keyword.arg == key:
            return [(act.outer, keyword.value)]
    for keyword in act.call.keywords:
        if keyword.arg is None:
            inner = entry(f, act.outer, keyword.value, key)
            if inner is None or inner:
                return inner
    return []


def entered(f: Following, outer: Activation, call: ast.Call, file: SourceFile, function: Function) -> Activation:
    """An activation that a call starts, with the simple values that it passes."""
    act = Activation(file, function, {}, None, call, outer)
    names = {}
    for name in parameters(function):
        found = argument(f, act, name)
        default = default_of(function, name)
        value = found[0] if found else (act, default) if found is not None and default is not None else None
        if value is None or value[1] is None:
            continue
        try:
            names[name] = evaluate(value[1], value[0].names)
        except Unknown:
            continue
    return replace(act, names=names)
