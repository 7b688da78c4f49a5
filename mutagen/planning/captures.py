"""Facts of other parts of a pattern as arguments: what each is for which module."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from mutagen.actions.draft import Draft
from mutagen.actions.scene import Scene, refuse
from mutagen.blocks.replacement import find_replacement, refusal
from mutagen.records.match import PartMatch, PatternMatch
from mutagen.records.plan import Edit, Refusal, Surgery, SwapModule
from mutagen.records.rules import Captured, Rule, Value

_CAPTURED = re.compile(r"\$\{(\w+)\.(\w+)\}")
_BY_EXPRESSION = ("site", "split")
"""Rungs that change a call where it stands, among the names that it knows; others have no more than a number."""


@dataclass(frozen=True)
class Facts:
    """The captured facts of a part's action by argument; ``doubtful`` says for which modules there is none, and why."""

    found: Mapping[str, Captured]
    doubtful: Mapping[str, str]

    def rule(self, own: Rule) -> Rule:
        """The rule with the facts; where one value is right for all it is the argument, for what can say no more."""
        args = dict(own.action.args)
        args |= {name: next(iter(it.values.values())) for name, it in self.found.items() if _is_one(it)}
        return replace(own, action=replace(own.action, args=args), captured=self.found)

    def barred(self, own: Rule, part: PartMatch, scene: Scene) -> Refusal | None:
        """Why a module cannot have the arguments that its chain gives it."""
        if not self.found:
            return None
        instance = scene.by_path.get(part.path)
        where = instance.chain[0].span if instance is not None and instance.chain else None
        if part.path in self.doubtful:
            advice = "write the value, or leave such chains out"
            return refuse(own, part.path, "no-fact", self.doubtful[part.path], advice, where=where)
        way = find_replacement(instance, own.action.block, scene.blocks) if instance is not None else None
        problem = (
            refusal(way, instance, self.rule(own).arguments(part.path))
            if way is not None and instance is not None
            else None
        )
        return refuse(own, part.path, *problem, where=where) if problem else None

    def settled(self, own: Rule, draft: Draft) -> Draft:
        """The draft with each module's own values in its meaning; without edits that could not say them."""
        if not self.found:
            return draft
        several = not all(_is_one(it) for it in self.found.values())
        unsaid = [edit for edit in draft.edits if several and edit.rung not in _BY_EXPRESSION]
        surgery = tuple(self._with_values(own, step) for step in draft.surgery)
        refused = tuple(self._unsaid(own, edit, path) for edit in unsaid for path in edit.instances)
        return replace(draft, surgery=surgery, refused=(*draft.refused, *refused))

    def _with_values(self, own: Rule, step: Surgery) -> Surgery:
        if not isinstance(step, SwapModule):
            return step
        return replace(step, use=replace(step.use, args=self.rule(own).arguments(step.path)))

    def _unsaid(self, own: Rule, edit: Edit, path: str) -> Refusal:
        message = "modules that are made here get different values, and no expression is right for all of them"
        return refuse(own, path, "no-expression", message, "write the value, or a rule for each", where=edit.span)


def captured_facts(own: Rule, name: str, matches: Sequence[PatternMatch], scene: Scene) -> Facts:
    """What the arguments ``${part.fact}`` of a part's action are, in every chain."""
    found: dict[str, Captured] = {}
    doubtful: dict[str, str] = {}
    for argument, value in own.action.args.items():
        asked = _CAPTURED.fullmatch(value) if isinstance(value, str) else None
        if asked is None:
            continue
        values: dict[str, Value] = {}
        sources: dict[str, str] = {}
        for match in matches:
            parts = {part.name: part for part in match.parts}
            source, target = parts[asked[1]], _path(parts[name], scene)
            if parts[name].done:
                continue
            if asked[2] not in source.facts:
                doubtful[parts[name].path] = (
                    f"the {asked[1]} of its chain, {source.path or 'a call'}, has no {asked[2]}"
                )
            elif values.setdefault(target, source.facts[asked[2]]) != source.facts[asked[2]]:
                doubtful[parts[name].path] = f"its chains give it different values for {asked[2]} of the {asked[1]}"
            sources[target] = source.path
        found[argument] = Captured(asked[1], asked[2], values, sources)
    return Facts(found, doubtful)


def _is_one(captured: Captured) -> bool:
    """Whether one value is right for every module."""
    values = list(captured.values.values())
    return bool(values) and all(it == values[0] for it in values)


def _path(part: PartMatch, scene: Scene) -> str:
    instance = scene.by_path.get(part.path)
    return instance.path if instance is not None else part.path
