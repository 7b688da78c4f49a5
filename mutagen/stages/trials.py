"""Somebody else's classes, tried out for each of the modules that rules put them in the place of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from mutagen.blocks.carried import carried, plain
from mutagen.blocks.catalogue import unmet
from mutagen.blocks.own import brought
from mutagen.match.wanted import value_of
from mutagen.records.blocks import Block, Trial
from mutagen.records.match import InstanceMatch, PatternMatch, RuleMatches
from mutagen.records.rules import Action, Value
from mutagen.records.trace import Instance, Trace
from mutagen.sandbox.runner import Host, Part


def with_trials(
    blocks: Mapping[str, Block], found: Sequence[RuleMatches], trace: Trace, host: Host | Part
) -> Mapping[str, Block]:
    """The blocks, those of the rule file with the modules in the place of which they do not fit, and why."""
    wanted = {name: _trials(name, block, found, trace) for name, block in brought(blocks).items()}
    tried = {name: _tried(blocks[name], trials, host) for name, trials in wanted.items() if trials}
    return {**blocks, **tried}


def _tried(block: Block, trials: Sequence[Trial], host: Host | Part) -> Block:
    if block.borrowed is None:
        return replace(block, tried={path: why for it in trials if (why := _unlike(block, it)) for path in it.paths})
    session = host.session("the borrowed class")
    said = session.call("mutagen.blocks.trial:problems", block.borrowed, tuple(trials))
    session.kill()
    assert isinstance(said, tuple)
    told = {path: why for trial, why in zip(trials, said, strict=True) for path in trial.paths if why}
    return replace(block, tried=told)


def _unlike(block: Block, trial: Trial) -> str:
    """Why a block that keeps the shape of its tensor cannot do what a module does."""
    needs = unmet(block, {"rank": len(trial.takes)})
    if needs is not None:
        return needs.message
    if trial.takes == trial.makes:
        return ""
    return f"it keeps the shape of its tensor, and the module makes {_shown(trial.makes)} of {_shown(trial.takes)}"


def _shown(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))


def _trials(name: str, block: Block, found: Sequence[RuleMatches], trace: Trace) -> list[Trial]:
    by_path = {alias: it for it in trace.instances for alias in (it.path, *it.aliases)}
    takes = {node.path: trace.nodes[node.inputs[0]].shape for node in trace.nodes if node.path and node.inputs}
    made: dict[tuple[object, ...], Trial] = {}
    for path, action in _replaced(found):
        instance = by_path.get(path)
        if action.block != name or instance is None or not instance.library or instance.shape is None:
            continue
        shape = next((it for alias in (path, *instance.aliases) if (it := takes.get(alias)) is not None), None)
        if shape is not None:
            trial = Trial(_arguments(instance, block, action), shape, instance.shape)
            key = (repr(sorted(trial.args.items())), trial.takes, trial.makes)
            known = made.get(key, trial)
            made[key] = replace(known, paths=(*known.paths, instance.path))
    return list(made.values())


def _arguments(instance: Instance, block: Block, action: Action) -> dict[str, Value]:
    given = {**block.given, **action.args}
    names = carried(instance.parameters, tuple(block.arguments), given)
    told = {to: plain(value_of(instance, name)) for name, to in names.items()}
    return {**told, **given}


def _replaced(found: Sequence[RuleMatches]) -> Iterator[tuple[str, Action]]:
    """The modules that rules replace, and by what."""
    for it in found:
        for match in it.matches:
            if isinstance(match, PatternMatch):
                named = ((part.path, it.rule.parts.get(part.name)) for part in match.parts)
                yield from ((path, action) for path, action in named if action is not None and action.kind == "replace")
            elif isinstance(match, InstanceMatch) and it.rule.action.kind == "replace":
                yield match.path, it.rule.action
