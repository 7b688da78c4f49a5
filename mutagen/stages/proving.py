"""From the plan to its proof: rewrite, verify, once more with a later plan where code relies on what is replaced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mutagen.blocks.catalogue import shelf
from mutagen.blocks.own import brought
from mutagen.blocks.recognise import standing_products
from mutagen.errors import ProofError, TargetError
from mutagen.load.others import other_models
from mutagen.planning.make import make_plan
from mutagen.records.options import Options
from mutagen.records.result import FileChange, Verdict
from mutagen.records.target import Target
from mutagen.report.before import place_before
from mutagen.rewrite.apply import rewrite
from mutagen.sandbox.runner import Part, Session
from mutagen.stages.records import Clock, Proved, Traced
from mutagen.vendor.step import as_vendored, with_copies
from mutagen.verify.collateral import MEMORY, watched
from mutagen.verify.prove import begin, begin_again, prove
from mutagen.verify.shrunk import Covering, cover, prove_smaller

_PASSED_BY = frozenset({"breaks-code", "collateral"})
"""What a change of modules that are built already does not meet."""


def proved(traced: Traced, host: Part, options: Options, clock: Clock) -> Proved:
    """The change with its proof; made later, if it can be, where it breaks code that relies on it, or another model."""
    try:
        return _attempt(traced, host, options, clock)
    except ProofError as error:
        later = _later(traced, error.message) if error.code in _PASSED_BY else None
        if later is None:
            raise
    assert traced.original is not None
    traced.original.settle()
    begin_again(traced.original, timeout=options.timeout)
    return _attempt(later, host, options, clock)


def _attempt(traced: Traced, host: Part, options: Options, clock: Clock) -> Proved:
    with clock.stage("match"):
        covering = _covering(traced)
    with clock.stage("rewrite"):
        changes = rewritten(traced)
    try:
        with clock.stage("verify"):
            return _verified(traced, changes, host, options, covering=covering)
    except ProofError as error:
        error.place = place_before(error.place, changes)
        raise


def _later(traced: Traced, why: str) -> Traced | None:
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


def _covering(traced: Traced) -> Covering | None:
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
            refused=traced.refused,
        )
    if traced.trace.device == "meta":
        hint = "give a smaller configuration of the model for the proof: --prove-with CALL"
        params = traced.trace.instances[0].facts["params"]
        message = (
            f"the model, of {params:,} parameters, was traced on the meta device: without values nothing is proved"
        )
        raise TargetError("T211", message, hint=hint)
    return None


def rewritten(traced: Traced) -> tuple[FileChange, ...]:
    plan = traced.plan
    inline = [it.file for it in plan.definitions if it.style == "inline"]
    paths = dict.fromkeys([*(it.span.file for it in plan.edits), *inline, *(it.file for it in plan.imports)])
    return with_copies(rewrite(plan, {path: traced.project.read(path) for path in paths}), traced.vendored)


def _verified(
    traced: Traced, changes: tuple[FileChange, ...], host: Part, options: Options, *, covering: Covering | None
) -> Proved:
    overlay: Mapping[str, bytes] = {it.path: it.after for it in changes}
    target = replace(traced.target, call=traced.trace.call, inputs=traced.trace.inputs, overlay=overlay)
    others = other_models({it.path: it.before for it in changes if it.before}, target.call, traced.named)
    with watched(lambda label: host.session(label, memory=MEMORY), target, others) as watch:
        verdict = _judged(traced, target, host, options, covering=covering)
        collateral = watch.result() if watch is not None and verdict.proof.equal else ()
    return Proved(traced, changes, verdict, collateral)


def _judged(traced: Traced, target: Target, host: Part, options: Options, *, covering: Covering | None) -> Verdict:
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
    _check_switched(traced)
    verdict = _same(traced, traced.target, edited, target, host, options)
    if not verdict.proof.equal:
        return verdict
    on = replace(target, call=replace(call, kwargs={**call.kwargs, **dict.fromkeys(plan.switches, True)}))
    switched = host.session("the edited model, switched on")
    return prove(traced.original, switched, plan=plan, target=on, timeout=options.timeout)


def _check_switched(traced: Traced) -> None:
    """Raise ProofError where some rules have a switch and others none: with it off the model is not as it was."""
    working = {it.rule for it in traced.plan.rules if it.planned}
    rules = [it.rule for it in traced.found if it.rule.id in working]
    plain = [it.id for it in rules if all(action.emit != "flag" for action in it.actions)]
    if plain:
        message = f"{', '.join(plain)} would change the model also where the switch of other rules is off"
        hint = f"apply them in runs of their own: --select {','.join(plain)}, then --ignore {','.join(plain)}"
        raise ProofError("flag-mixed", message, hint=hint)


def _same(traced: Traced, before: Target, edited: Session, after: Target, host: Part, options: Options) -> Verdict:
    """The verdict on a change, from ``before`` to ``after``, that is to change nothing of what is computed."""
    again = host.session("the original model")
    need_calls = not traced.found or any(it.rule.needs_calls for it in traced.found)
    begin(again, before, need_calls=need_calls, timeout=options.timeout)
    plan = replace(traced.plan, surgery=(), products=())
    return prove(again, edited, plan=plan, target=after, timeout=options.timeout)
