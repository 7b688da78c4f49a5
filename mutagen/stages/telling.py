"""The report on a run as it stands behind each stage."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from mutagen.errors import ProofError
from mutagen.records.plan import Plan, Refusal
from mutagen.records.result import Report, Verdict
from mutagen.records.span import Span
from mutagen.sandbox.runner import Part
from mutagen.stages.records import Clock, Proved, Traced
from mutagen.verify.claims import claimed


def planned_report(traced: Traced, clock: Clock) -> Report:
    """The report as it stands after planning."""
    plan = traced.plan
    blocked = any(it.refused for it in plan.rules) and not (plan.edits and _partial(traced))
    return Report(
        status="refused" if blocked else "would_change" if plan.edits else "unchanged",
        plan=plan,
        trace_method=traced.trace.method,
        nodes=len(traced.trace.nodes),
        modules=len(traced.trace.instances),
        timing=clock.seconds,
        notes=(*traced.trace.notes, *(traced.vendored.notes if plan.edits else ()), *plan.notes),
        device=traced.trace.device,
        sources=traced.trace.files,
        tracked=traced.tracked,
        made_of=traced.made_of,
    )


def without_proof(plan: Plan, error: ProofError) -> Plan:
    """The plan with every target refused for which there can be no proof."""
    place = error.place
    where = Span(place.file, place.line, place.column - 1, place.line, place.column) if place and place.line else None
    rules = []
    for it in plan.rules:
        paths = it.planned
        new = tuple(Refusal(it.rule, path, error.code, error.message, error.hint, where) for path in paths)
        rules.append(replace(it, refused=(*it.refused, *new), planned=()))
    return replace(plan, rules=tuple(rules))


def _partial(traced: Traced) -> bool:
    return all(it.partial == "allow" for it in traced.plan.rules if it.refused)


def told(done: Proved, clock: Clock) -> Report:
    """The report on a change that was proved, or was not."""
    importers: dict[str, tuple[str, ...]] = {}
    with suppress(OSError):  # a file beside the target that may not be read is none of its own
        importers |= {it.path: done.traced.project.importers(it.path) for it in done.changes if it.before is not None}
    return replace(
        planned_report(done.traced, clock),
        files=done.changes,
        verdict=done.verdict,
        failure=_failure(done.verdict),
        collateral=done.collateral,
        importers=importers,
    )


def answered(report: Report, traced: Traced, host: Part) -> Report:
    """The report with what became of the claims of the rules."""
    if report.failure:
        return report
    call, switches = traced.trace.call, dict.fromkeys(traced.plan.switches, True)
    before = replace(traced.target, call=call, inputs=traced.trace.inputs)
    overlay = {it.path: it.after for it in report.files}
    changed = replace(before, call=replace(call, kwargs={**call.kwargs, **switches}), overlay=overlay)
    return claimed(report, before=before, after=changed, session=host.session)


def _failure(verdict: Verdict) -> str:
    """What keeps the change from being written, in one sentence; empty where nothing does."""
    if not verdict.proof.equal:
        case = next((it for it in verdict.proof.cases if not it.equal), None)
        what = f" ({case.mode}, {case.note})" if case else ""
        return f"the edited source does not compute what the rules mean{what}"
    failed = next((it for it in verdict.checks if it.status == "fail"), None)
    return f"check {failed.name} failed: {failed.detail}" if failed else ""
