"""What comments and the configuration keep from rules."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from tokenize import TokenError

from mutagen.errors import TargetError
from mutagen.records.match import AnyMatch, CallMatch, InstanceMatch, PatternMatch, RuleMatches
from mutagen.records.plan import Definition, Edit, Plan, Refusal
from mutagen.records.span import Span
from mutagen.records.trace import CallSite, Instance, Node, Trace
from mutagen.source.project import Project
from mutagen.source.suppressions import WHOLE_FILE, Comments, Suppression, comments_of


@dataclass
class Spared:
    """Matches without what is spared; ``used`` are the comments that spared something."""

    trace: Trace
    project: Project
    used: set[Suppression] = field(default_factory=set)
    _comments: dict[str, Comments] = field(default_factory=dict)

    def without(self, found: RuleMatches) -> RuleMatches:
        """The matches of a rule that nothing spares; a rule whose matches are all spared need not match."""
        if not self.project.ignores and not self._files:
            return found
        kept = [it for it in found.matches if not self._spares(found.rule.id, it)]
        spared = tuple(dict.fromkeys(it.path for it in found.matches if it not in kept))
        if not spared:
            return found
        told = f"{found.explanation}; {len(spared)} of these spared"
        rule = replace(found.rule, optional=found.rule.optional or not kept)
        return replace(found, rule=rule, matches=tuple(kept), explanation=told, spared=spared)

    def touching(self, plan: Plan) -> dict[str, tuple[Edit, Suppression]]:
        """For each rule the first of its edits that would change what it is to spare."""
        found: dict[str, tuple[Edit, Suppression]] = {}
        for edit in (*plan.edits, *(_of_definition(it) for it in plan.definitions if it.style == "inline")):
            keeper = next((it for it in self._over(edit.rule, edit.span) if _touches(edit, it)), None)
            if keeper is not None:
                self.used.add(keeper)
                found.setdefault(edit.rule, (edit, keeper))
        return found

    def told(self, plan: Plan, found: Sequence[RuleMatches], stopped: Mapping[str, tuple[Refusal, ...]]) -> Plan:
        """The plan with the refusals of the rules that were ``stopped``, and notes on comments."""
        by_rule = {it.rule.id: _paths(it) for it in found}
        rules = [
            replace(it, matched=by_rule[it.rule], refused=stopped[it.rule]) if it.rule in stopped else it
            for it in plan.rules
        ]
        return replace(plan, rules=tuple(rules), notes=(*plan.notes, *self._notes(set(by_rule))))

    def _notes(self, rules: Collection[str]) -> Iterator[str]:
        """What is wrong with comments of editable files, and those that spared nothing of the rules that ran."""
        for path in self._files:
            if not self.project.editable(path):
                continue
            comments = self._of(path)
            name = Path(path).name
            yield from (f"{name}:{line}: {problem}" for line, problem in comments.problems)
            for it in comments.suppressions:
                if it not in self.used and (it.rule in rules or it.rule is None and it.line):
                    what = f"ignore[{it.rule}]" if it.rule else "off"
                    yield f"{name}:{it.line}: `# mutagen: {what}` kept nothing from the rules in this model"

    def _spares(self, rule: str, match: AnyMatch) -> bool:
        keepers = [it for site in self._sites(match) for it in self._over(rule, site.span)]
        self.used.update(keepers)
        return bool(keepers)

    def _sites(self, match: AnyMatch) -> Iterator[CallSite]:
        """The expressions that make, or call, what is matched, on all levels; those of all parts of a pattern."""
        if isinstance(match, PatternMatch):
            for part in match.parts:
                node = part.node
                one = InstanceMatch(match.id, part.path) if node is None else CallMatch(match.id, part.path, node)
                yield from self._sites(one)
            return
        instance = self._instances.get(match.path)
        if instance is not None:
            yield from instance.chain
        if not isinstance(match, InstanceMatch):
            yield from self.trace.nodes[match.node].chain
        elif instance is not None:
            for path in instance.aliases:
                yield from (site for node in self._calls.get(path, ()) for site in node.chain)

    @cached_property
    def _files(self) -> tuple[str, ...]:
        """The files with comments of ours."""
        return tuple(path for path in sorted(self.project.files) if self._of(path) != Comments())

    @cached_property
    def _instances(self) -> dict[str, Instance]:
        return {alias: it for it in self.trace.instances for alias in (it.path, *it.aliases)}

    @cached_property
    def _calls(self) -> dict[str, list[Node]]:
        found: dict[str, list[Node]] = {}
        for node in self.trace.nodes:
            if node.path is not None:
                found.setdefault(node.path, []).append(node)
        return found

    def _over(self, rule: str, span: Span) -> Iterator[Suppression]:
        if span.file not in self.project.files:
            return
        if self.project.spared_by(span.file, rule):
            yield Suppression(span.file, 0, rule, 1, WHOLE_FILE)
        yield from (it for it in self._of(span.file).suppressions if it.covers(rule, span))

    def _of(self, path: str) -> Comments:
        if path not in self._comments:
            try:
                self._comments[path] = comments_of(self.project.file(path))
            except (OSError, SyntaxError, TargetError, TokenError):  # it was imported, so nobody is misled
                self._comments[path] = Comments()
        return self._comments[path]


def refused(found: RuleMatches, edit: Edit, keeper: Suppression) -> tuple[Refusal, ...]:
    """The refusals of all targets of a rule, one of whose edits would change what it is to spare."""
    where = f"line {keeper.line}" if keeper.line else "the configuration"
    message = f"the change would also touch what {where} keeps from this rule"
    advice = "spare what goes with it too, or narrow the rule instead: `not: {path: ...}`"
    return tuple(Refusal(found.rule.id, path, "spared", message, advice, edit.span) for path in _paths(found))


def stop(found: RuleMatches) -> RuleMatches:
    """The rule without any matches, which it need not have."""
    return replace(found, rule=replace(found.rule, optional=True), matches=())


def _of_definition(it: Definition) -> Edit:
    """A class that is written above a line, as an insertion there."""
    return Edit(Span(it.file, it.before, 0, it.before, 0), "", "\n", it.rule, "site", "")


def _touches(edit: Edit, keeper: Suppression) -> bool:
    """Whether an edit changes the lines; what is only put before or behind them does not."""
    span = edit.span
    if edit.old.strip() or keeper.end == WHOLE_FILE:
        return True
    first = span.line == keeper.start and not span.column
    return not (first or span.line == keeper.end and edit.new.startswith(("\n", "\r")))


def _paths(found: RuleMatches) -> tuple[str, ...]:
    return tuple(dict.fromkeys(it.path for it in found.matches))
