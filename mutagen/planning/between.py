"""What a rule may read of modules that other rules of the run change.

``ECA(model.bn2.num_features)`` is wrong once another rule has made a GroupNorm of ``bn2``, or has put it into a
Sequential: to the other rules such modules no longer have the attributes that tell their channels.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from mutagen.actions.scene import Scene
from mutagen.records.match import AnyMatch, CallMatch, InstanceMatch, PatternMatch
from mutagen.records.rules import Rule
from mutagen.records.trace import Instance

_ATTRIBUTES: Final = frozenset(
    {"in_channels", "out_channels", "num_features", "num_channels", "in_features", "out_features", "dim"}
)
_BECOMES: Final[Mapping[str, Mapping[str, str]]] = {"GroupNorm": {"num_features": "num_channels"}}
_GONE: Final = "replace", "remove", "wrap"


class Between:
    """The modules of a run that rules replace or enclose, with the block that stands there afterwards."""

    def __init__(self, rules: Sequence[Rule], free: Mapping[str, Sequence[AnyMatch]]) -> None:
        self._replaced: dict[str, tuple[str, str]] = {}
        for rule in rules:
            for match in free[rule.id]:
                for path, block in _taken(rule, match):
                    self._replaced[path] = (rule.id, block)
        self._enclosed: dict[str, str] = {}

    def enclose(self, rule: Rule, paths: Iterable[str]) -> None:
        """A rule has put these modules into others."""
        self._enclosed.update(dict.fromkeys(paths, rule.id))

    def seen_by(self, rule: Rule, matches: Sequence[AnyMatch], scene: Scene) -> Scene:
        """The scene of one rule, with what is left of the attributes of what others change."""
        own = {path for match in matches for path, _ in _taken(rule, match)}
        changed = {path: block for path, (by, block) in self._replaced.items() if by != rule.id}
        changed |= {path: "" for path, by in self._enclosed.items() if by != rule.id}
        changed = {path: block for path, block in changed.items() if path in scene.by_path and path not in own}
        if not changed:
            return scene
        instances = tuple(_left(it, changed[it.path]) if it.path in changed else it for it in scene.trace.instances)
        return replace(scene, trace=replace(scene.trace, instances=instances))


def _taken(rule: Rule, match: AnyMatch) -> Iterable[tuple[str, str]]:
    if isinstance(match, PatternMatch):
        named = ((part, rule.parts.get(part.name)) for part in match.parts)
        return [(part.path, action.block) for part, action in named if action is not None and action.kind in _GONE]
    if rule.action.kind not in _GONE or not isinstance(match, InstanceMatch | CallMatch):
        return []
    return [(match.path, rule.action.block)]


def _left(instance: Instance, block: str) -> Instance:
    renamed = _BECOMES.get(block.rpartition(".")[2], {})
    facts = {renamed.get(name, name): value for name, value in instance.facts.items()}
    kept = {name: value for name, value in facts.items() if name not in _ATTRIBUTES or name in renamed.values()}
    return replace(instance, facts=kept)
