"""A subclass as it is written beside the model: its name, its constructor, where it stands and who takes it."""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final

from mutagen.actions.class_entries import Entry, anchor_of, entries_of, turns_of
from mutagen.actions.definition import line_before, use_class
from mutagen.actions.draft import Draft, join
from mutagen.actions.guard import chosen_by
from mutagen.actions.new_call import NewCall
from mutagen.actions.scene import Scene
from mutagen.blocks.short_names import snake
from mutagen.match.globs import is_a, type_matches
from mutagen.records.plan import Edit
from mutagen.records.rules import Query, Rule
from mutagen.records.span import Span
from mutagen.records.trace import Instance
from mutagen.source.file import SourceFile
from mutagen.source.names import top_level_names

INDENT: Final = "        "
"""Before each line of the constructor."""


@dataclass(frozen=True)
class Frame:
    """What is known of a subclass before it has a body.

    ``file`` is the one that it goes into, above the statement around ``anchor``; ``base`` is its base as written there,
    once ``needed`` is done; ``described`` says that the base has a docstring, so that it should have one too.
    """

    owner: Instance
    entries: tuple[Entry, ...]
    file: SourceFile
    anchor: ast.AST
    name: str
    base: str
    described: bool
    needed: Draft


def frame_of(rule: Rule, owners: Sequence[Instance], scene: Scene, *, idle: Collection[str] = ()) -> Frame | str:
    """The frame of a subclass that becomes the class of these instances of one class; why there can be none.

    ``idle`` are paths of others that it may be the class of too.
    """
    owner = owners[0]
    name = class_name(rule, owner)
    if name is None:
        return f"the rule asks for the class {owner.name} by name, which a subclass does not have: select by path"
    entries = entries_of(owners, scene, idle=idle)
    if isinstance(entries, str):
        turns = turns_of(rule, owners, scene)
        if turns is None:
            return entries
        entries = [turns]
    file, known = entries[0].naming.file, owner.definition
    base = use_class(known, file, scene) if known is not None else None
    anchor = anchor_of(owner, entries)
    if base is None or known is None:
        return f"no import reaches the class {owner.name}"
    if anchor is None:
        return f"nothing stands behind the class {owner.name}, which is named above"
    if name in top_level_names(file):
        return f"the name {name} is taken"
    return Frame(owner, tuple(entries), file, anchor, name, base.name, described(owner, scene), base.draft)


def class_name(rule: Rule, owner: Instance) -> str | None:
    """The name of the subclass; None where the rule would not find an instance of it a second time."""
    name = "".join(part[:1].upper() + part[1:] for part in snake(rule.action.block).split("_")) + owner.name
    renamed = replace(owner, type=f"{owner.type.rpartition('.')[0]}.{name}", bases=(name, *owner.bases))
    return None if _tells_apart(rule.query, owner, renamed) else name


def described(owner: Instance, scene: Scene) -> bool:
    """Whether the class of an instance has a docstring."""
    known = owner.definition
    body = scene.project.file(known.file).tree.body if known is not None else []
    classes = [it for it in body if isinstance(it, ast.ClassDef) and known is not None and it.name == known.qualname]
    return any(ast.get_docstring(it) is not None for it in classes)


def _tells_apart(query: Query, owner: Instance, renamed: Instance) -> bool:
    """Whether a query would select something else a second time, when the instance is of another class."""
    asked = [(*it.type, *([it.block] if it.block else [])) for it in query.nested()]
    kinds = [it.isa for it in query.nested()]
    apart = any(type_matches(names, owner) != type_matches(names, renamed) for names in asked)
    return apart or any(is_a(names, owner) != is_a(names, renamed) for names in kinds)


def subclass_draft(
    rule: Rule, frame: Frame, says: str, lines: Sequence[str], *, needs: Sequence[str] = (), method: str = ""
) -> Draft:
    """The class, and its name at each entry; ``lines`` end its constructor, which names the parameters ``needs``."""
    named = "".join(f"{it}, " for it in needs)
    text = [
        f"class {frame.name}({frame.base}):",
        *([f'    """{says}"""', ""] if frame.described else []),
        f"    def __init__(self, {named}*args, **kwargs):",
        f"        super().__init__({named}*args, **kwargs)",
        *lines,
        *(["", method.rstrip("\n")] if method else []),
    ]
    edits = _edits(rule, frame, "\n".join(text))
    sites = tuple(str(it.naming.file.span(it.naming.node)) for it in frame.entries)
    relied_on = (it.needed for it in frame.entries if it.needed is not None)
    return join([Draft(edits=edits, sites=sites, notes=_notes(frame)), frame.needed, *relied_on])


def _edits(rule: Rule, frame: Frame, text: str) -> tuple[Edit, ...]:
    file, line = frame.file, line_before(frame.file, frame.anchor)
    at = Span(file.path, line, 0, line, 0)
    own = frame.owner.definition is not None and frame.owner.definition.file == file.path
    place = "stays as it is" if own else "stands in another file"
    reason = f"the class {frame.owner.name} {place}; a subclass takes its place where it enters"
    whole = text.replace("\n", file.newline) + file.newline * 3
    held = tuple(dict.fromkeys(path for it in frame.entries for path in it.paths))
    named = (edit for it in frame.entries for edit in _named(rule, frame, it, reason))
    return (Edit(at, "", whole, rule.id, "subclass", reason, held), *named)


def _named(rule: Rule, frame: Frame, entry: Entry, reason: str) -> tuple[Edit, ...]:
    """The edits by which the subclass takes the place of its base at one entry."""
    file, node = frame.file, entry.naming.node
    call = file.parents[node]
    if not entry.condition or not isinstance(call, ast.Call):
        return (Edit(file.span(node), file.text(node), frame.name, rule.id, "subclass", reason, entry.paths),)
    new = NewCall("", frame.name, Draft())
    return chosen_by(
        entry.condition.replace("{base}", frame.base), file, call, new, rule.id, "subclass", reason, [frame.owner]
    )


def _notes(frame: Frame) -> tuple[str, ...]:
    """What to know where the function that names the class loads weights too."""
    functions = [it.naming.file.function(it.naming.node) for it in frame.entries]
    read = [it.attr for one in functions if one is not None for it in ast.walk(one) if isinstance(it, ast.Attribute)]
    if "load_state_dict" not in read:
        return ()
    return (f"weights that were saved before lack the new parameters of {frame.name}: load them with strict=False",)
