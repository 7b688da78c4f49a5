"""What holds for every rule file on every model: an answer or an error, proved or untouched, once and not twice."""

from __future__ import annotations

import ast
import re
import shutil
import traceback
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from mutagen.errors import ErrorGroup, MutagenError, UserError
from mutagen.records.plan import Plan
from mutagen.records.result import Report
from tests.golden.conftest import Bench
from tests.golden.drawn.drawing import Text
from tests.golden.drawn.files import FIRST, Files, text_of
from tests.golden.drawn.models import GOLDEN, Model

Answer = TypeVar("Answer")
_BROUGHT = ("theirs", "my_blocks")


class Broken(AssertionError):
    """Something that must not be; ``kind`` is the same for what has probably the same cause."""

    def __init__(self, kind: str, detail: str = "") -> None:
        super().__init__(f"{kind}: {detail}" if detail else kind)
        self.kind = kind


@dataclass(frozen=True)
class Folder:
    """A copy of a model beside rule files and what they bring along."""

    bench: Bench
    model: Model

    def prepare(self, files: Files) -> dict[str, bytes]:
        """Put all sources back as they were, write the rule files, and return the sources."""
        for path in (*self.bench.folder.rglob("*.py"), *self.bench.folder.glob("*.yaml")):
            path.unlink()
        for name in _BROUGHT:
            shutil.copytree(GOLDEN / "own" / name, self.bench.folder / name, dirs_exist_ok=True)
        for name, file in self.model.files:
            self.bench.write(name, file.read_bytes())
        for name, data in files.items():
            self.bench.write(name, text_of(data))
        return self.now()

    def demand(self, files: Files, rules: Collection[str]) -> None:
        """Write the rule files so that these rules are not optional: what has changed something is never missed."""
        for name, data in files.items():
            if isinstance(data, dict):
                asked = [_asked(it) if it["id"] in rules else it for it in data["rules"]]
                self.bench.write(name, text_of({**data, "rules": asked}))

    def now(self) -> dict[str, bytes]:
        return {Path(path).relative_to(self.bench.folder).as_posix(): it for path, it in self.bench.bytes().items()}

    def run(self, *, write: bool) -> Report | MutagenError:
        """What becomes of the rules, or the error that the user gets. Raises Broken where it is not the user's."""
        return self._of_user(lambda: self.bench.run(*self._asked, write=write))

    def plan(self) -> Plan | MutagenError:
        """What is planned, which takes a third of the time."""
        return self._of_user(lambda: self.bench.plan(*self._asked))

    @property
    def _asked(self) -> tuple[str, Path, str, tuple[str, ...]]:
        folder = self.bench.folder
        return str(folder / FIRST), folder / self.model.target, self.model.call, self.model.inputs

    def _of_user(self, answer: Callable[[], Answer]) -> Answer | MutagenError:
        try:
            return answer()
        except MutagenError as error:
            _check_error(error)
            return error
        except Exception as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{Path(last.filename).name}:{last.name}"
            raise Broken(f"crash {type(error).__name__} in {place}", traceback.format_exc()) from error


def _asked(rule: Text) -> Text:
    return {key: value for key, value in rule.items() if key != "optional"}


def check(folder: Folder, files: Files) -> str:
    """How it ended, in a few words with codes. Raises Broken."""
    before = folder.prepare(files)
    plan = folder.plan()
    if not isinstance(plan, Plan) or not (plan.edits or plan.claims):
        return ended(plan)
    first = folder.run(write=True)
    if isinstance(first, Report) and first.status == "applied":
        _check_applied(first, folder, before)
        folder.demand(files, {it.rule for it in first.plan.rules if it.planned})
        _check_again(folder)
        return ended(first)
    if isinstance(first, Report) and first.status == "failed" and all(it.met for it in first.findings):
        raise Broken(f"planned and not proved: {_without_names(first.failure)}", first.failure)
    if folder.now() != before:
        raise Broken("written without proof", ended(first))
    return ended(first)


def ended(answer: Report | Plan | MutagenError) -> str:
    """The status of a report, of a plan without edits, or of an error, and the codes in it."""
    if isinstance(answer, MutagenError):
        return " ".join(["error", *sorted({it.code for it in _all(answer)})])
    if isinstance(answer, Report) and answer.status == "failed":
        return "failed claim"
    plan = answer.plan if isinstance(answer, Report) else answer
    codes = sorted({it.code for rule in plan.rules for it in rule.refused})
    status = answer.status if isinstance(answer, Report) else "refused" if codes else "unchanged"
    return " ".join([status, *codes])


def _all(error: MutagenError) -> tuple[MutagenError, ...]:
    return error.errors if isinstance(error, ErrorGroup) else (error,)


def _check_error(error: MutagenError) -> None:
    """An error is the user's to act on, and says how."""
    for each in _all(error):
        if not isinstance(each, UserError):
            last = re.findall(r'File ".*?(\w+\.py)", line \d+, in (\w+)', each.detail)[-1:]
            raise Broken(f"error {each.code} {last}", f"{each.message}\n{each.detail}")
        if not (each.code and each.message and each.hint):
            raise Broken(f"an error without its cure {each.code}", each.message)


def _check_applied(report: Report, folder: Folder, before: dict[str, bytes]) -> None:
    """What was written was proved, is what the report says, and can be compiled."""
    verdict = report.verdict
    if verdict is None or not verdict.proof.equal or not verdict.proof.cases:
        raise Broken("written without proof")
    failed = [f"{it.name} {it.detail}" for it in verdict.checks if it.status == "fail"]
    if failed or not all(it.met for it in report.findings):
        raise Broken("written although a check failed", " ".join(failed))
    changed = {Path(it.path).relative_to(folder.bench.folder).as_posix(): it.after for it in report.files}
    if not changed or folder.now() != before | changed:
        raise Broken("what was written is not what was told")
    for data in changed.values():
        ast.parse(data)


def _check_again(folder: Folder) -> None:
    """A second run plans nothing, and writes nothing."""
    written = folder.now()
    plan = folder.plan()
    if not isinstance(plan, Plan):
        raise Broken(f"the second run ends with {ended(plan)}", str(plan))
    if plan.edits:
        left = [(it.rule, it.planned, [str(each) for each in it.refused]) for it in plan.rules]
        raise Broken("the second run plans something", str(left))
    if not plan.claims:  # without, a run ends here
        return
    again = folder.run(write=True)
    if not isinstance(again, Report):
        raise Broken(f"the second run ends with {ended(again)}", str(again))
    if again.status not in ("unchanged", "refused"):
        raise Broken(f"the second run ends with {again.status}", again.failure)
    if again.files or folder.now() != written:
        raise Broken("the second run writes")


def _without_names(text: str) -> str:
    """A message without what differs from model to model."""
    return re.sub(r"[\w.]*[\d_.][\w.]*", "_", text)[:60]
