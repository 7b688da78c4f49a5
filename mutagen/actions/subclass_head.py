"""A subclass as it is written beside the model: its name, its constructor, and where it stands."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from mutagen.actions.class_entries import Entry
from mutagen.actions.definition import line_before
from mutagen.actions.scene import Scene
from mutagen.blocks.catalogue import Block
from mutagen.blocks.short_names import snake
from mutagen.records.plan import Edit
from mutagen.records.rules import Rule
from mutagen.records.span import Span
from mutagen.records.trace import Instance
from mutagen.source.file import SourceFile
from mutagen.source.names import top_level_names


def class_name(block: Block, owner: Instance, file: SourceFile) -> str | None:
    """``EcaBasicBlock``; None where the file has such a name already."""
    word = "".join(part[:1].upper() + part[1:] for part in snake(block.name).split("_"))
    name = f"{word}{owner.name}"
    return name if name not in top_level_names(file) else None


def head(name: str, base: str, says: str, lines: Sequence[str], *, needs: Sequence[str] = ()) -> str:
    """The class with its constructor, which ends in ``lines`` and names the parameters ``needs`` for them.

    ``says`` is its docstring, if it has one.
    """
    named = "".join(f"{it}, " for it in needs)
    written = [
        f"class {name}({base}):",
        *([f'    """{says}"""', ""] if says else []),
        f"    def __init__(self, {named}*args, **kwargs):",
        f"        super().__init__({named}*args, **kwargs)",
        *(f"        {it}" for it in lines),
    ]
    return "\n".join(written)


def is_described(owner: Instance, scene: Scene) -> bool:
    """Whether the class has a docstring, so that one which inherits from it should have one too."""
    known = owner.definition
    body = scene.project.file(known.file).tree.body if known is not None else []
    found = [it for it in body if isinstance(it, ast.ClassDef) and known is not None and it.name == known.qualname]
    return bool(found) and ast.get_docstring(found[0]) is not None


def class_notes(name: str, entries: Sequence[Entry]) -> tuple[str, ...]:
    """What to know where the function that names the class loads weights too."""
    functions = [it.naming.file.function(it.naming.node) for it in entries]
    read = [it.attr for one in functions if one is not None for it in ast.walk(one) if isinstance(it, ast.Attribute)]
    if "load_state_dict" not in read:
        return ()
    return (f"weights that were saved before lack the new parameters of {name}: load them with strict=False",)


def class_edits(rule: Rule, entries: Sequence[Entry], name: str, text: str) -> tuple[Edit, ...]:
    """The class above the first statement that names it, and the new name at each entry."""
    file, first = entries[0].naming.file, entries[0].naming.node
    line = line_before(file, first)
    at = Span(file.path, line, 0, line, 0)
    reason = "the class stands in a library; a subclass takes its place where it enters"
    whole = text.rstrip("\n").replace("\n", file.newline) + file.newline * 3
    held = tuple(dict.fromkeys(path for it in entries for path in it.paths))
    written = Edit(at, "", whole, rule.id, "subclass", reason, held)
    nodes = [(it.naming.node, it.paths) for it in entries]
    named = [Edit(file.span(node), file.text(node), name, rule.id, "subclass", reason, paths) for node, paths in nodes]
    return (written, *named)
