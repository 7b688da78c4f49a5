"""Claims of a rule file that are not met, as errors with their place, and all findings as plain data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mutagen.errors import ProofError
from mutagen.report.paths import shown_path, shown_span

if TYPE_CHECKING:
    from mutagen.records.claims import Finding, SiteCost
    from mutagen.records.result import Report

_CURES = {
    "instances": "look at what the rule selects (`mutagen match`), and correct the rule or the number",
    "sites": "look at the plan (`mutagen plan`), and correct the rule or the number",
}
_CURE = "correct the claim, or narrow the rule"
_SAVE = "narrow the rules that cost most, or raise the budget"


def unmet(report: Report, *, root: Path) -> tuple[ProofError, ...]:
    """An error for each claim that is not met, in the order of the rules."""
    return tuple(_error(it, root) for it in report.findings if not it.met)


def _error(finding: Finding, root: Path) -> ProofError:
    claim = finding.claim
    found = f"found {finding.found}" if finding.found is not None else finding.note
    if claim.rule:
        message = f"rule {claim.rule} expects {claim.fact} {claim.wanted}, {found}"
        return ProofError("R151", message, place=claim.place, hint=_CURES.get(claim.fact, _CURE))
    detail = "\n".join(_site(it, claim.fact, root) for it in finding.costliest)
    message = f"the budget of {claim.fact} {claim.wanted} is exceeded, {found}"
    return ProofError("R152", message, place=claim.place, hint=_SAVE, detail=detail)


def _site(cost: SiteCost, fact: str, root: Path) -> str:
    what = "parameters" if fact == "params" else "MACs"
    times = f" ({cost.instances} instances)" if cost.instances > 1 else ""
    return f"{shown_span(cost.span, root)}: {cost.rule} {cost.amount:+,} {what}{times}"


def as_data(report: Report, *, root: Path) -> list[dict[str, Any]]:
    """Each claim with what was found; ``found`` is null where that is not known, or was of no matter."""
    return [_data(it, root) for it in report.findings]


def _data(finding: Finding, root: Path) -> dict[str, Any]:
    claim = finding.claim
    place = claim.place
    return {
        "rule": claim.rule or None,
        "fact": claim.fact,
        "expected": claim.wanted,
        "found": finding.found,
        "met": finding.met,
        "note": finding.note,
        "path": shown_path(place.file, root) if place else None,
        "line": place.line if place else None,
        "column": place.column if place else None,
        "costliest": [
            {"where": shown_span(it.span, root), "rule": it.rule, "amount": it.amount, "instances": it.instances}
            for it in finding.costliest
        ],
    }
