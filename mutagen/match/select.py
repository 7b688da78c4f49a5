"""The targets of each rule in a trace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

from mutagen.errors import ErrorGroup
from mutagen.match.candidates import Candidates
from mutagen.match.kinds import beside, candidates, kind_of
from mutagen.match.made import made_by
from mutagen.match.only import NEVER_RUN, NOT_PICKED, Counted, picked
from mutagen.match.ops import op_calls, operation
from mutagen.match.predicates import failures_in_order, first_failure
from mutagen.match.repeatable import not_repeatable
from mutagen.match.standing import beside_others, in_their_place, satisfied, standing_at, taken_by_others
from mutagen.match.standing_parts import keys_of, parts_done, standing_patterns
from mutagen.match.subjects import Subject
from mutagen.match.trees import IN_PRODUCT
from mutagen.match.view import TraceView
from mutagen.records.blocks import Block
from mutagen.records.match import (
    AnyMatch,
    CallMatch,
    EdgeMatch,
    InstanceMatch,
    PartMatch,
    PatternMatch,
    RuleMatches,
)
from mutagen.records.rules import Rule
from mutagen.records.trace import Trace


def select(
    rules: tuple[Rule, ...],
    trace: Trace,
    products: Mapping[str, str],
    blocks: Mapping[str, Block] | None = None,
) -> tuple[RuleMatches, ...]:
    """What each rule selects, in the order of the rules.

    ``blocks`` are those that rules may name, the catalogue's if not said; ``products`` maps paths of instances to the
    blocks that they are: nothing at or below such a path matches.
    Raises RuleError E321 for a path pattern that cannot be read, M002 for a rule that is not repeatable.
    """
    view = TraceView(trace, products, made_by(rules), blocks)
    found = tuple(_matches(view, rule) for rule in rules)
    errors = not_repeatable(view, found)
    if errors:
        raise ErrorGroup(tuple(errors)) if len(errors) > 1 else errors[0]
    return found


def _matches(view: TraceView, rule: Rule) -> RuleMatches:
    found = candidates(view, rule)
    tally: Counter[str] = Counter(found.misses)
    counted: list[Counted] = []
    for subject in found.subjects:
        failure = _failure(view, rule, subject)
        there = None
        if failure is None and rule.parts:
            subject = replace(subject, done=parts_done(view, rule, subject))
            there = subject.path if subject.done.issuperset(rule.parts) else None
        elif failure is None and not subject.parts:
            there = standing_at(view, rule, subject)
        if failure is not None:
            tally[failure] += 1
        else:
            counted.append(Counted(subject.path if there is None else there, subject, there is not None))
    one_by_one = rule.query.only is not None and kind_of(rule.query) == "op"
    taken = set() if one_by_one else {it.path for it in counted}
    if rule.parts:
        known = {keys_of(it.subject) for it in counted if it.subject is not None}
        standing_ones = (it for it in standing_patterns(view, rule) if keys_of(it) not in known)
        counted.extend(Counted(it.path, it, True) for it in standing_ones)
    else:
        standing = [*satisfied(view, rule), *(in_their_place(view, rule) if rule.query.only is not None else ())]
        standing += [*beside_others(view, rule)] or ([] if counted or standing else [*taken_by_others(view, rule)])
        counted.extend(Counted(path, None, True) for path in dict.fromkeys(standing) if path not in taken)
    kept, left_out = picked(view, rule, counted)
    tally.update(left_out)
    matched = [it.subject for it in kept if it.subject is not None and not it.standing]
    already = [it.path for it in kept if it.standing]
    ordered = {name: tally[name] for name in _order(rule, found) if tally[name]}
    counts = {"seen": found.count, **ordered, "already": len(already), "matched": len(matched)}
    held = tuple(dict.fromkeys(path for it in kept if it.standing for path in _held(view, rule, it)))
    return RuleMatches(rule, _numbered(view, rule, matched), tuple(already), counts, _explain(found, counts), held=held)


def _held(view: TraceView, rule: Rule, counted: Counted) -> Iterator[str | int]:
    """The modules and calls that a rule has changed; what it has put beside others leaves these to all rules."""
    subject = counted.subject
    if subject is not None and subject.parts:
        changed = [it for name, it in subject.parts if name in rule.parts and rule.parts[name].kind != "insert"]
        yield from (it.instance.path for it in changed if it.instance is not None)
        yield from (it.node for it in changed if it.instance is None and it.node is not None)
    elif subject is not None and rule.action.kind != "insert":
        yield from [subject.instance.path] if subject.instance is not None else []
    elif rule.action.kind != "insert" and kind_of(rule.query) in ("instance", "block"):
        instance = view.instances_at.get(counted.path)
        yield from [instance.path] if instance is not None else []
    elif rule.action.kind == "replace" and kind_of(rule.query) == "op":
        made = op_calls(view, operation(rule.action.block))
        yield from (it.index for it in made if counted.path in (it.path, it.scope))


def _order(rule: Rule, found: Candidates) -> list[str]:
    return [*found.misses, IN_PRODUCT, *failures_in_order(rule.query), NOT_PICKED, NEVER_RUN]


def _failure(view: TraceView, rule: Rule, subject: Subject) -> str | None:
    if any(view.product_around(path) is not None for path in subject.touched):
        return IN_PRODUCT
    return first_failure(view, rule.query, subject)


def _numbered(view: TraceView, rule: Rule, subjects: list[Subject]) -> tuple[AnyMatch, ...]:
    counts: Counter[str] = Counter()
    found: list[AnyMatch] = []
    for subject in subjects:
        name = f"{rule.id}:{subject.path}#{counts[subject.path]}"
        counts[subject.path] += 1
        if subject.parts and subject.node is not None:
            parts = (_part(view, rule, part, it, part in subject.done) for part, it in reversed(subject.parts))
            found.append(PatternMatch(name, subject.path, subject.node, tuple(parts)))
        else:
            found.append(_match(name, subject))
    return tuple(found)


def _part(view: TraceView, rule: Rule, name: str, subject: Subject, done: bool) -> PartMatch:
    action = rule.parts.get(name)
    edge: EdgeMatch | None = None
    if action is not None and action.kind == "insert" and subject.node is not None:
        near = beside(view, subject, "before" if action.at in ("before", "input") else "after")
        found = _match(f"{rule.id}.{name}:{subject.path}#{subject.node}", near)
        edge = found if isinstance(found, EdgeMatch) else None
    return PartMatch(name, subject.path, subject.node, subject.facts, edge, done)


def _match(name: str, subject: Subject) -> AnyMatch:
    if subject.edge is not None:
        edge = subject.edge
        return EdgeMatch(name, subject.path, edge.node, edge.operand, edge.other, edge.shortcut)
    if subject.node is not None:
        return CallMatch(name, subject.path, subject.node)
    return InstanceMatch(name, subject.path)


def _explain(found: Candidates, tally: Mapping[str, int]) -> str:
    """One sentence such as: 34 Conv2d seen; 20 fail kernel_size; 2 excluded by not; 12 matched."""
    own = {"seen", "already", "matched"}
    parts = [f"{tally['seen']} {found.noun} seen"]
    parts += [f"{count} {name}" for name, count in tally.items() if name not in own]
    if tally["already"]:
        parts.append(f"{tally['already']} already there")
    parts.append(f"{tally['matched']} matched")
    return "; ".join(parts) + (f" ({found.note})" if found.note else "")
