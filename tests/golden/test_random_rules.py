"""Whatever a rule file asks for: an answer or an error, nothing written without proof, and nothing left to do.

A few examples run with all tests, always the same ones. ``--random-rules 500`` draws so many at random, and
``--random-rules-into FOLDER`` goes on where something breaks: there is a log, and what broke with its rules, reduced.
"""

from __future__ import annotations

import json
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, note, seed, settings
from hypothesis import strategies as st

from mutagen.records.result import Report
from tests.golden.conftest import Bench
from tests.golden.drawn.checking import Broken, Folder, check, ended
from tests.golden.drawn.files import FIRST, Files, file_of, rule_files, text_of
from tests.golden.drawn.independent import INDEPENDENT
from tests.golden.drawn.models import MODELS, SOME, Model
from tests.golden.drawn.reducing import reduced

_ALIKE = 2
"""So many of one kind are reduced."""


@dataclass
class Examples:
    """Runs a function on drawn data: ``asked`` times at random, or a few times always in the same way."""

    asked: int
    into: Path | None
    first: int = 0
    ended: Counter[str] = field(default_factory=Counter)
    broken: Counter[str] = field(default_factory=Counter)
    seen: set[str] = field(default_factory=set)

    @property
    def models(self) -> st.SearchStrategy[Model]:
        return st.sampled_from(MODELS if self.asked else SOME)

    def run(self, look: Callable[[Any], None], few: int) -> None:
        """Draw one after the other: among many of one run Hypothesis has more and more that resemble each other."""
        phases = [Phase.generate, Phase.shrink] if self.asked and not self.into else [Phase.generate]
        for number in range(self.first, self.first + (self.asked or few)):
            # The first example of a run is always the simplest one, which is new once.
            chosen = settings(
                max_examples=2,
                database=None,
                deadline=None,
                phases=phases,
                suppress_health_check=list(HealthCheck),
            )
            seed(number)(chosen(given(st.data())(lambda data: look(data))))()
        assert not self.broken, f"{dict(self.broken)}: see {self.into}"

    def is_new(self, model: Model, files: Files) -> bool:
        """Whether it was not drawn before; what is rare is drawn again and again."""
        key = f"{model} {json.dumps(files)}"
        new = key not in self.seen
        self.seen.add(key)
        return new

    def told(self, how: str, model: Model, files: Files) -> None:
        self.ended[how] += 1
        if self.into is not None:
            with (self.into / "log.jsonl").open("a") as log:
                log.write(json.dumps({"ended": how, "model": str(model), "files": files}) + "\n")

    def broke(self, error: Broken, model: Model, files: Files, again: Callable[[Files], str]) -> None:
        """Note what broke, and go on; or let it break the test."""
        self.told(f"broken: {error.kind}", model, files)
        if self.into is None:
            raise error
        self.broken[error.kind] += 1
        if self.broken[error.kind] <= _ALIKE:
            files = reduced(files, lambda it: _kind(it, again) == error.kind)
        place = self.into / f"{sum(self.broken.values()):03}"
        place.mkdir(parents=True, exist_ok=True)
        (place / "why.txt").write_text(f"{model}\n{error}\n")
        for name, data in files.items():
            (place / name).write_text(text_of(data))


def _kind(files: Files, again: Callable[[Files], str]) -> str:
    try:
        again(files)
    except Broken as error:
        return error.kind
    return ""


@pytest.fixture
def examples(request: pytest.FixtureRequest) -> Iterator[Examples]:
    into = request.config.getoption("--random-rules-into")
    if into is not None:
        into = Path(into)
        into.mkdir(parents=True, exist_ok=True)
    made = Examples(request.config.getoption("--random-rules"), into, request.config.getoption("--random-rules-seed"))
    yield made
    if made.asked:
        warnings.warn(f"random rule files ended so: {dict(made.ended.most_common())}", stacklevel=1)


def test_a_random_rule_file_is_proved_or_leaves_all_as_it_is(bench: Bench, examples: Examples) -> None:
    def look(data: Any) -> None:
        model = data.draw(examples.models)
        files = data.draw(rule_files(model))
        if not examples.is_new(model, files):
            return
        folder = Folder(bench, model)
        note(f"{model}\n" + "\n".join(text_of(it) for it in files.values()))
        try:
            examples.told(check(folder, files), model, files)
        except Broken as error:
            examples.broke(error, model, files, lambda it: check(folder, it))

    examples.run(look, 8)
    assert [it for it in examples.ended if it.startswith("applied")], "none of the examples was worth anything"


def test_the_order_of_independent_rules_does_not_matter(bench: Bench, examples: Examples) -> None:
    def look(data: Any) -> None:
        model = data.draw(examples.models)
        topics = data.draw(st.lists(st.sampled_from(sorted(INDEPENDENT)), min_size=2, max_size=3, unique=True))
        rules = [{"id": it, **data.draw(st.sampled_from(INDEPENDENT[it])), "optional": True} for it in topics]
        other = data.draw(st.permutations(rules).filter(lambda it: it != rules))
        files = {FIRST: file_of(rules), "other.yaml": file_of(other)}
        note(f"{model} {rules} {other}")
        folder = Folder(bench, model)
        try:
            examples.told(_either_way(folder, files), model, files)
        except Broken as error:
            examples.broke(error, model, files, lambda it: _either_way(folder, it))

    examples.run(look, 3)
    assert examples.ended["would_change"]


def _either_way(folder: Folder, files: Files) -> str:
    """How both orders end. Raises Broken where they come to different things."""
    answers = []
    for name in (FIRST, "other.yaml"):
        folder.prepare({FIRST: files[name]})
        answers.append(folder.run(write=False))
    one, two = answers
    if ended(one) != ended(two):
        raise Broken("the order matters for how it ends", f"{ended(one)} {ended(two)}")
    if isinstance(one, Report) and isinstance(two, Report):
        planned = [{it.rule: set(it.planned) for it in each.plan.rules} for each in (one, two)]
        if planned[0] != planned[1]:
            raise Broken("the order matters for what is planned", str(planned))
        if _lines(one) != _lines(two):
            raise Broken("the order matters for what is written")
        if (one.verdict and one.verdict.counts) != (two.verdict and two.verdict.counts):
            raise Broken("the order matters for the counts")
    return ended(one)


def _lines(report: Report) -> dict[str, list[bytes]]:
    """The lines of each changed file; new classes and attributes may stand in the order of the rules."""
    return {it.path: sorted(it.after.splitlines()) for it in report.files}
