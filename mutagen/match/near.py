"""Which candidates of a rule fail which of its tests."""

from __future__ import annotations

from collections.abc import Iterable

from mutagen.match.kinds import candidates
from mutagen.match.only import NOT_PICKED
from mutagen.match.predicates import failures_in_order, first_failure
from mutagen.match.subjects import Subject
from mutagen.match.trees import IN_PRODUCT
from mutagen.match.view import TraceView
from mutagen.records.look import Miss
from mutagen.records.rules import Rule


def near_misses(view: TraceView, rule: Rule, selected: Iterable[str]) -> tuple[Miss, ...]:
    """For each test of a rule the candidates that it turns away, in the order of the tests.

    ``selected`` are the paths that match or are done already: what passes all tests and is not among them was left out
    by ``only``. What came close to the kind alone, such as additions that are not residual, is counted without paths.
    """
    found = candidates(view, rule)
    kept = set(selected)
    groups: dict[str, list[Subject]] = {}
    for subject in found.subjects:
        test = _test(view, rule, subject)
        if test is None and subject.path not in kept:
            test = NOT_PICKED
        if test is not None:
            groups.setdefault(test, []).append(subject)
    counted = [Miss(test, number) for test, number in found.misses.items()]
    order = [IN_PRODUCT, *failures_in_order(rule.query), NOT_PICKED]
    return (*counted, *(_miss(test, groups[test]) for test in order if test in groups))


def why_not(view: TraceView, rule: Rule, path: str) -> str:
    """Why a rule does not select the module at a path: the test that it fails, or that it is no candidate."""
    found = candidates(view, rule)
    subjects = [it for it in found.subjects if path in it.paths]
    tests = [_test(view, rule, it) for it in subjects]
    failed = next((test for test in tests if test is not None), None)
    if not subjects:
        return f"it is none of {len(found.subjects)} {found.noun}"
    return _sentence(failed, subjects[0]) if failed else NOT_PICKED


def _test(view: TraceView, rule: Rule, subject: Subject) -> str | None:
    if any(view.product_around(path) is not None for path in subject.touched):
        return IN_PRODUCT
    return first_failure(view, rule.query, subject)


def _sentence(test: str, subject: Subject) -> str:
    value = _value(test, subject)
    told = test.replace("fail ", "it fails ", 1).replace("have no", "it has no", 1)
    return told + (f", which is {value}" if value else "")


def _miss(test: str, subjects: list[Subject]) -> Miss:
    return Miss(test, len(subjects), tuple((it.path, _value(test, it)) for it in subjects))


def _value(test: str, subject: Subject) -> str:
    """What the subject has for the fact that a test speaks of."""
    fact = test.removeprefix("fail ")
    return repr(subject.facts[fact]) if test.startswith("fail ") and fact in subject.facts else ""
