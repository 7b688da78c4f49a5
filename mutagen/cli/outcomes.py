"""Runs the targets of a command, one after the other or several at a time, each a transaction of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mutagen.cache.answers import is_kept, known_answer
from mutagen.cli.failure import exit_code_of

if TYPE_CHECKING:
    from mutagen.records.options import Options
    from mutagen.records.result import Report
    from mutagen.records.review import Review
    from mutagen.sandbox.runner import Host, Part

_CODES = {"applied": 0, "unchanged": 0, "would_change": 1, "refused": 1, "failed": 1}


@dataclass(frozen=True)
class Outcome:
    """What became of one target."""

    target: str
    report: Report | None = None
    error: Exception | None = None

    @property
    def exit_code(self) -> int:
        """The exit code that this target alone would give."""
        if self.report:
            return _CODES[self.report.status]
        return exit_code_of(self.error) if self.error else 0

    @property
    def status(self) -> str:
        """The status of the report; an error has failed."""
        return self.report.status if self.report else "failed"


def known_outcome(options: Options) -> Outcome | None:
    """What became of a target, where that is known from an earlier run; None where it is not."""
    report = known_answer(options)
    if report is None:
        return None
    try:
        _put_down(report, options)
    except Exception as error:
        return Outcome(options.target, error=error)
    return Outcome(options.target, report)


def run_all(asked: Sequence[Options], host: Host, *, jobs: int, review: Review | None = None) -> list[Outcome]:
    """What became of each target, in their order; ``jobs`` of them are worked on at the same time.

    Whatever is written is written in that order and comes out as if the targets had been taken one after the other.
    """
    if review is not None:
        return [_run(each, host, known=False, last=each is asked[-1], review=review) for each in asked]
    if len(asked) == 1:
        return [_run(asked[0], host, known=False, last=True)]  # its answer was looked for before torch was imported
    if jobs == 1:
        return [_run(each, host, last=each is asked[-1]) for each in asked]
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(jobs) as pool:
        try:
            first = list(pool.map(lambda each: _run(each, host, writes=False), asked))
        except BaseException:  # ^C: the pool waits for what is at work, so let that end
            pool.shutdown(wait=False, cancel_futures=True)
            host.stop()
            raise
    changed: set[str] = set()
    outcomes = []
    for each, outcome in zip(asked, first, strict=True):
        if changed and (outcome.report is None or changed & _touched(outcome.report)):
            outcome = _run(each, host)  # what it saw is no longer there
        elif each.write:
            outcome = _written(each, outcome)
        if outcome.report and outcome.report.status == "applied":
            changed |= {change.path for change in outcome.report.files}
        outcomes.append(outcome)
    return outcomes


def _run(
    options: Options,
    host: Host,
    *,
    writes: bool = True,
    known: bool = True,
    last: bool = False,
    review: Review | None = None,
) -> Outcome:
    """What becomes of one target; ``known`` says that its answer may be kept by now.

    The processes of the ``last`` one end with the host, beside what is still to do.
    """
    part = host.part(watched=is_kept(options))
    options = replace(options, write=options.write and writes)
    try:
        return (known_outcome(options) if known else None) or Outcome(options.target, _asked_for(options, part, review))
    except Exception as error:  # also a bug must not hide what became of the other targets
        return Outcome(options.target, error=error)
    finally:
        if not last:
            part.end()


def _asked_for(options: Options, part: Part, review: Review | None) -> Report:
    from mutagen.api import run

    return run(options, part) if review is None else run(options, part, review=review)


def _touched(report: Report) -> set[str]:
    return {*report.sources, report.plan.file, *(change.path for change in report.files)}


def _written(options: Options, outcome: Outcome) -> Outcome:
    from mutagen.api import written

    if outcome.report is None:
        return outcome
    try:
        if outcome.report.status == "would_change":
            return replace(outcome, report=written(outcome.report, options))
        _put_down(outcome.report, options)
        return outcome
    except Exception as error:
        return Outcome(options.target, error=error)


def _put_down(report: Report, options: Options) -> None:
    """Tell the lock file, where there is one, of a target that is as its rules want it."""
    from mutagen.tracked.place import wanted  # not before torch begins to be imported

    if options.write and report.stands and wanted(options, report.plan.file):
        from mutagen.tracked.keep import keep

        keep(report, options)
