"""``start: identity``: a block begins as if it were not there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from mutagen.errors import ErrorGroup, RuleError
from mutagen.records.blocks import Block
from mutagen.records.rules import Action, Rule


def started(rules: Sequence[Rule], blocks: Mapping[str, Block]) -> tuple[Rule, ...]:
    """The rules with the arguments by which their blocks start so; raises RuleError R148 where none do that."""
    errors: list[RuleError] = []

    def begun(action: Action, rule: Rule) -> Action:
        block = blocks.get(action.block)
        if action.start == "paper":
            return action
        if block is None or not block.can_be_identity:
            errors.append(_cannot(action, rule))
            return action
        return replace(action, args={**block.identity, **action.args})

    found = [
        replace(rule, action=begun(rule.action, rule), parts={name: begun(it, rule) for name, it in rule.parts.items()})
        for rule in rules
    ]
    if errors:
        raise ErrorGroup(tuple(errors)) if len(errors) > 1 else errors[0]
    return tuple(found)


def _cannot(action: Action, rule: Rule) -> RuleError:
    name = action.block
    hint = (
        f"blocks: {{My{name}: {{serial: [{name}], start: identity}}}} is x + gamma * {name}(x), with gamma 0 at first"
    )
    if action.kind != "insert":
        hint = "leave `start` out, or say the composition under `blocks:` and its start there"
    return RuleError("R148", f"{name} has no form that changes nothing at the start", place=rule.place, hint=hint)
