"""Which rules the tool plans in the same way in both scopes: the model is traced once, not once a rule and scope."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from corpus.entries import Entry, call_text, input_texts
from mutagen.asked import locate, rules_asked, target_asked
from mutagen.blocks.catalogue import load_blocks
from mutagen.blocks.recognise import standing_products
from mutagen.errors import MutagenError
from mutagen.load.plan_file import dump_plan
from mutagen.load.target_file import Located
from mutagen.match.select import select
from mutagen.planning.make import make_plan
from mutagen.records.options import Options, Scope
from mutagen.records.rules import RuleSet
from mutagen.records.target import Target
from mutagen.records.trace import Trace
from mutagen.source.project import open_project
from mutagen.trace.session import open_model

SCOPES: tuple[Scope, ...] = ("file", "package")


@dataclass(frozen=True, slots=True)
class _Asked:
    """A rule set on a model, as the command line would be asked for it."""

    rules: RuleSet
    located: Located
    target: Target

    @property
    def need_calls(self) -> bool:
        return any(rule.needs_calls for rule in self.rules.rules)


def plans_alike(entry: Entry, root: str, given: Mapping[str, str], *, calls: bool) -> dict[str, bool]:
    """Returns for rules, with their files, whether their plans are the same bytes in both scopes.

    A trace for rules that need ``calls`` serves the others where it is symbolic; else only those are answered that it
    serves. A rule of which something is refused is not planned alike.
    """
    os.chdir(root)
    asked = {name: _asked(entry, rule) for name, rule in given.items()}
    own = {name: it for name, it in asked.items() if it.need_calls is calls}
    if not own:
        return {}
    trace = open_model(next(iter(own.values())).target, need_calls=calls)
    served = asked if trace.method == "fx" else own
    return {name: _alike(it, trace) for name, it in served.items()}


def _asked(entry: Entry, rule: str) -> _Asked:
    options = Options(rules=rule, target=entry.file, model=call_text(entry), inputs=input_texts(entry))
    located, rules = locate(options), rules_asked(options)
    return _Asked(rules, located, target_asked(options, located, rules, None))


def _alike(asked: _Asked, trace: Trace) -> bool:
    try:
        one, other = (_plan(asked, trace, scope) for scope in SCOPES)
    except MutagenError:
        return False
    return one == other != ""


def _plan(asked: _Asked, trace: Trace, scope: Scope) -> str:
    """Returns the plan as text; nothing where something is refused."""
    project = open_project(asked.located.file, asked.located.root, trace.files, scope=scope)
    products = standing_products(trace, project.read)
    found = select(asked.rules.rules, trace, products)
    plan = make_plan(found, trace, project, blocks=load_blocks(), products=products)
    return "" if any(rule.refused for rule in plan.rules) else dump_plan(plan)
