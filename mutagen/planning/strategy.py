"""``strategy``: the rung of the ladder that a rule asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from mutagen.actions.draft import Draft
from mutagen.actions.scene import Scene, refuse
from mutagen.records.rules import Rule

Make = Callable[[Rule, Scene], Draft]


def on_its_rung(rule: Rule, scene: Scene, make: Make) -> Draft:
    """The draft of a rule with all edits on the rung that it asks for; refused where there is none that is exact.

    A subclass and a change where all is built are looked for first; the other rungs are taken where they come.
    """
    rung = rule.action.strategy
    if rung is None:
        return make(rule, scene)
    if rung == "subclass":
        draft = make(replace(rule, action=replace(rule.action, emit="subclass")), scene)
        told = tuple(replace(it, advice="leave `strategy` out") for it in draft.refused)
        draft = replace(draft, refused=told)
    else:
        draft = make(rule, replace(scene, late=scene.late or rung == "override"))
    others = sorted({it.rung for it in draft.edits if it.instances} - {rung})
    if not others or not draft.planned:
        return draft
    message = f"the rule asks for the rung {rung}; what is exact here stands on {' and '.join(others)}"
    advice = f"leave `strategy` out, or ask for {others[0]}"
    where = next(it.span for it in draft.edits if it.instances and it.rung != rung)
    refused = tuple(refuse(rule, path, "strategy", message, advice, where=where) for path in draft.planned)
    return Draft(refused=(*draft.refused, *refused))
