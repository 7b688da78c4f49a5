"""What a name may stand for, by the scopes around it, the imports of its file and the parameters of its function."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from mutagen.source.activation import around, parameters
from mutagen.source.file import SourceFile
from mutagen.source.follow_arguments import given_ends
from mutagen.source.follow_truth import truth
from mutagen.source.modules import imported_from, origin_of, star_imports
from mutagen.source.names import canonical
from mutagen.source.reaching import Function, reaching, scope_of, text_of
from mutagen.source.way import End, Following, Point


def name_ends(f: Following, point: Point, node: ast.Name) -> Iterator[End]:
    if isinstance(node.ctx, ast.Store):
        yield point.end()
        return
    yield from looked_up(f, point, node, node.id)


def looked_up(f: Following, point: Point, at: ast.AST, name: str) -> Iterator[End]:
    """A name by the scopes around a node, innermost first."""
    act = point.act
    owner = _class_body(act.file, at)
    if owner is not None:
        within = reaching(act.file, name, at, owner, truth(f, act))
        yield from values_ends(f, point, within.values)
        if not within.unset:
            return
    scope = scope_of(act.file, at)
    if scope is None:
        yield from _module_name(f, point, at if act.scope is None and act.at is not None else None, name)
        return
    here = act if act.scope is scope else around(act, act.file, scope)
    found = reaching(act.file, name, at, scope, truth(f, here))
    yield from values_ends(f, point.inside(here), found.values)
    if not found.unset:
        return
    stars = {it.arg for it in (scope.args.vararg, scope.args.kwarg) if it is not None}
    if name in parameters(scope):
        yield from given_ends(f, point.inside(here), name)
    elif name in stars:
        yield point.end()
    else:
        yield from looked_up(f, point.inside(here), scope, name)


def values_ends(f: Following, point: Point, values: list[ast.AST]) -> Iterator[End]:
    for value in values:
        if isinstance(value, ast.Import | ast.ImportFrom):
            yield from imported_ends(f, point, point.node, str(origin_of(value, str(text_of(point.node)))))
        else:
            yield from f.follow(point.to(value))


def _module_name(f: Following, point: Point, at: ast.AST | None, name: str) -> Iterator[End]:
    file = point.act.file
    module = around(point.act, file, None)
    found = reaching(file, name, at or file.tree, file.tree, truth(f, module))
    plain = [it for it in found.values if not isinstance(it, ast.Import | ast.ImportFrom)]
    imported = [it for it in found.values if isinstance(it, ast.Import | ast.ImportFrom)]
    yield from values_ends(f, point.inside(module), plain)
    origins = dict.fromkeys(origin_of(it, name) for it in imported)
    for origin in origins:
        yield from imported_ends(f, point.inside(module), point.node, str(origin))
    if found.unset and not found.values:
        yield from _by_star(f, point, name)


def _by_star(f: Following, point: Point, name: str) -> Iterator[End]:
    for origin in star_imports(point.act.file):
        place = imported_from(point.act.file, origin)
        if place is None or place.name is not None:
            continue
        file = f.open_file(place.path)
        if any(text_of(it) == name for it in ast.walk(file.tree) if isinstance(it, ast.Name)) or any(
            isinstance(it, Function | ast.ClassDef) and it.name == name for it in file.tree.body
        ):
            yield from _of_module(f, point, place.path, name)
            return
    yield point.end()


def imported_ends(f: Following, point: Point, node: ast.AST, origin: str) -> Iterator[End]:
    """A dotted origin: what torch calls by that name, or what the module of it holds."""
    if origin.partition(".")[0] == "torch":
        yield replace(point.end(), origin=canonical(origin))
        return
    place = imported_from(point.act.file, origin)
    if place is None or place.name is None:
        yield replace(point.end(), origin=origin)
        return
    yield from _of_module(f, point, place.path, place.name)


def _of_module(f: Following, point: Point, path: str, name: str) -> Iterator[End]:
    file = f.open_file(path)
    module = around(point.act, file, None)
    yield from _module_name(f, Point(module, ast.Name(name, ast.Load()), point.passed(), point.bound), None, name)


def _class_body(file: SourceFile, node: ast.AST) -> ast.ClassDef | None:
    """The class in whose body, outside of methods, a node stands; a method's defaults stand there too."""
    inner = node
    for around_it in file.ancestors(node):
        if isinstance(around_it, Function | ast.Lambda):
            body = around_it.body if isinstance(around_it.body, list) else [around_it.body]
            if inner in body:
                return None
        if isinstance(around_it, ast.ClassDef):
            return around_it if inner in around_it.body and not isinstance(node, Function) else None
        inner = around_it
    return None
