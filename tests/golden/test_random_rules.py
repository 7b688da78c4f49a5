"""Whatever a rule file asks for: an answer or an error, nothing written without proof, and nothing left to do.

A few examples run with all tests, always the same ones; ``--random-rules 500`` draws so many at random.
"""

from __future__ import annotations

import ast
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from mutagen.errors import ErrorGroup, InternalError, MutagenError, UserError
from mutagen.records.result import Report
from tests.golden.conftest import ROOT, Bench
from tests.golden.random_rules import INDEPENDENT, SAMPLES, Sample, rule_files, text_of


@dataclass
class Examples:
    """Runs a function on drawn data: ``asked`` times at random, or a few times always in the same way."""

    asked: int
    ended: Counter[str] = field(default_factory=Counter)

    def run(self, check: Callable[[Any], None], few: int) -> None:
        chosen = settings(
            max_examples=self.asked or few,
            derandomize=not self.asked,
            database=None,
            deadline=None,
            phases=[Phase.generate, Phase.shrink] if self.asked else [Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        chosen(given(st.data())(check))()


@pytest.fixture
def examples(request: pytest.FixtureRequest) -> Iterator[Examples]:
    made = Examples(request.config.getoption("--random-rules"))
    yield made
    if made.asked:
        warnings.warn(f"random rule files ended so: {dict(made.ended.most_common())}", stacklevel=1)


class Folder:
    """Fresh copies of a sample beside a rule file."""

    def __init__(self, bench: Bench, sample: Sample) -> None:
        self.bench, self.sample = bench, sample
        self.before = {
            path: (ROOT / "samples" / path).read_bytes()
            for path in sorted(it.relative_to(ROOT / "samples").as_posix() for it in _sources(sample))
        }
        self.reset()

    def reset(self) -> None:
        for path in self.bench.folder.rglob("*.py"):
            path.unlink()
        for name, data in self.before.items():
            self.bench.write(name, data)

    def now(self) -> dict[str, bytes]:
        return {Path(path).relative_to(self.bench.folder).as_posix(): data for path, data in self.bench.bytes().items()}

    def run(self, rules: str, *, write: bool) -> Report | MutagenError:
        self.bench.write("rules.yaml", rules)
        target = self.bench.folder / self.sample.target
        try:
            return self.bench.run(
                str(self.bench.folder / "rules.yaml"), target, self.sample.model, (self.sample.shape,), write=write
            )
        except MutagenError as error:
            return error


def _sources(sample: Sample) -> list[Path]:
    file = ROOT / "samples" / sample.target
    return sorted(file.parent.glob("*.py")) if "/" in sample.target else [file]


def check_error(error: MutagenError) -> None:
    """An error is the user's to act on, and says how."""
    for each in error.errors if isinstance(error, ErrorGroup) else (error,):
        assert not isinstance(each, InternalError), (each.code, each.message, each.detail)
        assert isinstance(each, UserError), each
        assert each.code and each.message and each.hint, each


def check_applied(report: Report, folder: Folder) -> None:
    """What was written was proved, is what the report says, and can be compiled."""
    assert report.status == "applied"
    assert report.verdict is not None and report.verdict.proof.equal and report.verdict.proof.cases
    assert not [it for it in report.verdict.checks if it.status == "fail"]
    changed = {Path(it.path).relative_to(folder.bench.folder).as_posix(): it.after for it in report.files}
    assert changed
    assert folder.now() == folder.before | changed
    for data in changed.values():
        ast.parse(data)


def test_a_random_rule_file_is_proved_or_leaves_all_as_it_is(bench: Bench, examples: Examples) -> None:
    def check(data: Any) -> None:
        sample = data.draw(st.sampled_from(SAMPLES))
        rules = data.draw(rule_files(sample))
        folder = Folder(bench, sample)
        note(f"{sample.target} {sample.model} {sample.shape}\n{rules}")
        first = folder.run(rules, write=True)
        status = first.status if isinstance(first, Report) else "error"
        codes = [it.code for it in getattr(first, "errors", (first,))] if isinstance(first, MutagenError) else []
        examples.ended[" ".join([status, *sorted(set(codes))])] += 1
        if isinstance(first, MutagenError):
            check_error(first)
        elif first.status == "applied":
            check_applied(first, folder)
            written = folder.now()
            again = folder.run(rules, write=True)
            assert isinstance(again, Report), f"the second run ends with {again}"
            left = [(it.rule, it.planned, [str(each) for each in it.refused]) for it in again.plan.rules]
            assert not again.plan.edits, left
            assert again.files == ()
            assert folder.now() == written
            return
        else:
            assert first.status != "failed", f"what was planned could not be proved: {first.failure}"
        assert folder.now() == folder.before

    examples.run(check, 8)
    assert examples.ended["applied"], "none of the examples was worth anything"


def test_the_order_of_independent_rules_does_not_matter(bench: Bench, examples: Examples) -> None:
    def check(data: Any) -> None:
        sample = data.draw(st.sampled_from(SAMPLES))
        chosen = data.draw(
            st.lists(st.sampled_from(INDEPENDENT), min_size=2, max_size=3, unique_by=lambda it: it["id"])
        )
        rules = [{**rule, "optional": True} for rule in chosen]
        other = data.draw(st.permutations(rules).filter(lambda it: it != rules))
        note(f"{sample.target} {[rule['id'] for rule in rules]} {[rule['id'] for rule in other]}")
        folder = Folder(bench, sample)
        one, two = (folder.run(text_of(it), write=False) for it in (rules, other))
        assert isinstance(one, Report) and isinstance(two, Report), (one, two)
        assert one.status == two.status
        assert {it.rule: set(it.planned) for it in one.plan.rules} == {
            it.rule: set(it.planned) for it in two.plan.rules
        }
        assert lines(one) == lines(two)
        assert (one.verdict and one.verdict.counts) == (two.verdict and two.verdict.counts)
        examples.ended[one.status] += 1

    examples.run(check, 3)
    assert examples.ended["would_change"]


def lines(report: Report) -> dict[str, list[bytes]]:
    """The lines of each changed file; new classes and attributes may stand in the order of the rules."""
    return {it.path: sorted(it.after.splitlines()) for it in report.files}
