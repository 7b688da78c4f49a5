"""The stages in order: load, trace, match, plan, rewrite, verify, write, report."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from mutagen.asked import blocks_asked, devices_asked, locate, made_of, rules_asked, smaller_asked, target_asked
from mutagen.blocks.catalogue import load_blocks, shelf
from mutagen.blocks.own import brought
from mutagen.blocks.recognise import standing_products, warm_up
from mutagen.blocks.starting import started
from mutagen.cache.answers import is_kept, keep_answer, watched_run
from mutagen.errors import ClashError, Place, ProofError, TargetError
from mutagen.load.model_call import parse_call
from mutagen.load.others import other_models
from mutagen.load.plan_file import check_hashes, read_plan
from mutagen.load.target_file import Located, find_target
from mutagen.match.select import select
from mutagen.planning.make import make_plan
from mutagen.planning.reviewed import reviewed
from mutagen.records.blocks import Block
from mutagen.records.collateral import Collateral
from mutagen.records.match import RuleMatches
from mutagen.records.options import Options
from mutagen.records.plan import Plan, Refusal
from mutagen.records.result import FileChange, Report, Verdict
from mutagen.records.review import Review
from mutagen.records.span import Span
from mutagen.records.target import Call, Target
from mutagen.records.trace import Trace
from mutagen.records.vendor import Vendored
from mutagen.report.before import place_before
from mutagen.rewrite.apply import rewrite
from mutagen.sandbox.runner import Host, Part, Session
from mutagen.sandbox.seen import Seen
from mutagen.source.project import Project, open_project
from mutagen.tracked.keep import keep, stands
from mutagen.tracked.place import wanted
from mutagen.tracked.standing import where_it_stands
from mutagen.vendor.step import as_vendored, check_reached, vendor, with_copies, with_copies_in_use
from mutagen.verify.claims import claimed
from mutagen.verify.collateral import MEMORY, watched
from mutagen.verify.prove import begin, begin_again, prove
from mutagen.verify.shrunk import Covering, Smaller, cover, open_smaller, prove_smaller, trace_of, traced_smaller

_NOTHING_COPIED = Vendored()
_STAGES = logging.getLogger("mutagen.stages")


@dataclass
class _Clock:
    """Seconds spent in each stage."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        _STAGES.debug(name)
        start = time.perf_counter()
        yield
        self.seconds[name] = round(self.seconds.get(name, 0.0) + time.perf_counter() - start, 4)


@dataclass(frozen=True)
class _Traced:
    """A run up to its plan, with the session that prepares the proof, if there is to be one, and one for the edited.

    With a ``smaller`` configuration this is the one that is prepared, and ``full`` is the session of the model itself.
    """

    original: Session | None
    edited: Session | None
    target: Target
    trace: Trace
    project: Project
    plan: Plan
    found: tuple[RuleMatches, ...] = ()
    named: Mapping[str, Call] = field(default_factory=dict)
    smaller: Smaller | None = None
    full: Session | None = None
    late: bool = False
    reviewed: bool = False
    vendored: Vendored = _NOTHING_COPIED
    tracked: Mapping[str, str] | None = None
    made_of: Mapping[str, str] = field(default_factory=dict)
    blocks: Mapping[str, Block] = field(default_factory=load_blocks)


@dataclass(frozen=True)
class _Proved:
    """A change with what was found about it."""

    traced: _Traced
    changes: tuple[FileChange, ...]
    verdict: Verdict
    collateral: tuple[Collateral, ...]


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
    if options.write and stands(report) and review is None:
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
    clock = _Clock()
    located = locate(options)
    vendored = _vendored(options, host, located, clock) if options.vendor else Vendored()
    traced = _up_to_plan(options, host, located, clock, proving=True, vendored=vendored)
    if not claims:
        traced = replace(traced, plan=replace(traced.plan, claims=()))
    if review is not None:
        traced = _reviewed(traced, review)
    report = _report(traced, clock)
    if report.status == "unchanged":
        return _claimed(report, traced, host)
    if report.status != "would_change":
        return report
    try:
        done = _proved(traced, host, options, clock)
    except ProofError as error:
        seen.doubts.add(error.code)  # what there is no proof for may have to do with the machine
        return replace(report, status="refused", plan=_refused(traced.plan, error))
    report = _claimed(_told(done, clock), done.traced, host)
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


