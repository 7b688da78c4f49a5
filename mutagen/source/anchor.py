"""Where in a class a new attribute is made."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
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


def own_nodes(function: Function) -> Iterator[ast.AST]:
    """The nodes of a function's body without those of functions and classes inside it."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, Function | ast.Lambda | ast.ClassDef):
            waiting.extend(ast.iter_child_nodes(node))


def init_of(owner: ast.ClassDef) -> Function | None:
    """The ``__init__`` that a class defines itself, or the ``__post_init__`` of a dataclass."""
    known = {it.name: it for it in owner.body if isinstance(it, Function)}
    data = any("dataclass" in ast.unparse(it) for it in owner.decorator_list)
    return known.get("__init__") or (known.get("__post_init__") if data else None)


def anchor_at(file: SourceFile, init: Function, span: Span) -> Anchor | None:
    """The statement of ``init`` that holds the construct call at ``span``; ``super().__init__()`` if that is below."""
    call = file.node_at(span)
    if call is None:
        return None
    statement = file.statement(call)
    while statement not in init.body:
        around = next((it for it in file.ancestors(statement) if isinstance(it, ast.stmt)), None)
        if around is None or around is init:
            return None
        statement = around
    first = statement.lineno
    statement = max(statement, _base_init(init) or statement, key=lambda it: it.lineno)
    return Anchor(init, statement, call, _across(file.class_of(init), init, first, statement))


def _base_init(init: Function) -> ast.stmt | None:
    """The statement ``super().__init__()``, above which a module can hold no other."""
    for statement in init.body:
        call = statement.value if isinstance(statement, ast.Expr) else None
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "__init__":
            return statement
    return None


def last_anchor(init: Function) -> Anchor | None:
    """The last statement of ``init`` that sets an attribute of ``self``, else its last statement."""
    if isinstance(init.body[-1], ast.Return | ast.Raise):
        return None
    setters = [it for it in init.body if _sets_self(it)]
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
        makers = (f"{class_name}.__init__", f"{class_name}.__post_init__")
        if site.owner in (owner, None) and site.function.endswith(makers):
            return site
    return None


def behind_stores(anchor: Anchor, owner: ast.ClassDef, names: Iterable[str], *, line: int) -> Anchor | None:
    """The anchor, moved behind the last of the statements of ``init`` that set these attributes (``self.add``).

    ``line`` is that of the call at which values were recorded. None where one is not set, or not by ``init`` itself.
    """
    setting = [_setter(anchor.function, name) for name in names]
    if not setting or None in setting:
        return None
    last = max([anchor.statement, *(it for it in setting if it is not None)], key=lambda it: it.lineno)
    return seen_from(replace(anchor, statement=last), owner, line)


def _setter(init: Function, name: str) -> ast.stmt | None:
    """The one statement at the level of ``init`` itself that sets an attribute."""
    lines = {line for stored, line in _stored(init) if stored == name}
    setters = [it for it in init.body if isinstance(it, ast.Assign | ast.AnnAssign) and it.lineno in lines]
    return setters[0] if len(setters) == len(lines) == 1 else None


def _sets_self(statement: ast.stmt) -> bool:
    """Whether a statement sets an attribute of ``self``, be it in one of its branches."""
    if isinstance(statement, ast.If):
        ends = any(isinstance(it, ast.Return | ast.Raise) for it in ast.walk(statement))
        return not ends and any(_sets_self(it) for it in [*statement.body, *statement.orelse])
    if not isinstance(statement, ast.Assign | ast.AnnAssign):
        return False
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
    """An attribute name that the class does not use: ``eca``, else ``eca2``; ``numbered`` starts with ``eca1``.

    So does a class that numbers what it has one of: ``conv1``, ``bn1``, ``relu1``.
    """
    used = {node.attr for node in ast.walk(owner) if isinstance(node, ast.Attribute)} | taken
    used |= {node.name for node in owner.body if isinstance(node, Function)}
    numbered = numbered or _numbers_single_ones(owner)
    names = [f"{wanted}{n}" for n in range(1, 100)] if numbered else [wanted, *(f"{wanted}{n}" for n in range(2, 100))]
    return next(name for name in names if name not in used)


def _numbers_single_ones(owner: ast.ClassDef) -> bool:
    """Whether all modules that ``__init__`` makes are numbered, and at least two of them stand alone as number 1."""
    init = init_of(owner)
    made = [it for it in ast.walk(init) if isinstance(it, ast.Assign) and _sets_self(it)] if init else []
    names = [
        it.targets[0].attr for it in made if isinstance(it.value, ast.Call) and isinstance(it.targets[0], ast.Attribute)
    ]
    parts = [re.fullmatch(r"(.*?[^\d_])(\d+)", name) for name in names]
    numbers: dict[str, list[str]] = {}
    for part in parts:
        if part is None:
            return False
        numbers.setdefault(part[1], []).append(part[2])
    return sum(it == ["1"] for it in numbers.values()) > 1 and all("1" in it for it in numbers.values())
