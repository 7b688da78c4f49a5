"""A new attribute of a class: its name, its arguments as source, the place where it is made."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mutagen.actions.paths import joined
from mutagen.actions.scene import Scene, refuse
from mutagen.records.plan import Edit, Refusal
from mutagen.records.rules import Rule, Value
from mutagen.records.span import Span
from mutagen.records.trace import CallSite
from mutagen.source.anchor import Anchor, anchor_at, init_of, last_anchor, own_frame, seen_from
from mutagen.source.expressions import Observation, expression_for
from mutagen.source.file import SourceFile

_WIDTH = 100
_OUTPUTS = ("out_channels", "num_features", "out_features", "num_channels", "channels")


@dataclass(frozen=True)
class Wanted:
    """One owner of the new attribute: path, value of each channel argument, children that make the tensors."""

    owner: str
    values: Mapping[str, int]
    children: tuple[str, ...]

    @property
    def child(self) -> str | None:
        """The child that makes the tensor on the edge."""
        return self.children[0] if self.children else None


@dataclass(frozen=True)
class Place:
    """Where the attribute is made: behind ``anchor``, with what was recorded there for each owner, if anything."""

    file: SourceFile
    owner: ast.ClassDef
    anchor: Anchor
    frames: tuple[CallSite | None, ...]


def find_place(
    rule: Rule, file: SourceFile, owner: ast.ClassDef, wanted: Sequence[Wanted], scene: Scene
) -> Place | Refusal:
    """The statement of ``__init__`` behind which the attribute goes: below the module that makes the tensor."""
    init = init_of(owner)
    path = wanted[0].owner
    if init is None:
        message = f"class {owner.name} has no __init__ of its own in which to make the new module"
        return refuse(rule, path, "no-init", message, "give the class an __init__", where=head_of(file, owner))
    frames = _last_made([tuple(_frame(it, owner, scene, name) for it in wanted) for name in wanted[0].children])
    frames = frames or (None,) * len(wanted)
    span = frames[0].span if frames[0] else None
    same = span is not None and all(it is not None and it.span == span for it in frames)
    anchor = anchor_at(file, init, span) if span is not None and same and span.file == file.path else None
    if anchor is not None:
        return Place(file, owner, anchor, frames)
    anchor = last_anchor(init)
    if anchor is None:
        message = f"{owner.name}.__init__ ends in a way that leaves no place behind it"
        return refuse(
            rule, path, "no-init", message, "write __init__ without an early return", where=head_of(file, owner)
        )
    frames = tuple(_last_frame(it, owner, anchor, file, scene) for it in wanted)
    first = min((it.span.line for it in frames if it is not None), default=anchor.statement.lineno)
    return Place(file, owner, seen_from(anchor, owner, first), frames)


def _last_made(frames: Sequence[tuple[CallSite | None, ...]]) -> tuple[CallSite | None, ...] | None:
    """Of the calls that make the tensors' producers, the last one in the source."""
    known = [it for it in frames if it[0] is not None]
    return max(known, key=lambda it: (it[0].span.line, it[0].span.column) if it[0] else (0, 0)) if known else None


def _frame(wanted: Wanted, owner: ast.ClassDef, scene: Scene, child: str | None) -> CallSite | None:
    instance = scene.by_path.get(joined(wanted.owner, child)) if child else None
    return own_frame(instance.chain, wanted.owner, owner.name) if instance else None


def _last_frame(wanted: Wanted, owner: ast.ClassDef, anchor: Anchor, file: SourceFile, scene: Scene) -> CallSite | None:
    """What the last child made by ``__init__`` saw, as long as it was made at or above the anchor."""
    found: CallSite | None = None
    limit = (anchor.statement.end_lineno or 0, anchor.statement.end_col_offset or 0)
    for instance in scene.trace.instances:
        if instance.owner == wanted.owner and instance.path != wanted.owner:
            site = own_frame(instance.chain, wanted.owner, owner.name)
            if site is not None and site.span.file == file.path and (site.span.end_line, site.span.end_column) <= limit:
                if found is None or (site.span.line, site.span.column) >= (found.span.line, found.span.column):
                    found = site
    return found


