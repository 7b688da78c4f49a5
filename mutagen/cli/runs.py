"""Which rules are applied to which targets: from the arguments, else from the configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mutagen.cli.flags import config_of, options_for

if TYPE_CHECKING:
    from mutagen.records.config import Config, Entry
    from mutagen.records.options import Options


def runs_for(rules: str | None, targets: tuple[str, ...], *, write: bool, flags: dict[str, Any]) -> list[Options]:
    """One run for each pair of rules and target; what is not given comes from ``[tool.mutagen]``, in its order."""
    if rules is not None and targets:
        return [options_for(it, rules=rules, write=write, plan_file=None, flags=flags) for it in targets]
    config = config_of(None, flags)
    if config is None or not config.targets:
        raise _nothing(rules, config)
    found = []
    for entry in config.targets:
        for name in (rules,) if rules is not None else entry.rules or config.rules:
            own = with_entry(flags, entry)
            found.append(options_for(entry.target, rules=name, write=write, plan_file=None, flags=own))
    if not found:
        raise _nothing(rules, config)
    return found


def with_entry(flags: dict[str, Any], entry: Entry) -> dict[str, Any]:
    """The flags with what an entry says of its target: it was named for it, so it comes before the rule file."""
    own = dict(flags)
    if own["model"] is None:
        own["model"] = entry.model
    if not own["inputs"] and own["inputs_from"] is None:
        own |= {"inputs": entry.inputs, "inputs_from": entry.inputs_from}
    if own.get("prove_with") is None:
        own |= {"prove_with": entry.prove_with, "prove_inputs": own.get("prove_inputs") or entry.prove_inputs}
    return own


def _nothing(rules: str | None, config: Config | None) -> Exception:
    """What to say where it is not known what to apply, or to what."""
    if config is None and rules is None:
        return click.UsageError("give RULES and TARGET, for example: mutagen apply relu-to-gelu model.py")
    if config is None:
        return click.UsageError(f"give a TARGET behind {rules!r}: a Python file or a dotted module")
    from mutagen.errors import Place, UserError

    missing = "rules" if config.targets else "targets"
    hint = 'name some: rules = ["eca-after-blocks"]' if config.targets else "name some: [[tool.mutagen.targets]]"
    return UserError("C206", f"the configuration names no {missing}", place=Place(config.file), hint=hint)


def told_of(runs: list[Options]) -> str:
    """The targets of some runs, in a few words."""
    names = list(dict.fromkeys(it.target.replace("\\", "/").rpartition("/")[2] for it in runs))
    return names[0] if len(names) == 1 else f"{len(names)} targets"
