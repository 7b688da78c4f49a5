"""Rung 4 for modules that a constructor makes: a subclass sets each anew when that has ended.

``class EcaSEUnit(SEUnit)`` whose constructor ends in ``self.se = ECA(...)``, used where the file names the class.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mutagen.actions.draft import Draft, join, of_each
from mutagen.actions.owners import is_below
from mutagen.actions.paths import within
from mutagen.actions.scene import Scene, refuse
from mutagen.actions.subclass_head import Frame, frame_of, subclass_draft
from mutagen.records.rules import Rule
from mutagen.records.trace import Instance

_MOST_NAMED: Final = 12
_ADVICE: Final = "leave out `emit: subclass`, or write `emit: flag`"

Inner = Mapping[str, Sequence[Instance]]
"""By path within the class, what each of its objects holds there."""


@dataclass(frozen=True)
class Written:
    """What the subclass is its base with, in words; the lines that end its constructor, and what they need.

    ``parameters`` are those of the base that the lines read, and all in front of them.
    """

    says: str
    lines: list[str]
    needed: Draft
    parameters: tuple[str, ...] = ()


def set_in_subclasses(
    rule: Rule, group: Sequence[Instance], scene: Scene, write: Callable[[Inner, Frame], Written | str]
) -> tuple[list[Draft], Mapping[str, str]]:
    """The subclasses for the instances, and by path why there is none for an instance.

    ``write`` gives the end of a constructor, or says why it cannot be written.
    """
    by_class: dict[str, list[tuple[Instance, Instance]]] = {}
    why: dict[str, str] = {}
    for it in group:
        holder = _holder(it, scene)
        if holder is None:
            why[it.path] = "it is made by no constructor of a module that holds it"
        elif len(it.aliases) > 1 or it.hung:
            why[it.path] = "others hold it, or hang something on it, before a subclass could set it anew"
        else:
            by_class.setdefault(holder.type, []).append((holder, it))
    groups = by_class.values()
    drafts, none = of_each(groups, lambda pairs: _subclass(rule, pairs, scene, write), lambda pair: pair[1].path)
    return drafts, why | none


def refused_classes(rule: Rule, instances: Sequence[Instance], why: Mapping[str, str]) -> Draft:
    """A refusal for each instance for which there is no subclass."""
    where = {it.path: it.chain[0].span if it.chain else None for it in instances}
    refused = (refuse(rule, path, "no-subclass", text, _ADVICE, where=where[path]) for path, text in why.items())
    return Draft(refused=tuple(refused))


def _holder(instance: Instance, scene: Scene) -> Instance | None:
    """The module in whose constructor an instance is made, that of the innermost call there."""
    owners = (scene.by_path.get(it.owner) for it in instance.chain if it.owner is not None)
    holder = next((it for it in owners if it is not None), None)
    return holder if holder is not None and is_below(instance.path, holder.path) else None


def _subclass(
    rule: Rule,
    pairs: Sequence[tuple[Instance, Instance]],
    scene: Scene,
    write: Callable[[Inner, Frame], Written | str],
) -> Draft | str:
    """The subclass of one class, with the edits that put it in; why there can be none."""
    inner: dict[str, list[Instance]] = {}
    for holder, it in pairs:
        inner.setdefault(within(it.path, holder.path), []).append(it)
    holders = list({holder.path: holder for holder, _ in pairs}.values())
    if {len(it) for it in inner.values()} != {len(holders)}:
        return f"not all selected instances of {holders[0].name} hold the same modules that are selected"
    if len(inner) > _MOST_NAMED:
        return f"{len(inner)} modules of one class are selected, more than a constructor should name"
    frame = frame_of(rule, holders, scene)
    made = write(inner, frame) if isinstance(frame, Frame) else frame
    if isinstance(made, str) or isinstance(frame, str):
        return str(made)
    says = f"{holders[0].name} with {made.says}."
    whole = subclass_draft(rule, frame, says, made.lines, needs=made.parameters)
    return join([whole, Draft(planned=tuple(it.path for _, it in pairs)), made.needed])
