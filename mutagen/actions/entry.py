"""The expression that has to change for a class that enters through a variable."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mutagen.actions.entry_table import akin, key_of, keyed
from mutagen.actions.new_call import literal
from mutagen.blocks.replacement import Replacement
from mutagen.records.span import Span
from mutagen.source.activation import parameters
from mutagen.source.file import SourceFile
from mutagen.source.names import imported_names, resolve
from mutagen.source.origin import Origin
from mutagen.source.project import Project
from mutagen.source.reaching import scope_of
from mutagen.source.way import End, Step

_MOST_ASKED = 2


@dataclass(frozen=True)
class Entry:
    """``node`` is the class, or stands for it; ``text`` is what it becomes where a string is all that changes.

    ``around`` is the ``partial`` call whose first argument it is; ``bound`` the others, which stay. ``complete`` says
    that the name itself is found, not a lookup of something that may have arguments of its own. Only where
    ``condition`` holds the expression stands for the class. ``string`` is a literal by which the class is looked up,
    that becomes ``text``; the class is then added to the table under that key, unless the table ``has`` it.
    """

    file: SourceFile
    node: ast.expr
    around: ast.Call | None
    bound: tuple[ast.Call, ...]
    complete: bool
    condition: str = ""
    string: tuple[SourceFile, ast.expr] | None = None
    text: str = ""
    has: bool = True

    @property
    def changed(self) -> ast.expr:
        """The expression whose text changes."""
        return self.string[1] if self.string is not None else self.around or self.node

    @property
    def span(self) -> Span:
        """What is replaced."""
        file = self.string[0] if self.string is not None else self.file
        return file.span(self.changed)


def entry_of(origin: Origin, way: Replacement, all_origins: Sequence[Origin], project: Project) -> Entry | None:
    """The cheapest expression that may be edited: the string of a lookup, the class itself, what stands for it."""
    if origin.followed:
        string = _string(origin, way, all_origins, project)
        if string is not None:
            return string
        if project.editable(origin.file.path) and resolve(origin.node, imported_names(origin.file)) is not None:
            return _direct(origin.file, origin.node, origin.bound)
    last = Step(origin.end.act, origin.node)
    for step in (*([] if origin.followed else [last]), *reversed(origin.way)):
        if project.editable(step.act.file.path):
            return _alias(step, origin)
    return None


def _direct(file: SourceFile, node: ast.expr, bound: tuple[ast.Call, ...]) -> Entry:
    around = next((it for it in bound if it.args and it.args[0] is node), None)
    return Entry(file, node, around, tuple(it for it in bound if it is not around), True)


def _alias(step: Step, origin: Origin) -> Entry | None:
    """A name of this file for what another file holds, or a lookup, perhaps under a condition on what it looks up."""
    node, file = step.node, step.act.file
    if not isinstance(node, ast.Name | ast.Attribute | ast.Subscript | ast.Call):
        return None
    condition = "" if _is_constant(file, node) else _condition(step)
    if condition is None:
        return None
    before = [it.node for it in (*origin.way, Step(origin.end.act, origin.node))]
    before = before[: next(index for index, it in enumerate(before) if it is node)]
    if any(not any(it is other for other in before) for it in origin.bound):
        return None  # arguments that are bound beyond this file would be lost
    made = _direct(file, node, origin.bound)
    complete = origin.followed and isinstance(node, ast.Name | ast.Attribute)
    return Entry(file, node, made.around, made.bound, complete, condition)


def _condition(step: Step) -> str | None:
    """What is known to hold where a lookup was made: the values of the parameters that it reads; None if too much."""
    node, file = step.node, step.act.file
    parent = file.parents[node]
    stands = isinstance(parent, ast.Assign | ast.keyword | ast.Return) or (
        isinstance(parent, ast.Call) and parent.func is not node
    )
    scope = scope_of(file, node)
    if not stands or scope is None or not isinstance(node, ast.Subscript | ast.Call):
        return None
    stored = {it.id for it in ast.walk(scope) if isinstance(it, ast.Name) and isinstance(it.ctx, ast.Store)}
    free = {it.id for it in ast.walk(node) if isinstance(it, ast.Name)} & (parameters(scope) | stored)
    names = sorted(free - {"self"})
    names += sorted({ast.unparse(it) for it in ast.walk(node) if _is_own(it)})
    if not 0 < len(names) <= _MOST_ASKED or set(names) & stored:
        return None
    if any(it not in step.act.names or isinstance(step.act.names[it], tuple) for it in names):
        return None
    return " and ".join(f"{it} == {literal(step.act.names[it])}" for it in names)


def _is_own(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"


def _is_constant(file: SourceFile, node: ast.expr) -> bool:
    """Whether an expression means the same whatever the arguments of the functions around it are."""
    names = {it.id for it in ast.walk(node) if isinstance(it, ast.Name)}
    scope = scope_of(file, node)
    while scope is not None:
        stored = {it.id for it in ast.walk(scope) if isinstance(it, ast.Name) and isinstance(it.ctx, ast.Store)}
        if names & (parameters(scope) | stored):
            return False
        scope = scope_of(file, scope)
    return True


def _string(origin: Origin, way: Replacement, all_origins: Sequence[Origin], project: Project) -> Entry | None:
    """The literal by which the class is looked up, where the lookup knows the new class too or can learn it."""
    steps = [it for it in origin.way if it.keys]
    if not steps or len(steps[-1].keys) != 1:
        return None
    key = steps[-1].keys[0]
    if not isinstance(key.node, ast.Constant) or not isinstance(key.node.value, str):
        return None
    file = key.act.file
    if not project.editable(file.path) or not _only_looked_up(key, all_origins) or key.node not in file.parents:
        return None
    written = file.text(key.node)
    quote = written[0]
    if written != f"{quote}{key.node.value}{quote}":
        return None
    wanted = f"torch.{way.torch_name}" if way.torch_name is not None and way.factory is None else ""
    new = key_of(origin, wanted) if wanted else None
    made = _direct(origin.file, origin.node, origin.bound)
    if new is None and isinstance(origin.node, ast.Name | ast.Attribute) and project.editable(origin.file.path):
        table = keyed(origin.file, made.around or origin.node)
        new = akin(key.node.value, way)
        if new is None or key.node.value not in table or new in table:
            return None
        text = f"{quote}{new}{quote}"
        return replace(made, string=(file, key.node), text=text, has=False)
    return replace(made, string=(file, key.node), text=f"{quote}{new}{quote}") if new is not None else None


def _only_looked_up(key: End, all_origins: Sequence[Origin]) -> bool:
    """Whether a string goes nowhere but into such lookups: nothing compares it or passes it on to something else."""
    known = {id(it.node) for origin in all_origins for step in origin.way for end in step.keys for it in end.way}
    for step in key.way:
        scope = step.act.scope
        if not isinstance(step.node, ast.Name | ast.Attribute):
            continue
        text = ast.unparse(step.node)
        within = scope if isinstance(step.node, ast.Name) and scope is not None else step.act.file.tree
        for node in ast.walk(within):
            loads = isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load)
            if loads and id(node) not in known and ast.unparse(node) == text:
                return False
    return True
