"""``remove``: a module becomes an identity, on whatever rung another class could take its place."""

from __future__ import annotations

from collections.abc import Sequence

from mutagen.actions import replace_module
from mutagen.actions.draft import Draft, join
from mutagen.actions.module_calls import calls_of
from mutagen.actions.scene import Scene, refuse
from mutagen.records.match import InstanceMatch
from mutagen.records.plan import Refusal
from mutagen.records.rules import Rule

_OUT = "leave it out with `not: {path: ...}`"


def plan(rule: Rule, matches: Sequence[InstanceMatch], scene: Scene) -> Draft:
    """Edits for every module without which the model still runs, with a refusal for each other."""
    barred = {it.path: no for it in matches if (no := _needed(rule, it, scene)) is not None}
    draft = replace_module.plan(rule, [it for it in matches if it.path not in barred], scene)
    return join([Draft(refused=tuple(barred.values())), draft])


def _needed(rule: Rule, match: InstanceMatch, scene: Scene) -> Refusal | None:
    """Why a module cannot go: it is the model, is never seen to run, or changes the shape of its tensor."""
    instance = scene.by_path[match.path]
    where = instance.chain[0].span if instance.chain else None
    if not match.path:
        return refuse(rule, match.path, "whole-model", "it is the model itself", "match a module inside of it")
    calls = calls_of(instance, scene)
    if not calls:
        return refuse(rule, match.path, "not-called", "it is never called where it can be seen", _OUT, where=where)
    for call in calls:
        given = call.source.shape if call.source is not None else None
        made = call.result.shape if call.result is not None else None
        if given is None or made is None:
            message = "it does not make one tensor of one tensor"
            return refuse(rule, match.path, "not-a-tensor", message, _OUT, where=where)
        if given != made:
            message = f"it makes {'x'.join(map(str, made))} of {'x'.join(map(str, given))}; what follows needs that"
            return refuse(rule, match.path, "shape", message, _OUT, where=where)
    return None
