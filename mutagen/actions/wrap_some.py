"""A call of whose modules only some become part of a block: what tells these, and how it is asked.

``if use_refined:`` behind ``self.conv2 = nn.Conv2d(...)``, with ``self.conv2 = Refined(self.conv2, planes)`` below it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mutagen.actions.definition import use_class, use_torch
from mutagen.actions.draft import Draft
from mutagen.actions.guard import separating
from mutagen.actions.held import Held
from mutagen.actions.makers import Giving
from mutagen.actions.parting import Partings
from mutagen.actions.replace_origin import origin_of
from mutagen.actions.scene import Scene
from mutagen.actions.wrap_choice import choice
from mutagen.actions.wrapping import Wrapping
from mutagen.records.plan import Edit, Rung
from mutagen.records.rules import Rule
from mutagen.records.span import Span
from mutagen.source.following import Follower
from mutagen.source.names import canonical
from mutagen.source.placing import Change


def condition_of(rule: Rule, giving: Giving, held: Held | None, split: Partings) -> tuple[str, Rung, Draft]:
    """What tells the selected, the rung that it stands on, and what it needs; raises NoParting.

    The class, where all others are of another one; the rule's own tests; else a new parameter, or a loop.
    """
    scene, selected = split.scene, [it.instance for it in giving.group]
    if not split.switch and giving.others:
        asked = _by_class(giving, held, scene)
        if asked is not None:
            return asked[0], "site", asked[1]
        others = [it.instance for it in giving.others]
        tests = separating(rule, giving.file, giving.call, selected, others) if giving.constructs else None
        if tests is not None:
            return tests, "site", Draft()
    runs = [it.run(chosen=True) for it in giving.group] + [it.run(chosen=False) for it in giving.others]
    return split.condition(runs), "split", Draft()


def _by_class(giving: Giving, held: Held | None, scene: Scene) -> tuple[str, Draft] | None:
    """The question after the class of what is made, or after what the variable holds that is called."""
    selected, others = [it.instance for it in giving.group], [it.instance for it in giving.others]
    first = selected[0]
    if any(it.type != first.type for it in selected) or any(first.type in it.bases for it in others):
        return None
    known = first.definition
    usable = use_class(known, giving.file, scene) if known is not None else None
    if first.library:
        usable = use_torch(canonical(first.type), giving.file)
    if usable is None:
        return None
    if held is not None:
        return f"isinstance({held.text}, {usable.name})", usable.draft
    if not isinstance(giving.call.func, ast.Name) or not giving.constructs or not first.library:
        return None
    origin = origin_of(first, scene, Follower(scene.project.file))
    if origin is None or origin.bound:
        return None
    return f"{giving.call.func.id} is {usable.name}", usable.draft


@dataclass(frozen=True)
class Chosen:
    """A call whose modules become part of a block where a condition holds.

    ``held`` is what they are called behind its statement, if anything.
    """

    giving: Giving
    wrapping: Wrapping
    condition: str
    rung: Rung
    held: Held | None

    @property
    def asked(self) -> str:
        """The condition below the statement, where the module may be none."""
        if self.held is None or not self.held.asked or self.condition.startswith("isinstance("):
            return self.condition
        return f"{f'({self.condition})' if ' or ' in self.condition else self.condition} and {self.held.asked}"


def chosen(rule: Rule, parts: Sequence[Chosen]) -> tuple[Edit, ...]:
    """Edits by which what is selected becomes part of blocks where the conditions hold."""
    edits: list[Edit] = []
    below: dict[Span, list[Chosen]] = {}
    for it in parts:
        if it.held is not None:
            below.setdefault(it.held.at, []).append(it)
        else:
            changes = choice(it.giving.file, it.giving.call, it.wrapping, it.condition)
            edits += [_edit(rule, change, [it]) for change in changes]
    return (*edits, *(edit for same in below.values() for edit in _below(rule, same)))


def _below(rule: Rule, parts: Sequence[Chosen]) -> Iterator[Edit]:
    """The edits of one statement: what gives the module a name, and the lines that follow."""
    file, held = parts[0].giving.file, parts[0].held
    assert held is not None
    statement = file.statement(parts[0].giving.call)
    indent, step = file.indent(statement.lineno), file.step(statement.lineno)
    lines: list[str] = []
    asked = ""
    for it in parts:
        text = it.held.text if it.held is not None else ""
        lines += [f"{indent}if {it.asked}:"] if it.asked != asked else []
        lines += it.wrapping.lines(f"{indent}{step}{text} = ", text, step)
        asked = it.asked
    for change in held.changes:
        yield _edit(rule, change, parts)
    yield _edit(rule, Change(held.at, "", "".join(f"{file.newline}{line}" for line in lines) + held.tail), parts)


def _edit(rule: Rule, change: Change, parts: Sequence[Chosen]) -> Edit:
    count = sum(len(it.giving.group) for it in parts)
    made = count + sum(len(it.giving.others) for it in parts)
    rung: Rung = "split" if any(it.rung == "split" for it in parts) else parts[0].rung
    paths = tuple(path for it in parts for path in it.giving.paths)
    reason = f"{count} of {made} instances made here are selected"
    return Edit(change.span, change.old, change.new, rule.id, rung, reason, paths)
