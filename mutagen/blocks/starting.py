"""``start: identity``: a block begins as if it were not there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from mutagen.errors import ErrorGroup, RuleError
from mutagen.records.blocks import Block
from mutagen.records.rules import Rule


def started(rules: Sequence[Rule], blocks: Mapping[str, Block]) -> tuple[Rule, ...]:
    """The rules with the arguments by which their blocks start so; raises RuleError R148 where none do that."""
    errors: list[RuleError] = []
    found: list[Rule] = []
    for rule in rules:
        action = rule.action
        block = blocks.get(action.block)
        if action.start == "paper":
            found.append(rule)
        elif block is None or not block.can_be_identity:
            errors.append(_cannot(rule))
        else:
            found.append(replace(rule, action=replace(action, args={**block.identity, **action.args})))
    if errors:
        raise ErrorGroup(tuple(errors)) if len(errors) > 1 else errors[0]
    return tuple(found)


def _cannot(rule: Rule) -> RuleError:
    name = rule.action.block
    hint = (
        f"blocks: {{My{name}: {{serial: [{name}], start: identity}}}} is x + gamma * {name}(x), with gamma 0 at first"
    )
    if rule.action.kind != "insert":
        hint = "leave `start` out, or say the composition under `blocks:` and its start there"
    return RuleError("R148", f"{name} has no form that changes nothing at the start", place=rule.place, hint=hint)
