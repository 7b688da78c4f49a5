"""Where in a class a new attribute is made."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from mutagen.records.span import Span
from mutagen.records.trace import CallSite
from mutagen.source.file import SourceFile
from mutagen.source.names import dotted

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Anchor:
    """A statement of an ``__init__`` body behind which a new statement can stand.

    ``call`` is the construct call in that statement, if any; ``hidden`` are the names that the statement rebinds, so
    that their recorded values may not hold behind it.
    """

    function: Function
    statement: ast.stmt
    call: ast.AST | None
    hidden: frozenset[str]


def init_of(owner: ast.ClassDef) -> Function | None:
    """The ``__init__`` that a class defines itself."""
    return next((it for it in owner.body if isinstance(it, Function) and it.name == "__init__"), None)


def anchor_at(file: SourceFile, init: Function, span: Span) -> Anchor | None:
    """The statement of ``init`` that holds the construct call at ``span``."""
    call = file.node_at(span)
    if call is None:
        return None
    statement = file.statement(call)
    while statement not in init.body:
        around = next((it for it in file.ancestors(statement) if isinstance(it, ast.stmt)), None)
        if around is None or around is init:
            return None
        statement = around
    return Anchor(init, statement, call, _across(file.class_of(init), init, statement.lineno, statement))


def last_anchor(init: Function) -> Anchor | None:
    """The last statement of ``init`` that sets an attribute of ``self``, else its last statement."""
    if isinstance(init.body[-1], ast.Return | ast.Raise):
        return None
    setters = [it for it in init.body if isinstance(it, ast.Assign | ast.AnnAssign) and _sets_self(it)]
    statement = setters[-1] if setters else init.body[-1]
    return Anchor(init, statement, None, frozenset())


def _across(owner: ast.ClassDef | None, init: Function, first: int, statement: ast.stmt) -> frozenset[str]:
    return rebound(owner, init, first, statement.end_lineno or statement.lineno) if owner else frozenset()


def seen_from(anchor: Anchor, owner: ast.ClassDef, line: int) -> Anchor:
    """The anchor for values that were recorded at a call in an earlier line."""
    return replace(anchor, hidden=anchor.hidden | _across(owner, anchor.function, line, anchor.statement))


def own_frame(chain: Sequence[CallSite], owner: str, class_name: str) -> CallSite | None:
    """The level of a construct chain that is a call in ``class_name.__init__`` of the module at ``owner``.

    What was copied was made in an ``__init__`` of the original, which need not be a module of the model.
    """
    for site in chain:
        if site.owner in (owner, None) and site.function.endswith(f"{class_name}.__init__"):
            return site
    return None


def _sets_self(statement: ast.Assign | ast.AnnAssign) -> bool:
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    return any(
        isinstance(it, ast.Attribute) and isinstance(it.value, ast.Name) and it.value.id == "self" for it in targets
    )


def rebound(owner: ast.ClassDef, init: Function, first: int, last: int) -> frozenset[str]:
    """Names that ``init`` binds in these lines, and attributes that other methods, which it may call, set.

    What was recorded of them at a call in these lines may not hold behind them.
    """
    others = [it for it in owner.body if isinstance(it, Function) and it is not init]
    names = {name for name, line in _stored(init) if first <= line <= last}
    return frozenset(names | {name for it in others for name, _ in _stored(it) if name.startswith("self.")})


def _stored(scope: ast.AST) -> Iterator[tuple[str, int]]:
    for node in ast.walk(scope):
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del):
            name = dotted(node)
            if name is not None:
                yield name, node.lineno


def free_name(owner: ast.ClassDef, wanted: str, taken: frozenset[str] = frozenset(), *, numbered: bool = False) -> str:
    """An attribute name that the class does not use: ``eca``, else ``eca2``; ``numbered`` starts with ``eca1``."""
    used = {node.attr for node in ast.walk(owner) if isinstance(node, ast.Attribute)} | taken
    used |= {node.name for node in owner.body if isinstance(node, Function)}
    names = [f"{wanted}{n}" for n in range(1, 100)] if numbered else [wanted, *(f"{wanted}{n}" for n in range(2, 100))]
    return next(name for name in names if name not in used)
