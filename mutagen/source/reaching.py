"""What a name may hold where it is read: the assignments that reach that place."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from mutagen.source.file import SourceFile
from mutagen.source.names import dotted

Function = ast.FunctionDef | ast.AsyncFunctionDef
Scope = Function | ast.Lambda
Truth = Callable[[ast.expr], bool | None]
"""Whether a test held, None where that cannot be told."""

_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass
class Reaching:
    """``values`` are the expressions assigned, or the statements that bind the name in another way.

    ``unset`` says that the place can be reached from the start without any of them.
    """

    values: list[ast.AST] = field(default_factory=list)
    unset: bool = True


def reaching(file: SourceFile, name: str, at: ast.AST, scope: ast.AST, truth: Truth) -> Reaching:
    """The definitions of ``name`` (``norm``, ``self.norm``, ``kwargs['norm']``) that reach ``at`` within ``scope``.

    ``scope`` is a function, class or module; ``at`` the same node means its end.
    """
    look = _Look(name, truth, Reaching())
    if at is scope:
        look.found.unset = look.backward(_body(scope))
        return look.found
    node = at
    while node is not scope:
        parent = file.parents[node]
        if not _climb(look, parent, node):
            look.found.unset = False
            return look.found
        node = parent
    return look.found


def scope_of(file: SourceFile, node: ast.AST) -> Scope | None:
    """The function or lambda in whose body a node stands; defaults and decorators stand outside of theirs."""
    inner = node
    for around in file.ancestors(node):
        if isinstance(around, Function) and inner in around.body:
            return around
        if isinstance(around, ast.Lambda) and inner is around.body:
            return around
        inner = around
    return None


def text_of(node: ast.AST) -> str | None:
    """A name as it is compared here; None for what is no place to assign to."""
    return dotted(node) or (ast.unparse(node) if isinstance(node, ast.Subscript) else None)


@dataclass
class _Look:
    name: str
    truth: Truth
    found: Reaching

    def backward(self, block: Sequence[ast.stmt]) -> bool:
        """Notes what statements assign, last first; whether one may come through without an assignment."""
        return all(self.passes(statement) for statement in reversed(block))

    def branch(self, block: Sequence[ast.stmt]) -> bool:
        """The same for a branch, of which nothing is left where it ends in ``return`` or ``raise``."""
        if block and isinstance(block[-1], ast.Return | ast.Raise):
            return False
        return self.backward(block)

    def passes(self, statement: ast.stmt) -> bool:
        """Notes what one statement assigns; whether one may come through it without an assignment."""
        if isinstance(statement, ast.If):
            holds = self.truth(statement.test)
            ways = [statement.body] if holds is not False else []
            ways += [statement.orelse] if holds is not True else []
            through = [self.branch(way) for way in ways]
            return any(through)
        if isinstance(statement, ast.Try | ast.TryStar):
            return self._passes_try(statement)
        if isinstance(statement, _LOOPS):
            self.backward([*statement.body, *statement.orelse])
            return not self.binds(statement)
        if isinstance(statement, ast.With | ast.AsyncWith):
            return self.backward(statement.body) and not self.binds(statement)
        if isinstance(statement, ast.Match):
            for case in statement.cases:
                self.branch(case.body)
            return True
        return not self.binds(statement)

    def _passes_try(self, statement: ast.Try | ast.TryStar) -> bool:
        if not self.backward(statement.finalbody):
            return False
        through = self.backward([*statement.body, *statement.orelse])
        return any([through, *(self.branch(handler.body) for handler in statement.handlers)])

    def binds(self, statement: ast.stmt) -> bool:
        """Notes the value that a simple statement gives the name; whether it surely does."""
        values = _bound_by(statement, self.name)
        self.found.values.extend(values)
        weak = isinstance(statement, ast.For | ast.AsyncFor) or _sets_default(statement)
        return bool(values) and not weak


def _climb(look: _Look, parent: ast.AST, node: ast.AST) -> bool:
    """Notes what runs before ``node`` in the statement around it; whether the search goes on further out."""
    block = next((it for it in _blocks(parent) if node in it), None)
    if block is not None:
        index = block.index(node)  # type: ignore[arg-type]
        if not look.backward(block[:index]):
            return False
        if isinstance(parent, _LOOPS) and block is parent.body:
            _earlier_turn(look, parent)
            if isinstance(parent, ast.For | ast.AsyncFor) and look.binds(parent) | bool(_bound_by(parent, look.name)):
                return False
        if isinstance(parent, ast.With | ast.AsyncWith) and look.binds(parent):
            return False
    if isinstance(parent, ast.Try | ast.TryStar) and node not in parent.body:
        look.backward(parent.body)
    if isinstance(parent, _COMPREHENSIONS):
        bound = [it.target for it in parent.generators if look.name in _names_in(it.target)]
        look.found.values.extend(bound)
        return not bound
    return True


def _earlier_turn(look: _Look, loop: ast.For | ast.AsyncFor | ast.While) -> None:
    """Notes what an earlier turn of a loop may have left, when the names that it binds held something else."""
    bound = {it.id for it in ast.walk(loop) if isinstance(it, ast.Name) and isinstance(it.ctx, ast.Store)}

    def then(test: ast.expr) -> bool | None:
        asked = {it.id for it in ast.walk(test) if isinstance(it, ast.Name)}
        return None if asked & bound else look.truth(test)

    _Look(look.name, then, look.found).backward(loop.body)


def _blocks(node: ast.AST) -> list[list[ast.stmt]]:
    blocks = (getattr(node, name, None) for name in ("body", "orelse", "finalbody"))
    return [it for it in blocks if isinstance(it, list)]


def _body(scope: ast.AST) -> list[ast.stmt]:
    body = getattr(scope, "body", [])
    return body if isinstance(body, list) else []


def _bound_by(statement: ast.stmt, name: str) -> list[ast.AST]:
    if isinstance(statement, ast.Assign):
        return [it for target in statement.targets for it in _pairs(target, statement.value, name)]
    if isinstance(statement, ast.AnnAssign) and statement.value is not None:
        return _pairs(statement.target, statement.value, name)
    if isinstance(statement, ast.AugAssign):
        return [statement] if text_of(statement.target) == name else []
    if isinstance(statement, ast.For | ast.AsyncFor):
        return [statement.target] if name in _names_in(statement.target) else []
    if isinstance(statement, ast.With | ast.AsyncWith):
        targets = [it.optional_vars for it in statement.items if it.optional_vars is not None]
        return [it for it in targets if name in _names_in(it)]
    if isinstance(statement, Function | ast.ClassDef):
        return [statement] if statement.name == name else []
    if isinstance(statement, ast.Import | ast.ImportFrom):
        names = {alias.asname or alias.name.partition(".")[0] for alias in statement.names}
        return [statement] if name in names else []
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        return _by_method(statement.value, name)
    return []


def _pairs(target: ast.expr, value: ast.expr, name: str) -> list[ast.AST]:
    if text_of(target) == name:
        return [value]
    if isinstance(target, ast.Tuple | ast.List):
        if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts):
            both = zip(target.elts, value.elts, strict=True)
            return [it for one, other in both for it in _pairs(one, other, name)]
        return [target] if name in _names_in(target) else []
    return []


def _by_method(call: ast.Call, name: str) -> list[ast.AST]:
    """``kwargs.setdefault('norm', x)`` and ``kwargs.update(norm=x)``."""
    if not isinstance(call.func, ast.Attribute) or not name.endswith("]"):
        return []
    holder, key = ast.unparse(call.func.value), name[name.rfind("[") + 1 : -1]
    if not name.startswith(f"{holder}["):
        return []
    if call.func.attr == "setdefault" and len(call.args) == 2 and ast.unparse(call.args[0]) == key:
        return [call.args[1]]
    if call.func.attr == "update":
        return [it.value for it in call.keywords if repr(it.arg) == key]
    return []


def _sets_default(statement: ast.stmt) -> bool:
    call = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "setdefault"


def _names_in(target: ast.AST) -> set[str]:
    return {name for node in ast.walk(target) if (name := text_of(node)) is not None}
