"""Where all is built that a change speaks of: the end of a constructor, or of the function that makes the model."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from mutagen.actions.draft import Draft
from mutagen.actions.scene import Scene
from mutagen.records.plan import Edit
from mutagen.records.rules import Rule
from mutagen.records.span import Span
from mutagen.records.trace import CallSite, Instance
from mutagen.source.anchor import Function, init_of, own_nodes
from mutagen.source.file import SourceFile
from mutagen.source.names import names_in

_NAMES = ("model", "net", "network", "module")


@dataclass(frozen=True)
class Owner:
    """A function at whose end the change may stand.

    ``roots`` are what it builds, by path, and ``below`` what these hold. ``name`` is what it calls them; ``given`` is
    the expression that a function returns without giving it a name.
    """

    file: SourceFile
    function: Function
    roots: tuple[str, ...]
    below: tuple[Instance, ...]
    name: str = "self"
    given: ast.expr | None = None

    @property
    def last(self) -> ast.stmt:
        """The statement behind or before which the change stands."""
        return self.function.body[-1]

    @property
    def is_class(self) -> bool:
        """Whether it is a constructor, which may run for instances of other shapes too."""
        return self.name == "self"


def is_below(path: str, root: str) -> bool:
    """Whether a module lies within another one."""
    return path != root and (not root or path.startswith(f"{root}."))


def common_owners(group: Sequence[Instance]) -> Iterator[str]:
    """Paths of modules that hold all instances, innermost first."""
    parts = [it.path.split(".")[:-1] for it in group]
    shared = 0
    while all(len(names) > shared and names[shared] == parts[0][shared] for names in parts):
        shared += 1
    for length in range(shared, -1, -1):
        yield ".".join(parts[0][:length])


def owners_of(group: Sequence[Instance], scene: Scene, *, apart: bool = False) -> Iterator[Owner]:
    """Classes whose instances hold all of the group, those of the target's file first and innermost first.

    With ``apart`` also those of which each instance holds a few of it. Last comes the function that makes the model,
    which other such functions know nothing of.
    """
    found = list(_classes(group, scene, apart=apart))
    yield from sorted(found, key=lambda it: it.file.path != scene.project.target)
    factory = _factory(scene)
    if factory is not None:
        yield factory


def change_at(owners: Iterable[Owner], change: Callable[[Owner], Draft | None]) -> Draft | None:
    """The change at the first owner that it can be written for.

    A constructor that speaks of parts by number would fail for a shorter configuration of its class: then the function
    that makes the model is the better place, if there is one.
    """
    fallback: Draft | None = None
    for owner in owners:
        found = change(owner)
        if found is None:
            continue
        if not owner.is_class or not any(_counts(edit.new) for edit in found.edits):
            return found
        fallback = fallback or found
    return fallback


def _counts(text: str) -> bool:
    """Whether a text names parts by number: ``self.layer4[1].conv1``, ``"layer4.1.conv1"``, ``self.stage2.unit6``."""
    return bool(re.search(r"[\w\])]\[\d+\]|[\"'][\w.]*\.\d|\.(?:unit|block|cell)_?\d+\b", text))


def owner_edits(
    rule: Rule, owner: Owner, lines: Sequence[str], reason: str, paths: tuple[str, ...]
) -> tuple[Edit, ...]:
    """The edits that put whole lines at the end of an owner."""
    file, last = owner.file, owner.last
    head = Span(file.path, last.lineno, last.col_offset, last.lineno, last.col_offset)
    text = "".join(f"{file.newline}{line}" for line in lines)
    if owner.is_class:
        return (Edit(file.behind(last), "", text, rule.id, "override", reason, paths),)
    indent = file.indent(last.lineno)
    if owner.given is None:
        new = text.removeprefix(file.newline + indent) + file.newline + indent
        return (Edit(head, "", new, rule.id, "override", reason, paths),)
    whole = Span(file.path, last.lineno, last.col_offset, last.end_lineno or last.lineno, last.end_col_offset or 0)
    old = file.text(whole)
    bound = f"{owner.name} =" + _shifted(
        old.removeprefix("return"), len(owner.name) + 2 - len("return"), last.col_offset + 7
    )
    tail = f"{file.newline}{indent}return {owner.name}"
    return (
        Edit(whole, old, bound, rule.id, "override", reason, paths),
        Edit(file.behind(last), "", text + tail, rule.id, "override", reason, paths),
    )


def _shifted(text: str, by: int, column: int) -> str:
    """Lines that are aligned with what stands in the first one move along with it."""
    first, *rest = text.split("\n")
    aligned = all(len(line) - len(line.lstrip(" ")) >= column for line in rest)
    moved = [(" " * (len(line) - len(line.lstrip(" ")) + by) + line.lstrip(" ")) if aligned else line for line in rest]
    return "\n".join([first, *moved])


def _classes(group: Sequence[Instance], scene: Scene, *, apart: bool) -> Iterator[Owner]:
    parents = {it.type if (it := scene.by_path.get(one.owner)) else "" for one in group}
    around = [group[0].owner] if len(parents) == 1 else []
    around = list(common_owners(group[:1])) if apart else around
    for path in dict.fromkeys([*around, *common_owners(group)]):
        instance = scene.by_path.get(path)
        known = instance.definition if instance is not None else None
        if instance is None or known is None or not scene.project.editable(known.file):
            continue
        file = scene.project.file(known.file)
        classes = [it for it in file.tree.body if isinstance(it, ast.ClassDef) and it.name == known.qualname]
        init = init_of(classes[0]) if classes else None
        if init is None or _ends_early(init) or init.body[-1].lineno == init.lineno:
            continue
        kin = [it for it in scene.trace.instances if instance.type in it.bases]
        if any(it.type != instance.type for it in kin):
            continue  # a subclass goes on making modules when this constructor has ended
        roots = tuple(it.path for it in kin)
        if any(is_below(one, other) for one in roots for other in roots):
            continue  # the outer one would come upon products of the inner one
        if not all(any(is_below(it.path, root) for root in roots) for it in group):
            continue
        below = tuple(it for it in scene.trace.instances if any(is_below(it.path, root) for root in roots))
        yield Owner(file, init, roots, below)


def _factory(scene: Scene) -> Owner | None:
    """The function that the model call names, if the model leaves it by its last statement alone.

    Weights that it loads are loaded by then, under the names they were saved with.
    """
    root = scene.by_path.get("")
    site = root.chain[-1] if root is not None and root.chain else None
    function = _function_of(site, scene) if site is not None else None
    if site is None or function is None or function.name != scene.trace.call.callee.rpartition(".")[2]:
        return None
    leaves = [it for it in own_nodes(function) if isinstance(it, ast.Return | ast.Yield | ast.YieldFrom)]
    last = function.body[-1]
    if leaves != [last] or not isinstance(last, ast.Return) or last.value is None or last.lineno == function.lineno:
        return None
    file = scene.project.file(site.span.file)
    below = tuple(it for it in scene.trace.instances if it.path)
    if isinstance(last.value, ast.Name):
        return Owner(file, function, ("",), below, last.value.id)
    name = _free(file, function)
    return Owner(file, function, ("",), below, name, last.value) if name else None


def _function_of(site: CallSite, scene: Scene) -> ast.FunctionDef | None:
    if not scene.project.editable(site.span.file):
        return None
    file = scene.project.file(site.span.file)
    call = file.node_at(site.span)
    around = list(file.ancestors(call)) if call is not None else []
    function = next((it for it in around if isinstance(it, Function | ast.Lambda)), None)
    return function if isinstance(function, ast.FunctionDef) else None


def _free(file: SourceFile, function: Function) -> str | None:
    """A name for the model: the one that most functions of the file return, if this one does not know it."""
    returned = [
        it.value.id for it in ast.walk(file.tree) if isinstance(it, ast.Return) and isinstance(it.value, ast.Name)
    ]
    usual = sorted(_NAMES, key=lambda name: (-returned.count(name), _NAMES.index(name)))
    return next((name for name in usual if name not in names_in(function)), None)


def _ends_early(init: Function) -> bool:
    """Whether the end of a constructor may not be reached."""
    return isinstance(init.body[-1], ast.Raise) or any(isinstance(it, ast.Return) for it in own_nodes(init))
