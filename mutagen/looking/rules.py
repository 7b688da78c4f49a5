"""What rules select in a model."""

from __future__ import annotations

from mutagen.asked import rules_asked
from mutagen.blocks.starting import started
from mutagen.looking.open import Opened, open_trace, site_of
from mutagen.match.near import near_misses
from mutagen.match.select import select
from mutagen.planning.spared import Spared
from mutagen.records.look import Selected
from mutagen.records.match import AnyMatch, InstanceMatch, RuleMatches
from mutagen.records.options import Options
from mutagen.records.span import Span
from mutagen.sandbox.runner import Host


def selected(options: Options, host: Host) -> tuple[Selected, ...]:
    """What each rule of a run would select, before it is known which can be done. Raises MutagenError."""
    rules = rules_asked(options)
    opened = open_trace(options, host, rules)
    spared = Spared(opened.trace, opened.project)
    begun = started(rules.rules, opened.blocks)
    found = select(begun, opened.trace, opened.products, opened.blocks)
    return tuple(_selected(spared.without(it), opened) for it in found)


def _selected(found: RuleMatches, opened: Opened) -> Selected:
    matched = tuple((it.path, _where(it, opened)) for it in found.matches)
    seen = [path for path, _ in matched]
    misses = near_misses(opened.view, found.rule, [*seen, *found.already, *found.spared])
    return Selected(found.rule.id, found.rule.why, found.explanation, matched, found.already, misses, found.spared)


def _where(match: AnyMatch, opened: Opened) -> Span | None:
    if isinstance(match, InstanceMatch):
        return site_of(opened.view.instances_at[match.path].chain, opened.project)
    return site_of(opened.trace.nodes[match.node].chain, opened.project)
