"""The proof of a model that is too large to run: numbers in a smaller configuration, operations in the full one.

What is written was planned for the full configuration. The rules are matched anew on the smaller one, by its own
trace; so the proof is of what is written only where both mean the same places of the source. Needs no torch.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mutagen.blocks.recognise import standing_products
from mutagen.errors import InternalError, Place, ProofError
from mutagen.load.model_call import format_call
from mutagen.match.select import select
from mutagen.planning.make import make_plan
from mutagen.planning.reviewed import reviewed
from mutagen.records.blocks import Block
from mutagen.records.match import RuleMatches
from mutagen.records.plan import Edit, Plan
from mutagen.records.proof import Outline
from mutagen.records.result import Check, Counts, Verdict
from mutagen.records.rules import Rule
from mutagen.records.target import Call, InputSpec, Target
from mutagen.records.trace import Trace
from mutagen.sandbox.runner import Session
from mutagen.source.project import Project
from mutagen.verify.checks import checkpoint
from mutagen.verify.prove import answer_of, prove
from mutagen.verify.weights import compare_keys

_ROOM = "mutagen.verify.outline:"
_SAME_DEPTH = "give --prove-with a configuration with as many layers as the full one, and make it small by its widths"


@dataclass(frozen=True)
class Smaller:
    """A smaller configuration that is traced in ``session``; ``text`` is its call."""

    session: Session
    target: Target
    text: str
    trace: Trace | None = None


@dataclass(frozen=True)
class Covering:
    """A plan of the smaller configuration for the same places; ``apart`` are edits that would be written otherwise."""

    smaller: Smaller
    plan: Plan
    apart: tuple[tuple[Edit, Edit], ...] = ()


def open_smaller(
    session: Session, full: Target, call: Call, inputs: tuple[InputSpec, ...] = (), *, need_calls: bool
) -> Smaller:
    """Begin to build and trace the smaller configuration of a target; without ``inputs`` it takes those of the full."""
    target = replace(full, call=call, devices=("cpu",), memory=None)
    if inputs:
        target = replace(target, inputs=inputs, inputs_from=None)
    session.start("mutagen.trace.session:open_model", target, need_calls=need_calls)
    return Smaller(session, target, format_call(call))


def trace_of(session: Session) -> Trace:
    """The trace that a session was told to make, for which it waits."""
    trace = session.result()
    if not isinstance(trace, Trace):
        raise InternalError("B802", "tracing returned something else than a trace")
    return trace


def traced_smaller(smaller: Smaller) -> Smaller:
    """The same with its trace, for which it waits."""
    trace = trace_of(smaller.session)
    smaller.session.kill()
    return replace(smaller, trace=trace, target=replace(smaller.target, inputs=trace.inputs))


def cover(
    smaller: Smaller,
    *,
    plan: Plan,
    rules: Sequence[Rule],
    project: Project,
    late: bool,
    blocks: Mapping[str, Block],
    refused: Collection[Edit] = (),
) -> Covering:
    """What the rules mean in the smaller configuration, without what was ``refused`` by hand in the full one.

    Raises ProofError ``not-covered`` where it does not reach a place that the plan changes, ``selects-otherwise`` where
    the rules change places there that the plan leaves alone, or cannot be carried out.
    """
    trace = smaller.trace
    assert trace is not None
    products = standing_products(trace, project.read, blocks)
    found = tuple(it for it in select(tuple(rules), trace, products, blocks) if it.matches or it.already)

    def planned(found: tuple[RuleMatches, ...]) -> Plan:
        return make_plan(found, trace, project, blocks=blocks, products=products, late=late)

    own = planned(found)
    if refused:
        unwanted = {(it.rule, it.span) for it in refused} - {(it.rule, it.span) for it in plan.edits}

        def review(small: Plan, changes: object) -> list[Edit]:
            return [it for it in small.edits if (it.rule, it.span) in unwanted]

        _, own, _ = reviewed(found, own, trace, review, changes=lambda _: (), again=planned)
    _check_refusals(smaller, own, plan)
    ours, theirs = _by_place(plan), _by_place(own)
    if missing := [edit for place, edit in ours.items() if place not in theirs]:
        raise _not_covered(smaller, missing)
    if more := [edit for place, edit in theirs.items() if place not in ours]:
        raise _otherwise(smaller, more[0], None)
    apart = [(edit, theirs[place]) for place, edit in ours.items() if theirs[place].new != edit.new]
    return Covering(smaller, own, tuple(apart))


def _check_refusals(smaller: Smaller, own: Plan, plan: Plan) -> None:
    """What is refused in the smaller configuration must be refused in the full one too."""
    known = {(it.code, it.where) for rule in plan.rules for it in rule.refused}
    for it in (it for rule in own.rules for it in rule.refused):
        if (it.code, it.where) not in known:
            message = f"in {smaller.text} the change is refused[{it.code}] for {it.path}: {it.message}"
            raise ProofError("selects-otherwise", message, hint=_SAME_DEPTH)


def _by_place(plan: Plan) -> dict[tuple[object, ...], Edit]:
    return {(edit.rule, edit.span, edit.old): edit for edit in plan.edits}


def _not_covered(smaller: Smaller, missing: Sequence[Edit]) -> ProofError:
    places = dict.fromkeys(f"{Path(it.span.file).name}:{it.span.line}:{it.span.column + 1}" for it in missing)
    first = missing[0].span
    message = f"{smaller.text} does not reach what would change at {', '.join(places)}; nothing would be proved there"
    place = Place(first.file, first.line, first.column + 1)
    return ProofError("not-covered", message, place=place, hint=_SAME_DEPTH)


def _otherwise(smaller: Smaller, here: Edit, there: Edit | None) -> ProofError:
    what = f"`{' '.join(here.new.split())}`"
    if there is None:
        message = f"the rules change more in {smaller.text} than in the full configuration: {what}"
    else:
        message = f"the rules select otherwise in {smaller.text}: {what} would be `{' '.join(there.new.split())}`"
    return ProofError("selects-otherwise", message, hint=_SAME_DEPTH)


def prove_smaller(
    covering: Covering,
    sessions: tuple[Session, Session],
    *,
    full: tuple[Session, Session],
    plan: Plan,
    target: Target,
    timeout: float | None = None,
) -> Verdict:
    """Compare numbers in the smaller configuration, and operations in the full one.

    The two ``sessions`` are as for ``prove``; ``full`` are those of the model and of the edited one in the full
    configuration, which is ``target``; all that is counted is counted there.
    """
    original, changed = full
    original.start(f"{_ROOM}meant_outline", plan.surgery, timeout=timeout)
    small = replace(covering.smaller.target, overlay=target.overlay)
    try:
        verdict = prove(*sessions, plan=covering.plan, target=small, timeout=timeout)
    except ProofError as error:
        if covering.apart:
            raise _otherwise(covering.smaller, *covering.apart[0]) from error
        raise
    if not verdict.proof.equal and covering.apart:
        raise _otherwise(covering.smaller, *covering.apart[0])
    meant = _as_outline(original.result())
    changed.start(f"{_ROOM}edited_outline", target, meant, plan.products, timeout=timeout)
    return _joined(verdict, meant, _as_outline(answer_of(changed)), plan, on=covering.smaller.text)


def _as_outline(value: object) -> Outline:
    if not isinstance(value, Outline):
        raise InternalError("B801", f"a session of the proof returned {type(value).__name__}, not Outline")
    return value


def _joined(verdict: Verdict, meant: Outline, edited: Outline, plan: Plan, *, on: str) -> Verdict:
    full = _full(meant, edited)
    before, after = meant.counts, edited.counts
    proof = replace(
        verdict.proof,
        equal=verdict.proof.equal and full.status == "pass",
        bit_equal=verdict.proof.bit_equal and full.status == "pass",
        kind="shrunk",
        on=on,
        notes=(*verdict.proof.notes, *meant.notes),
    )
    counts = Counts(
        (before.params, after.params), (before.buffers, after.buffers), (before.macs, after.macs), after.uncounted
    )
    weights = compare_keys(meant.keys, edited.keys, products=plan.products)
    checks = tuple(it for it in verdict.checks if it.name != "checkpoint")
    return Verdict(proof, (*checks, checkpoint(weights), full), counts, weights)


def _full(meant: Outline, edited: Outline) -> Check:
    """Whether the edited source does in the full configuration what the rules mean."""
    name = "full configuration"
    if not meant.modes:
        return Check(name, "fail", "it could be traced in no mode")
    for mode, wanted in meant.modes.items():
        got = edited.modes[mode]
        if wanted.structure != got.structure or len(wanted.outputs) != len(got.outputs):
            return Check(name, "fail", f"{mode}: returns {got.structure}, before {wanted.structure}")
        if wanted.outputs != got.outputs or wanted.after != got.after:
            return Check(name, "fail", f"{mode}: the operations are not those that the rules mean")
    return Check(name, "pass", f"the same operations in {' and '.join(meant.modes)}")
