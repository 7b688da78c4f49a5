"""What an attribute may stand for: of a module, of ``self``, of an object whose construction can be found."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from mutagen.source.activation import Activation, around
from mutagen.source.file import SourceFile
from mutagen.source.follow_arguments import Found, entered
from mutagen.source.follow_names import imported_ends, values_ends
from mutagen.source.follow_objects import Made, lineage, maker
from mutagen.source.follow_truth import truth
from mutagen.source.names import dotted, imported_names
from mutagen.source.reaching import Function, reaching, scope_of, text_of
from mutagen.source.way import End, Following, Point


def attribute_ends(f: Following, point: Point, node: ast.Attribute) -> Iterator[End]:
    act, name = point.act, dotted(node)
    origin = _dotted_origin(act.file, node)
    if origin is not None:
        yield from imported_ends(f, point, node, origin)
        return
    scope = scope_of(act.file, node)
    if name is not None and scope is not None:
        here = act if act.scope is scope else around(act, act.file, scope)
        found = reaching(act.file, name, node, scope, truth(f, here))
        yield from values_ends(f, point.inside(here), found.values)
        if not found.unset:
            return
    yield from _of_object(f, point, node)


def _dotted_origin(file: SourceFile, node: ast.Attribute) -> str | None:
    first, _, rest = (dotted(node) or "").partition(".")
    base = imported_names(file).get(first)
    return f"{base}.{rest}" if base else None


def _of_object(f: Following, point: Point, node: ast.Attribute) -> Iterator[End]:
    """An attribute by where the object was made: what its constructor, or else its class, assigns."""
    made = maker(f, point.act, node.value)
    if made is None:
        yield point.end()
        return
    values = [it for one in lineage(f, made) for it in _assigned(f, made, one, node.attr, point.act)]
    if not values:
        yield from _by_class(f, point, made, node.attr)
        return
    for level, value in values:
        yield from f.follow(point.inside(level).to(value))


def _by_class(f: Following, point: Point, made: Made, name: str) -> Iterator[End]:
    for file, owner in lineage(f, made):
        found = reaching(file, name, owner, owner, lambda _: None)
        module = around(point.act, file, None)
        fields = any(isinstance(it, ast.AnnAssign) and text_of(it.target) == name for it in owner.body)
        init = any(isinstance(it, Function) and it.name == "__init__" for it in owner.body)
        if fields and not init and made.call is not None and made.outer is not None:
            given = _field(owner, made.call, name)
            if given is not None:
                yield from f.follow(point.inside(made.outer).to(given))
                return
        if found.values:
            yield from values_ends(f, point.inside(module), found.values)
            return
    yield point.end()


def _assigned(f: Following, made: Made, one: tuple[SourceFile, ast.ClassDef], name: str, act: Activation) -> Found:
    """What the methods of a class assign to ``self.name``."""
    file, owner = one
    found: Found = []
    for method in (it for it in owner.body if isinstance(it, Function)):
        level = around(act, file, method)
        if level.call is None and level.outer is None and level.given is None and method.name == "__init__":
            level = _supposed(f, made, file, method)
        end: ast.AST = level.at if level.at is not None and level.file.path == file.path else method
        here = reaching(file, f"self.{name}", end, method, truth(f, level))
        found.extend((level, it) for it in here.values)
    return found


def _supposed(f: Following, made: Made, file: SourceFile, init: Function) -> Activation:
    """The constructor as the recorded chain does not show it: it has returned."""
    own = made.owner is not None and init in made.owner[1].body
    if own and made.call is not None and made.outer is not None:
        return entered(f, made.outer, made.call, file, init)
    if made.init is None or made.init.scope is None:
        return Activation(file, init)
    for call in ast.walk(made.init.scope):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "__init__":
            return entered(f, made.init, call, file, init)
    return Activation(file, init)


def _field(owner: ast.ClassDef, call: ast.Call, name: str) -> ast.expr | None:
    """What the call of a dataclass gives a field."""
    fields = [it.target.id for it in owner.body if isinstance(it, ast.AnnAssign) and isinstance(it.target, ast.Name)]
    named = next((it.value for it in call.keywords if it.arg == name), None)
    index = fields.index(name)
    return named or (call.args[index] if index < len(call.args) else None)