def _proved(traced: _Traced, host: Part, options: Options, clock: _Clock) -> _Proved:
    """The change with its proof; made later, if it can be, where it breaks code that relies on what is replaced."""
    try:
        return _attempt(traced, host, options, clock)
    except ProofError as error:
        later = _later(traced, error.message) if error.code == "breaks-code" else None
        if later is None:
            raise
    assert traced.original is not None
    traced.original.settle()
    begin_again(traced.original, timeout=options.timeout)
    return _attempt(later, host, options, clock)


def _attempt(traced: _Traced, host: Part, options: Options, clock: _Clock) -> _Proved:
    with clock.stage("match"):
        covering = _covering(traced)
    with clock.stage("rewrite"):
        changes = _rewritten(traced)
    try:
        with clock.stage("verify"):
            return _verified(traced, changes, host, options, covering=covering)
    except ProofError as error:
        error.place = place_before(error.place, changes)
        raise


def _later(traced: _Traced, why: str) -> _Traced | None:
    """The same with a plan that replaces modules when everything is built; None where there is no other such plan."""
    if not traced.found or traced.reviewed:  # what nobody has seen is not what was accepted
        return None
    products = standing_products(traced.trace, traced.project.read, traced.blocks)
    plan = make_plan(traced.found, traced.trace, traced.project, blocks=traced.blocks, products=products, late=True)
    refused = any(it.refused for it in plan.rules)
    plan = as_vendored(replace(plan, notes=(*plan.notes, f"changed when all is built: {why}")), traced.vendored)
    plan = replace(plan, claims=traced.plan.claims)
    return (
        replace(traced, edited=None, plan=plan, late=True) if plan.edits != traced.plan.edits and not refused else None
    )


def _reviewed(traced: _Traced, review: Review) -> _Traced:
    """The same with what a review leaves of the plan; what the rules claim is not asked of a part of them."""
    products = standing_products(traced.trace, traced.project.read, traced.blocks)

    def again(found: tuple[RuleMatches, ...]) -> Plan:
        return as_vendored(
            make_plan(found, traced.trace, traced.project, blocks=traced.blocks, products=products), traced.vendored
        )

    def changes(plan: Plan) -> tuple[FileChange, ...]:
        return _rewritten(replace(traced, plan=plan))

    found, plan = reviewed(traced.found, traced.plan, traced.trace, review, changes=changes, again=again)
    if found != traced.found:  # a part, of which the rules as they are written do not tell
        traced = replace(traced, made_of={})
        plan = replace(plan, claims=())
    return replace(traced, found=found, plan=plan, reviewed=True)


def make_plan_only(options: Options, host: Host | Part | None = None) -> Plan:
    """The plan for a target, without rewriting or proving anything."""
    located = locate(options)
    with _part(options, host) as part:
        return _up_to_plan(options, part, located, _Clock(), proving=False).plan


def _vendored(options: Options, host: Part, located: Located, clock: _Clock) -> Vendored:
    """The sources with copies of the library modules that the rules change."""
    with clock.stage("vendor"):
        rules = rules_asked(options)
        if smaller_asked(options, rules) is not None:
            hint = "leave the smaller configuration out, or make the copies in a run of their own"
            raise TargetError("T226", "copies are proved with the model itself, not with a smaller one", hint=hint)
        target = replace(target_asked(options, located, rules, None), devices=devices_asked(options, small=False))
        session = host.session("the model")
        session.start("mutagen.trace.session:open_model", target)
        trace = trace_of(session)
        blocks = blocks_asked(rules, host, located)
        found = vendor(session, trace, target, started(rules.rules, blocks), options.scope, blocks)
        session.kill()
    return found


