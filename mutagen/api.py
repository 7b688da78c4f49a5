"""The stages in order: load, trace, match, plan, rewrite, verify, write, report."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace

from mutagen.asked import locate
from mutagen.cache.answers import is_kept, keep_answer, watched_run
from mutagen.errors import ProofError
from mutagen.load.target_file import find_target
from mutagen.records.options import Options
from mutagen.records.plan import Plan
from mutagen.records.result import Report
from mutagen.records.review import Review
from mutagen.records.vendor import Vendored
from mutagen.sandbox.runner import Host, Part
from mutagen.sandbox.seen import Seen
from mutagen.stages.proving import proved
from mutagen.stages.records import Clock
from mutagen.stages.reviewing import after_review
from mutagen.stages.telling import answered, planned_report, told, without_proof
from mutagen.stages.tracing import up_to_plan, vendored_sources
from mutagen.tracked.keep import keep


def run(
    options: Options, host: Host | Part | None = None, *, review: Review | None = None, claims: bool = True
) -> Report:
    """Plan, prove and, where asked and proved, write. Raises MutagenError; nothing is written then.

    ``host`` is one that already runs, or a part of it, for several runs that share it; it stays open. A ``review`` is
    shown what is planned and may refuse edits; what is left is proved. Without
    ``claims`` nobody asks whether the rules do what they claim of the model that they were written for.
    """
    with _part(options, host) as part, watched_run() if part.watched else nullcontext(Seen()) as seen:
        report = _run(options, part, seen, review, claims=claims)
    if options.write and report.stands and review is None:
        keep(report, options)
    if part.watched and review is None:
        for session in part.sessions:
            seen.merge(session.seen)
        keep_answer(options, report, seen)
    return report


@contextmanager
def _part(options: Options, host: Host | Part | None) -> Iterator[Part]:
    """What gives out the sessions of a run."""
    if isinstance(host, Part):
        yield host
        return
    with Host(timeout=options.timeout, memory_bytes=options.memory) if host is None else nullcontext(host) as host:
        yield host.part(watched=is_kept(options))


def _run(options: Options, host: Part, seen: Seen, review: Review | None, *, claims: bool) -> Report:
    clock = Clock()
    located = locate(options)
    vendored = vendored_sources(options, host, located, clock) if options.vendor else Vendored()
    traced = up_to_plan(options, host, located, clock, proving=True, vendored=vendored)
    if not claims:
        traced = replace(traced, plan=replace(traced.plan, claims=()))
    if review is not None:
        traced = after_review(traced, review)
    report = planned_report(traced, clock)
    if report.status == "unchanged":
        return answered(report, traced, host)
    if report.status != "would_change":
        return report
    try:
        done = proved(traced, host, options, clock)
    except ProofError as error:
        seen.doubts.add(error.code)  # what there is no proof for may have to do with the machine
        return replace(report, status="refused", plan=without_proof(traced.plan, error))
    report = answered(told(done, clock), done.traced, host)
    if report.failure:
        return replace(report, status="failed")
    if not options.write:
        return report
    with clock.stage("write"):
        report = written(report, options)
    return replace(report, timing=clock.seconds)


def written(report: Report, options: Options) -> Report:
    """Write what a run with these options has proved; the files must be as they were then. Raises MutagenError."""
    keep(report, options, root=find_target(options.target).root)
    return replace(report, status="applied")


def make_plan_only(options: Options, host: Host | Part | None = None) -> Plan:
    """The plan for a target, without rewriting or proving anything."""
    located = locate(options)
    with _part(options, host) as part:
        return up_to_plan(options, part, located, Clock(), proving=False).plan
