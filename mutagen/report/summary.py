"""A report in one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mutagen.records.plan import Refusal
    from mutagen.records.result import Counts, Proof, Report, Weights


def summary(report: Report) -> str:
    """What happened, in one sentence without a full stop."""
    refused = refusals(report)
    if report.status == "unchanged":
        return f"nothing to do: {_standing(report)}"
    if report.status == "refused":
        return f"nothing written: {counted(len(refused), 'target')} refused"
    if report.status == "failed":
        return f"nothing written: {report.failure or 'the proof failed'}"
    parts = [_changed(report)]
    if report.verdict:
        verdict = report.verdict
        parts += [*_costs(verdict.counts), _proved(verdict.proof), _keys(verdict.weights)]
    if refused:
        parts.append(f"{counted(len(refused), 'target')} refused")
    return ", ".join(parts)


def refusals(report: Report) -> tuple[Refusal, ...]:
    """Everything that was refused, in the order of the rules."""
    return tuple(refusal for rule in report.plan.rules for refusal in rule.refused)


def counted(number: int, noun: str) -> str:
    """``1 site`` or ``1,024 sites``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def difference(pair: tuple[int, int]) -> str:
    """``+12,288 (+0.05 %)``; without the share where nothing was before."""
    before, after = pair
    if before == after:
        return "+0"
    share = f" ({100 * (after - before) / before:+,.2f} %)" if before else ""
    return f"{after - before:+,}{share}"


def _standing(report: Report) -> str:
    said = [rule.explanation for rule in report.plan.rules if rule.explanation]
    if said:
        return "; ".join(said)
    already = sum(len(rule.already) for rule in report.plan.rules)
    return f"{counted(already, 'target')} already changed" if already else "no target is left to change"


def _changed(report: Report) -> str:
    sites = {(rule.rule, site) for rule in report.plan.rules for site in rule.sites}
    number = len(sites) or len({edit.span for edit in report.plan.edits})
    verb = "would change" if report.status == "would_change" else "changed"
    return f"{counted(number, 'site')} in {counted(len(report.files), 'file')} {verb}"


def _costs(counts: Counts) -> list[str]:
    before, after = counts.params
    same = before == after
    params = "parameters unchanged" if same else difference(counts.params).replace(" (", " parameters (", 1)
    if not same and "(" not in params:
        params += " parameters"
    macs = "MACs unchanged" if counts.macs[0] == counts.macs[1] else f"MACs {difference(counts.macs)}"
    return [params, macs]


def _proved(proof: Proof) -> str:
    cases = counted(len(proof.cases), "case") + (f" of {proof.on}" if proof.on else "")
    if not proof.equal:
        return f"not equal in {cases} (largest difference {proof.max_abs_diff:.3g})"
    if proof.bit_equal:
        return f"proved bit-equal in {cases}"
    return f"proved equal within {proof.max_abs_diff:.1e} in {cases}"


def _keys(weights: Weights) -> str:
    old = len(weights.kept) + len(weights.moved) + len(weights.lost)
    moved = f", {len(weights.moved):,} moved" if weights.moved else ""
    return f"{len(weights.kept):,} of {counted(old, 'checkpoint key')} kept{moved}"
