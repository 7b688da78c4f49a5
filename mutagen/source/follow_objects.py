"""Where an object was constructed, and the classes that it is made of."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from mutagen.source.activation import Activation, around
from mutagen.source.file import SourceFile
from mutagen.source.names import dotted
from mutagen.source.reaching import Function, scope_of
from mutagen.source.way import Following


@dataclass(frozen=True)
class Made:
    """An object: its class, the call in ``outer`` that constructs it, the run of its constructor, as far as known."""

    owner: tuple[SourceFile, ast.ClassDef] | None
    call: ast.Call | None
    outer: Activation | None
    init: Activation | None


def maker(f: Following, act: Activation, node: ast.AST, depth: int = 8) -> Made | None:
    """Where the object that an expression stands for was constructed."""
    if depth == 0:
        return None
    level = act
    if isinstance(node, ast.Name) and node.id == "self":
        scope = scope_of(act.file, node)
        level = act if act.scope is scope or scope is None else around(act, act.file, scope)
        return _self(f, level, depth)
    found: list[Made] = []
    for end in f.ends(act, node):
        if isinstance(end.node, ast.Call):
            owner = class_called(f, end.act, end.node)
            if owner is not None:
                found.append(Made(owner, end.node, end.act, None))
        elif isinstance(end.node, ast.ClassDef):
            found.append(Made((end.act.file, end.node), None, None, None))
    return found[0] if len(found) == 1 else None


def _self(f: Following, act: Activation, depth: int) -> Made | None:
    """The object that ``self`` is in an activation."""
    scope = act.scope
    parent = act.file.parents.get(scope) if scope is not None else None
    if not isinstance(scope, Function) or not isinstance(parent, ast.ClassDef):
        return None
    lexical = (act.file, parent)
    call, outer = act.call, act.outer
    if act.maker is not None and isinstance(act.maker.at, ast.Call):
        owner = class_called(f, act.maker, act.maker.at)
        return Made(owner or lexical, act.maker.at, act.maker, None)
    if call is None or outer is None:
        return Made(lexical, None, None, act if scope.name == "__init__" else None)
    if scope.name == "__init__":
        attribute = call.func if isinstance(call.func, ast.Attribute) else None
        if attribute is not None and attribute.attr == "__init__":
            return _self(f, outer, depth) or Made(lexical, call, outer, act)
        owner = class_called(f, outer, call)
        fits = owner is not None and any(it[1] is parent for it in lineage(f, Made(owner, None, None, None)))
        return Made(owner if fits else lexical, call, outer, act)
    if isinstance(call.func, ast.Attribute) and call.func.attr == scope.name:
        holder: ast.AST = call.func.value
        if isinstance(holder, ast.Call) and dotted(holder.func) == "super":
            return _self(f, outer, depth)
    else:
        holder = call.func
    return maker(f, outer, holder, depth - 1) or Made(lexical, None, None, None)


def class_called(f: Following, act: Activation, call: ast.Call) -> tuple[SourceFile, ast.ClassDef] | None:
    found = [(it.act.file, it.node) for it in f.ends(act, call.func) if isinstance(it.node, ast.ClassDef)]
    return found[0] if len(found) == 1 else None


def lineage(f: Following, made: Made) -> list[tuple[SourceFile, ast.ClassDef]]:
    """The class of an object and its bases, as far as their source can be found."""
    found: list[tuple[SourceFile, ast.ClassDef]] = []
    waiting = [made.owner] if made.owner is not None else []
    while waiting and len(found) < 16:
        file, owner = waiting.pop(0)
        found.append((file, owner))
        module = Activation(file, None)
        for base in owner.bases:
            ends = f.ends(module, base)
            waiting.extend((it.act.file, it.node) for it in ends if isinstance(it.node, ast.ClassDef))
    return found
