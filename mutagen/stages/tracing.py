"""From the options to the plan: load, trace, match, plan."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from mutagen.asked import blocks_asked, devices_asked, made_of, project_asked, rules_asked, smaller_asked, target_asked
from mutagen.blocks.own import brought
from mutagen.blocks.recognise import standing_products, warm_up
from mutagen.blocks.starting import started
from mutagen.errors import ClashError, Place, TargetError
from mutagen.load.model_call import parse_call
from mutagen.load.plan_file import check_hashes, read_plan
from mutagen.load.target_file import Located
from mutagen.match.select import select
from mutagen.planning.make import make_plan
from mutagen.records.options import Options
from mutagen.records.vendor import Vendored
from mutagen.sandbox.runner import Part
from mutagen.stages.records import NOTHING_COPIED, Clock, Traced
from mutagen.stages.trials import with_trials
from mutagen.tracked.place import wanted
from mutagen.tracked.standing import where_it_stands
from mutagen.vendor.step import as_vendored, check_reached, vendor, with_copies_in_use
from mutagen.verify.prove import begin
from mutagen.verify.shrunk import open_smaller, trace_of, traced_smaller


def vendored_sources(options: Options, host: Part, located: Located, clock: Clock) -> Vendored:
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


def up_to_plan(
    options: Options,
    host: Part,
    located: Located,
    clock: Clock,
    *,
    proving: bool,
    vendored: Vendored = NOTHING_COPIED,
) -> Traced:
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
    project = project_asked(options, located, trace.files, read=vendored.read)
    tracked = where_it_stands(trace, project) if wanted(options, located.file) else None
    if replayed is not None:
        check_hashes(replayed)
        return Traced(original, edited, target, trace, project, replayed, tracked=tracked, blocks=blocks)
    assert rules is not None
    with clock.stage("match"):
        products = standing_products(trace, project.read, blocks)
        found = select(started(rules.rules, blocks), trace, products, blocks)
        blocks = with_trials(blocks, found, trace, host)
    with clock.stage("plan"):
        plan = make_plan(found, trace, project, blocks=blocks, products=products)
        plan = as_vendored(replace(plan, claims=(*plan.claims, *rules.budget)), vendored)
    named = {rules.model: parse_call(rules.model, source=rules.file)} if rules.model else {}
    full = session if smaller else None
    found_out = Traced(original, edited, target, trace, project, plan, tuple(found), named, smaller, full)
    return replace(found_out, vendored=vendored, tracked=tracked, made_of=sources, blocks=blocks)


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
