"""Runs the tests of a rule file."""

from __future__ import annotations

import difflib
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from mutagen.api import run
from mutagen.errors import MutagenError
from mutagen.load.rules_file import read_rules
from mutagen.records.claims import Claim
from mutagen.records.options import Options
from mutagen.records.result import Report
from mutagen.records.rule_tests import RuleTest
from mutagen.records.rules import Rule
from mutagen.report import diff
from mutagen.report.summary import refusals, summary
from mutagen.sandbox.runner import Host
from mutagen.testing.copies import copy_model
from mutagen.verify.claims import Effect, judge

_SHOWN = 60


@dataclass(frozen=True)
class Outcome:
    """What came of one test: ``problems`` are what is not as it should be, ``reached`` the rules that had something
    to do, ``wrote`` whether the stored patch was written anew."""

    test: RuleTest
    problems: tuple[str, ...] = ()
    summary: str = ""
    reached: frozenset[str] = frozenset()
    wrote: bool = False
    seconds: float = 0.0


def own_tests(file: str) -> tuple[RuleTest, ...]:
    """The tests that stand in a rule file, without those of files that it includes."""
    return tuple(test for test in read_rules(file).tests if test.file == file)


def untested(file: str, outcomes: list[Outcome]) -> tuple[Rule, ...]:
    """The rules of a file, without included ones, that no test reaches."""
    reached = {name for outcome in outcomes for name in outcome.reached}
    own = [rule for rule in read_rules(file).rules if rule.place is not None and rule.place.file == file]
    return tuple(rule for rule in own if rule.id not in reached)


def run_test(test: RuleTest, host: Host, *, update: bool = False) -> Outcome:
    """Apply the rules to a copy of the model, look, and apply them again; with ``update`` the stored patch is written.

    An error of the rules or of the model is a problem of the test.
    """
    start = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="mutagen-test-") as name:
        folder = Path(name).resolve()
        try:
            outcome = _tested(test, folder, host, update=update)
        except MutagenError as error:
            outcome = _failed(test, error)
    return replace(outcome, seconds=time.perf_counter() - start)


def _failed(test: RuleTest, error: MutagenError) -> Outcome:
    """Rules that match nothing may be what the test is about; everything else should not be."""
    if error.code == "M001" and any(_asks_for_none(claim) for claim in test.claims):
        return Outcome(test, summary="nothing matches")
    return Outcome(test, problems=(str(error), *((f"help: {error.hint}",) if error.hint else ())))


def _asks_for_none(claim: Claim) -> bool:
    return claim.fact == "instances" and claim.high == 0


def _tested(test: RuleTest, folder: Path, host: Host, *, update: bool) -> Outcome:
    target = copy_model(test, folder)
    options = Options(
        rules=test.file, target=str(target), model=test.call, inputs=test.inputs, select=test.rules, lock=False
    )
    report = _applied(options, host)
    problems = [*_ending(test, report), *_claims(test, report)]
    wrote = False
    if test.patch is not None:
        patch = diff.render(report.files if report.status == "applied" else (), root=folder)
        stored = Path(test.file).parent / test.patch
        wrote = update and _differs(stored, patch)
        if wrote:
            stored.parent.mkdir(parents=True, exist_ok=True)
            stored.write_bytes(patch)
        problems += _patch(stored, patch)
    if report.status == "applied":
        problems += _again(options, host)
    reached = frozenset(rule.rule for rule in report.plan.rules if rule.matched or rule.refused)
    return Outcome(test, tuple(problems), summary(report), reached, wrote)


def _applied(options: Options, host: Host) -> Report:
    part = host.part()
    try:
        return run(options, part, claims=False)
    finally:
        part.end()


def _ending(test: RuleTest, report: Report) -> Iterator[str]:
    codes = {it.code for it in refusals(report)}
    for it in refusals(report):
        if it.code not in test.refused:
            yield f"refused[{it.code}] {it.path}: {it.message}"
    for code in test.refused:
        if code not in codes:
            yield f"nothing is refused[{code}]"
    if report.status == "failed":
        yield report.failure
    wants_none = any(_asks_for_none(claim) for claim in test.claims)
    if report.status == "unchanged" and not wants_none:
        yield f"nothing is changed ({summary(report)}); a test of that says `expect: {{instances: 0}}`"


def _claims(test: RuleTest, report: Report) -> Iterator[str]:
    plan = replace(report.plan, claims=test.claims)
    for finding in judge(Effect(plan, report.verdict, lambda: None)):
        if not finding.met:
            found = f"found {finding.found}" if finding.found is not None else finding.note
            yield f"{finding.claim.fact}: expected {finding.claim.wanted}, {found}"


def _differs(stored: Path, patch: bytes) -> bool:
    return not stored.is_file() or stored.read_bytes() != patch


def _patch(stored: Path, patch: bytes) -> Iterator[str]:
    if not stored.is_file():
        yield f"there is no patch {stored.name} yet: run again with --update"
    elif stored.read_bytes() != patch:
        before, after = (text.decode("utf-8", errors="replace").splitlines() for text in (stored.read_bytes(), patch))
        lines = list(difflib.unified_diff(before, after, f"stored {stored.name}", "now", lineterm=""))
        more = [f"... and {len(lines) - _SHOWN} more lines"] if len(lines) > _SHOWN else []
        yield "\n".join(["the patch is another; see it, then run with --update", *lines[:_SHOWN], *more])


def _again(options: Options, host: Host) -> Iterator[str]:
    again = _applied(options, host)
    if again.status != "unchanged":
        yield f"a second run is not empty: {summary(again)}"
