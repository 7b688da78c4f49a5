"""Conducts the proof: two sessions at work at the same time, their findings put together. Needs no torch."""

from __future__ import annotations

import tempfile
from typing import Protocol

from mutagen.errors import InternalError, ProofError, TargetError
from mutagen.records.plan import Plan
from mutagen.records.proof import Findings, ReferenceInfo
from mutagen.records.result import Counts, Proof, Verdict
from mutagen.records.target import Target
from mutagen.verify.checks import judge
from mutagen.verify.weights import compare_keys

SEED = 20240229


class Session(Protocol):
    """A process that runs functions of mutagen."""

    def call(self, function: str, /, *args: object, timeout: float | None = None) -> object:
        """Run a function and wait for its result."""
        ...

    def start(self, function: str, /, *args: object, timeout: float | None = None) -> None:
        """Begin a call."""
        ...

    def result(self) -> object:
        """Wait for the call that was begun."""
        ...


def prove(
    original: Session, edited: Session, *, plan: Plan, target: Target, seed: int = SEED, timeout: float | None = None
) -> Verdict:
    """Compare the edited source with the traced graph of the original, edited as the plan's surgery says.

    ``original`` is the session that has the model open; ``target`` is the edited one, with its overlay. Raises
    ProofError where there can be no proof; a proof that fails is in the verdict.
    """
    with tempfile.TemporaryDirectory(prefix="mutagen-proof-") as folder:
        edited.start("mutagen.verify.session:edited_build", target, timeout=timeout)
        original.start("mutagen.verify.session:reference", plan.surgery, folder, seed, timeout=timeout)
        info = original.result()
        findings = _examined(edited, info, plan, folder=folder, seed=seed, timeout=timeout)
    if not isinstance(info, ReferenceInfo) or not isinstance(findings, Findings):
        raise InternalError("B801", "a session of the proof returned something else than its findings")
    return _verdict(info, findings, plan)


def _examined(edited: Session, info: object, plan: Plan, *, folder: str, seed: int, timeout: float | None) -> object:
    """What the session of the edited model finds; a model that no longer builds is a failed proof."""
    try:
        edited.result()
        compare = "mutagen.verify.session:edited_compare"
        return edited.call(compare, info, plan.products, folder, seed, timeout=timeout)
    except TargetError as error:
        message = f"with the change, {error.message}"
        hint = "other code relies on what would be replaced; exclude the target, or adapt that code first"
        raise ProofError("breaks-code", message, place=error.place, hint=hint, detail=error.detail) from error


def _verdict(info: ReferenceInfo, findings: Findings, plan: Plan) -> Verdict:
    weights = compare_keys(info.keys, findings.keys, products=plan.products)
    equal = all(case.equal for case in findings.cases) and bool(findings.cases)
    proof = Proof(
        equal=equal,
        bit_equal=equal and findings.bit_equal,
        max_abs_diff=max((case.max_abs_diff for case in findings.cases), default=0.0),
        cases=findings.cases,
        notes=(*info.notes, *findings.notes),
    )
    before, after = info.counts, findings.counts
    counts = Counts(
        params=(before.params, after.params),
        buffers=(before.buffers, after.buffers),
        macs=(before.macs, after.macs),
        uncounted=after.uncounted,
    )
    return Verdict(proof, judge(info, findings, weights), counts, weights)