def arguments_as_source(
    rule: Rule,
    place: Place,
    names: Sequence[str],
    wanted: Sequence[Wanted],
    scene: Scene,
    *,
    operands: Sequence[str] = (),
) -> tuple[str, ...] | Refusal:
    """The channel arguments as expressions that hold for every owner.

    ``operands`` are the texts of the tensors that they are the channels of: of ``skip`` these are ``skip_channels``.
    """
    texts: list[str] = []
    near = _nearby(place, wanted, scene)
    for index, name in enumerate(names):
        values = [it.values[name] for it in wanted]
        observations = [
            Observation(site.names if site else {}, value) for site, value in zip(place.frames, values, strict=True)
        ]
        text = expression_for(
            place.file,
            place.anchor.function,
            observations,
            nearby=near,
            hidden=place.anchor.hidden,
            siblings=_siblings(place, wanted, scene),
            called=operands[index] if index < len(operands) else "",
        )
        if text is None:
            shown = ", ".join(sorted({str(value) for value in values}))
            message = f"no expression in {place.owner.name}.__init__ gives the channels ({shown}) for every instance"
            advice = "keep the channel count in an argument or attribute of the class"
            return refuse(
                rule, wanted[0].owner, "no-expression", message, advice, where=head_of(place.file, place.owner)
            )
        texts.append(text)
    return tuple(texts)


def _nearby(place: Place, wanted: Sequence[Wanted], scene: Scene) -> list[ast.AST]:
    """What the constructors of the tensors' producers are given: the channels they put out, then all of it."""
    outputs: list[ast.AST] = []
    calls: list[ast.AST] = []
    for child in wanted[0].children:
        site = _frame(wanted[0], place.owner, scene, child)
        call = place.file.node_at(site.span) if site is not None and site.span.file == place.file.path else None
        if isinstance(call, ast.Call):
            calls.append(call)
            outputs.extend(keyword.value for keyword in call.keywords if keyword.arg in _OUTPUTS)
            outputs.extend(call.args[1:2])
    return [*outputs, *calls, *([place.anchor.call] if place.anchor.call is not None else [])]


def _siblings(place: Place, wanted: Sequence[Wanted], scene: Scene) -> list[tuple[str, list[Value]]]:
    """Channel attributes of children that stand above the anchor, in the order they were made."""
    found: list[tuple[str, list[Value]]] = []
    first = wanted[0].owner
    for child in (it for it in scene.trace.instances if it.owner == first and it.path != first):
        name = child.path.rpartition(".")[2]
        site = own_frame(child.chain, first, place.owner.name)
        if not name.isidentifier() or site is None or site.span.line > (place.anchor.statement.end_lineno or 0):
            continue
        for fact in ("out_channels", "num_features", "out_features", "num_channels", "in_channels"):
            same = [scene.by_path.get(joined(it.owner, name)) for it in wanted]
            if all(it is not None and fact in it.facts for it in same):
                found.append((f"self.{name}.{fact}", [it.facts[fact] for it in same if it is not None]))
    return found


def make_statement(
    rule: Rule, place: Place, name: str, call: str, condition: str | None, owners: Sequence[str], *, otherwise: str = ""
) -> Edit:
    """``self.eca = ECA(planes)`` as a new line behind the anchor; ``otherwise`` is made where the condition fails."""
    file, statement = place.file, place.anchor.statement
    indent, step = file.indent(statement.lineno), file.step(statement.lineno)
    choice = f"{indent}self.{name} = {call} if {condition} else {otherwise}"
    if otherwise and len(choice.expandtabs(4)) <= _WIDTH:
        text = f"{file.newline}{choice}"
    elif otherwise:
        lines = [f"if {condition}:", f"{step}self.{name} = {call}", "else:", f"{step}self.{name} = {otherwise}"]
        text = "".join(f"{file.newline}{indent}{line}" for line in lines)
    elif condition is None:
        text = f"{file.newline}{indent}self.{name} = {call}"
    else:
        text = f"{file.newline}{indent}if {condition}:{file.newline}{indent}{step}self.{name} = {call}"
    reason = f"every instance of {place.owner.name} that has the edge makes its own"
    return Edit(file.behind(statement), "", text, rule.id, "forward", reason, tuple(owners))


def head_of(file: SourceFile, owner: ast.ClassDef) -> Span:
    return Span(file.path, owner.lineno, owner.col_offset, owner.lineno, owner.col_offset + 5)