def _up_to_plan(
    options: Options,
    host: Part,
    located: Located,
    clock: _Clock,
    *,
    proving: bool,
    vendored: Vendored = _NOTHING_COPIED,
) -> _Traced:
    replayed = read_plan(options.plan_file) if options.plan_file else None
    with clock.stage("load"):
        rules = None if replayed else rules_asked(options)
        sources = {} if rules is None else made_of(rules)
        target = target_asked(options, located, rules, replayed)
        small = smaller_asked(options, rules) if proving else None
        target = replace(target, devices=devices_asked(options, small=small is not None), memory=host.memory // 2)
        target = replace(target, overlay=vendored.overlay)
        session = host.session("the model")
        need_calls = rules is None or any(rule.needs_calls for rule in rules.rules)
        session.start("mutagen.trace.session:open_model", target, need_calls=need_calls)
        blocks = blocks_asked(rules or replayed, host, located)
        smaller = None
        if small is not None:
            smaller = open_smaller(host.session("the smaller model"), target, *small, need_calls=need_calls)
        proved = smaller.target if smaller else target
        original = host.session("the model") if proving and "cpu" in proved.devices else None
        edited = host.session("the edited model") if original is not None else None
    with clock.stage("match"):
        warm_up()  # in the time that torch takes to be imported
        if original is not None:
            begin(original, proved, need_calls=need_calls, timeout=options.timeout, own=brought(blocks))
    with clock.stage("trace"), _while_there(located.file), with_copies_in_use(vendored):
        trace = trace_of(session)
        smaller = traced_smaller(smaller) if smaller else None
    if smaller is None:
        session.kill()
    _check_there(*(it for it in (located.file, *trace.files) if it not in vendored.overlay))
    check_reached(vendored, trace)
    project = open_project(
        located.file,
        located.root,
        trace.files,
        scope=options.scope,
        read=vendored.read,
        exclude=options.exclude,
        ignores=options.per_file_ignores,
    )
    tracked = where_it_stands(trace, project) if wanted(options, located.file) else None
    if replayed is not None:
        check_hashes(replayed)
        return _Traced(original, edited, target, trace, project, replayed, tracked=tracked, blocks=blocks)
    assert rules is not None
    with clock.stage("match"):
        products = standing_products(trace, project.read, blocks)
        found = select(started(rules.rules, blocks), trace, products, blocks)
    with clock.stage("plan"):
        plan = make_plan(found, trace, project, blocks=blocks, products=products)
        plan = as_vendored(replace(plan, claims=(*plan.claims, *rules.budget)), vendored)
    named = {rules.model: parse_call(rules.model, source=rules.file)} if rules.model else {}
    full = session if smaller else None
    found_out = _Traced(original, edited, target, trace, project, plan, tuple(found), named, smaller, full)
    return replace(found_out, vendored=vendored, tracked=tracked, made_of=sources, blocks=blocks)


def _covering(traced: _Traced) -> Covering | None:
    """What the rules mean in the smaller configuration; TargetError T211 where there is nothing to prove on."""
    if traced.smaller is not None:
        rules = [it.rule for it in traced.found]
        return cover(
            traced.smaller,
            plan=traced.plan,
            rules=rules,
            project=traced.project,
            late=traced.late,
            blocks=traced.blocks,
        )
    if traced.trace.device == "meta":
        hint = "give a smaller configuration of the model for the proof: --prove-with CALL"
        params = traced.trace.instances[0].facts["params"]
        message = (
            f"the model, of {params:,} parameters, was traced on the meta device: without values nothing is proved"
        )
        raise TargetError("T211", message, hint=hint)
    return None


def _check_there(*paths: str) -> None:
    """Raise ClashError (W011) for a source file that was removed while the model was imported and traced."""
    for path in paths:
        if not Path(path).is_file():
            hint = "put the file back; if importing the model is what removes it, take that out of the code"
            raise ClashError("W011", "the file vanished while the model ran", place=Place(path), hint=hint)


@contextmanager
def _while_there(path: str) -> Iterator[None]:
    """Tell of a file that vanished as such: the model is imported twice at a time, and the other import removed it."""
    try:
        yield
    except TargetError:
        _check_there(path)
        raise


def _report(traced: _Traced, clock: _Clock) -> Report:
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


def _refused(plan: Plan, error: ProofError) -> Plan:
    """The plan with every target refused for which there can be no proof."""
    place = error.place
    where = Span(place.file, place.line, place.column - 1, place.line, place.column) if place and place.line else None
    rules = []
    for it in plan.rules:
        paths = it.planned
        new = tuple(Refusal(it.rule, path, error.code, error.message, error.hint, where) for path in paths)
        rules.append(replace(it, refused=(*it.refused, *new), planned=()))
    return replace(plan, rules=tuple(rules))


def _partial(traced: _Traced) -> bool:
    return all(it.partial == "allow" for it in traced.plan.rules if it.refused)


def _rewritten(traced: _Traced) -> tuple[FileChange, ...]:
    plan = traced.plan
    inline = [it.file for it in plan.definitions if it.style == "inline"]
    paths = dict.fromkeys([*(it.span.file for it in plan.edits), *inline, *(it.file for it in plan.imports)])
    return with_copies(rewrite(plan, {path: traced.project.read(path) for path in paths}), traced.vendored)


def _verified(
    traced: _Traced, changes: tuple[FileChange, ...], host: Part, options: Options, *, covering: Covering | None
) -> _Proved:
    overlay: Mapping[str, bytes] = {it.path: it.after for it in changes}
    target = replace(traced.target, call=traced.trace.call, inputs=traced.trace.inputs, overlay=overlay)
    others = other_models({it.path: it.before for it in changes if it.before}, target.call, traced.named)
    with watched(lambda label: host.session(label, memory=MEMORY), target, others) as watch:
        verdict = _judged(traced, target, host, options, covering=covering)
        collateral = watch.result() if watch is not None and verdict.proof.equal else ()
    return _Proved(traced, changes, verdict, collateral)


def _judged(traced: _Traced, target: Target, host: Part, options: Options, *, covering: Covering | None) -> Verdict:
    """The verdict on the edited ``target``; where a switch turns the change on, both ways are proved."""
    edited = traced.edited or host.session("the edited model")
    assert traced.original is not None
    if covering is not None and traced.full is not None:
        if traced.plan.switches:
            hint = "leave out `emit: flag`, or prove with the full configuration"
            raise ProofError("flag-unproved", "a flag is not proved with a smaller configuration", hint=hint)
        target = replace(target, devices=(traced.trace.device,))
        full = traced.full, host.session("the edited model in its full configuration")
        traced.full.call("mutagen.blocks.catalogue:take_over", shelf(brought(traced.blocks)))
        small = traced.original, edited
        return prove_smaller(covering, small, full=full, plan=traced.plan, target=target, timeout=options.timeout)
    plan, call = traced.plan, traced.trace.call
    if traced.vendored.overlay:
        copied = replace(target, overlay=traced.vendored.overlay)
        session = host.session("the model with copies of library modules")
        verdict = _same(traced, replace(copied, overlay={}), session, copied, host, options)
        if not verdict.proof.equal:
            return verdict
    if not plan.switches:
        return prove(traced.original, edited, plan=plan, target=target, timeout=options.timeout)
    verdict = _same(traced, traced.target, edited, target, host, options)
    if not verdict.proof.equal:
        return verdict
    on = replace(target, call=replace(call, kwargs={**call.kwargs, **dict.fromkeys(plan.switches, True)}))
    switched = host.session("the edited model, switched on")
    return prove(traced.original, switched, plan=plan, target=on, timeout=options.timeout)


def _same(traced: _Traced, before: Target, edited: Session, after: Target, host: Part, options: Options) -> Verdict:
    """The verdict on a change, from ``before`` to ``after``, that is to change nothing of what is computed."""
    again = host.session("the original model")
    need_calls = not traced.found or any(it.rule.needs_calls for it in traced.found)
    begin(again, before, need_calls=need_calls, timeout=options.timeout)
    plan = replace(traced.plan, surgery=(), products=())
    return prove(again, edited, plan=plan, target=after, timeout=options.timeout)


def _told(done: _Proved, clock: _Clock) -> Report:
    """The report on a change that was proved, or was not."""
    importers: dict[str, tuple[str, ...]] = {}
    with suppress(OSError):  # a file beside the target that may not be read is none of its own
        importers |= {it.path: done.traced.project.importers(it.path) for it in done.changes if it.before is not None}
    return replace(
        _report(done.traced, clock),
        files=done.changes,
        verdict=done.verdict,
        failure=_failure(done.verdict),
        collateral=done.collateral,
        importers=importers,
    )


def _claimed(report: Report, traced: _Traced, host: Part) -> Report:
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
