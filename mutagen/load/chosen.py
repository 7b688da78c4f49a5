"""Some of the rules of a file, by their ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from mutagen.errors import UserError
from mutagen.load.rules_words import hint_for
from mutagen.records.rules import RuleSet


def chosen(rules: RuleSet, select: Sequence[str], ignore: Sequence[str]) -> RuleSet:
    """The rules that ``select`` names, or all, without those that ``ignore`` names; ``*`` stands for any characters.

    Raises UserError C111 for a name that no rule of the file has.
    """
    ids = [rule.id for rule in rules.rules]
    for name in (*select, *ignore):
        if not any(fnmatchcase(each, name) for each in ids):
            raise UserError("C111", f"no rule has the id {name!r}", hint=hint_for(name, ids, what="rules"))
    kept = [it for it in rules.rules if not select or _named(it.id, select)]
    return replace(rules, rules=tuple(it for it in kept if not _named(it.id, ignore)))


def _named(rule: str, names: Sequence[str]) -> bool:
    return any(fnmatchcase(rule, name) for name in names)
