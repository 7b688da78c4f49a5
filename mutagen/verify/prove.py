"""Conducts the proof: two sessions at work at the same time, their findings put together. Needs no torch."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Protocol, TypeVar

from mutagen.blocks.catalogue import shelf
from mutagen.errors import InternalError, ProofError, TargetError
from mutagen.records.blocks import Block
from mutagen.records.plan import Plan
from mutagen.records.proof import CaseFacts, EditedInfo, EditedRun, ReferenceInfo
from mutagen.records.result import Counts, Proof, Verdict
from mutagen.records.target import Target
from mutagen.verify.checks import judge
from mutagen.verify.weights import compare_keys

SEED = 20240229

_RELIES = "other code relies on what would be replaced; exclude the target, or adapt that code first"
_ROOM = "mutagen.verify.session:"
_T = TypeVar("_T")
Call = tuple[str, tuple[object, ...], dict[str, object]]

_PREPARED: Call = (f"{_ROOM}prepare", (SEED,), {})
_CASES = range(4)  # or fewer
_LOOKED_AHEAD: Sequence[Call] = tuple((f"{_ROOM}look_ahead", (case,), {}) for case in _CASES)
_RUN_AHEAD: Sequence[Call] = tuple((f"{_ROOM}edited_ahead", (case,), {}) for case in _CASES)


class Session(Protocol):
    """A process that runs functions of mutagen."""

    def start(self, function: str, /, *args: object, timeout: float | None = None) -> None:
        """Begin a call."""
        ...

    def start_all(self, calls: Sequence[Call], *, spare: Sequence[Call] = (), timeout: float | None = None) -> None:
        """Begin calls that are made one after the other, until one fails; ``spare`` ones until somebody waits."""
        ...

    def result(self) -> object:
        """Wait for the call that was begun."""
        ...

    def settle(self) -> None:
        """Wait for the call that was begun, if there is one, whatever comes of it."""
        ...


def begin(
    original: Session,
    target: Target,
    *,
    need_calls: bool,
    timeout: float | None = None,
    own: Mapping[str, Block] = MappingProxyType({}),
) -> None:
    """Let a session open the model and do what a proof needs, whatever the edit will be.

    ``own`` are the blocks that the rules bring along.
    """
    known: Call = ("mutagen.blocks.catalogue:take_over", (shelf(own),), {})
    opened: Call = ("mutagen.trace.session:open_again", (target,), {"need_calls": need_calls})
    original.start_all([known, opened, _PREPARED], spare=_LOOKED_AHEAD, timeout=timeout)


def begin_again(original: Session, *, timeout: float | None = None) -> None:
    """Let the session that served one proof prepare for another."""
    original.start_all([_PREPARED], spare=_LOOKED_AHEAD, timeout=timeout)


def prove(original: Session, edited: Session, *, plan: Plan, target: Target, timeout: float | None = None) -> Verdict:
    """Compare the edited source with the traced graph of the original, edited as the plan's surgery says.

    ``original`` is a session that was told to ``begin``; ``target`` is the edited one, with its overlay. Raises
    ProofError where there can be no proof; a proof that fails is in the verdict.
    """
    with _folder(original) as folder:
        edited.start(f"{_ROOM}edited_build", target, timeout=timeout)
        original.result()
        info, first = _opened(original, edited, plan, folder=folder, timeout=timeout)
        cases: list[CaseFacts] = []
        answers: list[object] = []
        for facts in _cases(original, first, len(info.cases), timeout=timeout):
            answers.append(answer_of(edited))
            cases.append(facts)
            compared: Call = (f"{_ROOM}edited_case", (facts,), {})
            edited.start_all([compared], spare=_RUN_AHEAD[len(cases) :], timeout=timeout)
        answers.append(answer_of(edited))
    told, runs = _as(EditedInfo, answers[0]), [_as(EditedRun, answer) for answer in answers[1:]]
    _refuse_reads(runs)
    return _verdict(info, told, plan, cases=cases, runs=runs)


@contextmanager
def _folder(original: Session) -> Iterator[str]:
    """A folder for the numbers of the reference, which may still be at its next case where the edited model fails."""
    with tempfile.TemporaryDirectory(prefix="mutagen-proof-", ignore_cleanup_errors=True) as folder:
        try:
            yield folder
        except Exception:
            original.settle()
            raise


def _opened(
    original: Session, edited: Session, plan: Plan, *, folder: str, timeout: float | None
) -> tuple[ReferenceInfo, CaseFacts]:
    """The reference with weights under which its first case tells something; the edited model is being given them."""
    first = None
    while first is None:
        original.start(f"{_ROOM}reference", plan.surgery, folder, timeout=timeout)
        info = _as(ReferenceInfo, original.result())
        original.start(f"{_ROOM}reference_case", 0, timeout=timeout)
        answer_of(edited)
        opened: Call = (f"{_ROOM}edited_open", (info, plan.products, folder, SEED), {})
        edited.start_all([opened], spare=_RUN_AHEAD, timeout=timeout)
        first = original.result()
    return info, _as(CaseFacts, first)


def answer_of(edited: Session) -> object:
    """What the edited model's session answers; code of the user's that no longer runs is no error of the user's.

    Limits of time and memory, and a process that ended, stay what they are.
    """
    try:
        return edited.result()
    except TargetError as error:
        if error.code.startswith("T2") and error.code != "T203":
            raise
        message = f"with the change, {error.message}"
        raise ProofError("breaks-code", message, place=error.place, hint=_RELIES, detail=error.detail) from error


def _refuse_reads(runs: Sequence[EditedRun]) -> None:
    """Raise ProofError where the edited model asks a new module for what only the old one had."""
    for run in runs:
        if run.place is not None:
            message = f"with the change, forward fails: {run.error}"
            raise ProofError("breaks-code", message, place=run.place, hint=_RELIES)


def _cases(original: Session, facts: CaseFacts, count: int, *, timeout: float | None) -> Iterator[CaseFacts]:
    """Yield each case of the reference, from the first, while the next is already being computed."""
    for number in range(1, count):
        original.start(f"{_ROOM}reference_case", number, timeout=timeout)
        yield facts
        facts = _as(CaseFacts, original.result())
    yield facts


def _without_gradients(cases: Sequence[CaseFacts]) -> tuple[str, ...]:
    if not all(case.graded for case in cases):
        return ("no gradients compared: the original itself runs only where none are recorded (torch.no_grad)",)
    modes = dict.fromkeys(case.mode for case in cases if not case.backward)
    return tuple(f"no gradients compared in {mode}: the original itself cannot be differentiated" for mode in modes)


def _as(kind: type[_T], value: object) -> _T:
    if not isinstance(value, kind):
        raise InternalError("B801", f"a session of the proof returned {type(value).__name__}, not {kind.__name__}")
    return value


def _verdict(
    info: ReferenceInfo, told: EditedInfo, plan: Plan, *, cases: Sequence[CaseFacts], runs: Sequence[EditedRun]
) -> Verdict:
    weights = compare_keys(info.keys, told.keys, products=plan.products)
    compared = tuple(run.case for run in runs)
    equal = all(case.equal for case in compared) and bool(compared)
    proof = Proof(
        equal=equal,
        bit_equal=equal and all(run.bit_equal for run in runs),
        max_abs_diff=max((case.max_abs_diff for case in compared), default=0.0),
        cases=compared,
        notes=(*info.notes, *told.notes, *_without_gradients(cases)),
    )
    before, after = info.counts, told.counts
    counts = Counts(
        params=(before.params, after.params),
        buffers=(before.buffers, after.buffers),
        macs=(before.macs, after.macs),
        uncounted=after.uncounted,
    )
    return Verdict(proof, judge(cases, runs, weights), counts, weights)
