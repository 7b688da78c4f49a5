"""Two rules that change one thing at two places of the source, so that neither sees what the other does.

A subclass repeats the method of its base that it changes: what another rule changes in that of the base is not in it.
What puts a module into another one, and so moves its keys, knows it where it was before.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mutagen.actions.draft import Draft
from mutagen.errors import ClashError, Place
from mutagen.records.plan import Edit
from mutagen.records.rules import Rule
from mutagen.source.project import Project

_HINT = "run them one after the other, or narrow one of the two"


@dataclass(frozen=True)
class _Method:
    """A method by the name of its class; ``edit`` is what writes or changes it."""

    base: str
    name: str
    edit: Edit


def changed_apart(drafts: Sequence[Draft], rules: Sequence[Rule], project: Project) -> list[ClashError]:
    """One error P012 for each two rules of which one does not know what the other does."""
    errors: list[ClashError] = []
    repeated = [[it for edit in draft.edits for it in _repeated(edit)] for draft in drafts]
    late = [_put(draft) for draft in drafts]
    for index, rule in enumerate(rules):
        for other in range(len(rules)):
            if other == index:
                continue
            copies = {(it.base, it.name): it.edit for it in repeated[other]}
            changed = (it for edit in drafts[index].edits for it in _changed(edit, project)) if copies else ()
            met = next((it for it in changed if (it.base, it.name) in copies), None)
            if met is not None:
                what = f"what {rule.id} changes in {met.base}.{met.name} is not in the subclass of {rules[other].id}"
                errors.append(_error(what, met.edit))
        again = next((it for earlier in late[:index] for it in late[index] if it in earlier), None)
        if again is not None:
            first = next(it for it in range(index) if again in late[it])
            what = f"{rules[first].id} and {rule.id} both put a module at {again[1]}, or put that into another one"
            errors.append(_error(what, late[index][again]))
    return errors


def _repeated(edit: Edit) -> Iterator[_Method]:
    """The methods of its base that a new subclass writes anew; its constructor calls that of the base."""
    if edit.rung != "subclass" or edit.old or not edit.new.startswith("class "):
        return
    try:
        written = ast.parse(edit.new).body
    except SyntaxError:  # a name at an entry that begins so
        return
    for cls in written:
        base = cls.bases[0] if isinstance(cls, ast.ClassDef) and cls.bases else None
        bare = base.attr if isinstance(base, ast.Attribute) else base.id if isinstance(base, ast.Name) else ""
        for it in cls.body if isinstance(cls, ast.ClassDef) else ():
            if isinstance(it, ast.FunctionDef) and it.name != "__init__":
                yield _Method(bare, it.name, edit)


def _changed(edit: Edit, project: Project) -> Iterator[_Method]:
    """The methods in which an edit stands."""
    if edit.span.file not in project.files:
        return
    for cls in project.file(edit.span.file).tree.body:
        for it in cls.body if isinstance(cls, ast.ClassDef) else ():
            if isinstance(it, ast.FunctionDef) and it.lineno <= edit.span.line <= (it.end_lineno or it.lineno):
                yield _Method(cls.name if isinstance(cls, ast.ClassDef) else "", it.name, edit)


def _put(draft: Draft) -> Mapping[tuple[str, str], Edit]:
    """Where modules are put, and which are put into others there, with what does it.

    What is replaced may be put into another one by another rule.
    """
    by_path = {path: edit for edit in reversed(draft.edits) for path in edit.instances}
    held = [("held", it.wrapped.rpartition(".")[0]) for it in draft.products if it.wrapped]
    places = [*held, *(("made", it.path) for it in draft.products)] if draft.edits else []
    return {place: by_path.get(place[1], draft.edits[0]) for place in places}


def _error(message: str, edit: Edit) -> ClashError:
    place = Place(edit.span.file, edit.span.line, edit.span.column + 1, max(1, len(edit.old.partition("\n")[0])))
    return ClashError("P012", message, place=place, hint=_HINT)
