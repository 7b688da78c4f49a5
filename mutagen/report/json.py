"""A report as JSON, for machines. Keys are only ever added; ``schema_version`` counts changes that break readers."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mutagen.records.collateral import Collateral
from mutagen.records.plan import Edit, Refusal, RulePlan
from mutagen.records.result import Case, FileChange, Proof, Report, Verdict
from mutagen.report import claims
from mutagen.report.diff import line_counts
from mutagen.report.paths import shown_path, shown_site, shown_span

SCHEMA_VERSION = 1


def render(report: Report, *, root: Path) -> str:
    """The JSON text of one report, with paths relative to ``root``."""
    return dumped(as_data(report, root=root))


def render_all(parts: Iterable[dict[str, Any]], *, status: str) -> str:
    """The JSON text of several targets: their reports, and their errors, under one status."""
    return dumped({"schema_version": SCHEMA_VERSION, "status": status, "reports": list(parts)})


def dumped(data: dict[str, Any]) -> str:
    """JSON with two spaces of indent and a newline at the end; text that is not ASCII stays readable."""
    return json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def as_data(report: Report, *, root: Path) -> dict[str, Any]:
    """The report as plain data in the documented order."""
    verdict = report.verdict
    return {
        "schema_version": SCHEMA_VERSION,
        "status": report.status,
        "trace": {
            "method": report.trace_method,
            "nodes": report.nodes,
            "modules": report.modules,
            "device": report.device,
        },
        "rules": [_rule(rule, proved=_is_proved(report), root=root) for rule in report.plan.rules],
        "files": [_file(change, report, root=root) for change in report.files],
        "proof": _proof(verdict.proof) if verdict else None,
        "verify": {"checks": _checks(verdict)},
        "counts": _counts(verdict),
        "weights": _weights(verdict),
        "collateral": [_collateral(it, root) for it in report.collateral],
        "notes": [*report.notes, *(verdict.proof.notes if verdict else ())],
        "failure": report.failure,
        "claims": claims.as_data(report, root=root),
        "timing": {stage: round(seconds, 3) for stage, seconds in report.timing.items()},
    }


def _is_proved(report: Report) -> bool:
    return report.verdict is not None and report.verdict.proof.equal


def _rule(rule: RulePlan, *, proved: bool, root: Path) -> dict[str, Any]:
    return {
        "id": rule.rule,
        "matched": list(rule.matched),
        "proved": list(rule.planned) if proved else [],
        "already": list(rule.already),
        "spared": list(rule.spared),
        "refused": [_refusal(refusal, root) for refusal in rule.refused],
        "sites": [shown_site(site, root) for site in rule.sites],
    }


def _refusal(refusal: Refusal, root: Path) -> dict[str, Any]:
    return {
        "path": refusal.path,
        "code": refusal.code,
        "message": refusal.message,
        "advice": refusal.advice,
        "where": shown_span(refusal.where, root) if refusal.where else None,
    }


def _file(change: FileChange, report: Report, *, root: Path) -> dict[str, Any]:
    added, removed = line_counts(change)
    return {
        "path": shown_path(change.path, root),
        "edits": [_edit(edit) for edit in report.plan.edits if edit.span.file == change.path],
        "added_lines": added,
        "removed_lines": removed,
        "imported_by": [shown_path(path, root) for path in report.importers.get(change.path, ())],
    }


def _collateral(other: Collateral, root: Path) -> dict[str, Any]:
    """One other model of an edited file; ``built_*`` is null where it was not tried or met a limit."""
    changed = other.changed
    return {
        "name": other.name,
        "file": shown_path(other.file, root),
        "built_before": other.built_before,
        "built_after": other.built_after,
        "changed": changed
        and {
            "params": _pair(changed.params),
            "classes": [{"before": it.before, "after": it.after, "count": it.count} for it in changed.classes],
        },
        "note": other.note,
    }


def _edit(edit: Edit) -> dict[str, Any]:
    return {
        "rule": edit.rule,
        "rung": edit.rung,
        "start_line": edit.span.line,
        "end_line": edit.span.end_line,
        "instances": list(edit.instances),
    }


def _proof(proof: Proof) -> dict[str, Any]:
    return {
        "equal": proof.equal,
        "max_abs_diff": _finite(proof.max_abs_diff),
        "cases": [_case(case) for case in proof.cases],
        "kind": proof.kind,
        "on": proof.on or None,
    }


def _case(case: Case) -> dict[str, Any]:
    return {
        "mode": case.mode,
        "shapes": [list(shape) for shape in case.shapes],
        "equal": case.equal,
        "max_abs_diff": _finite(case.max_abs_diff),
        "note": case.note,
    }


def _finite(number: float) -> float | None:
    """JSON has no infinity and no NaN; they become null."""
    return number if math.isfinite(number) else None


def _checks(verdict: Verdict | None) -> list[dict[str, str]]:
    checks = verdict.checks if verdict else ()
    return [{"name": check.name, "status": check.status, "detail": check.detail} for check in checks]


def _counts(verdict: Verdict | None) -> dict[str, Any] | None:
    if verdict is None:
        return None
    counts = verdict.counts
    macs: dict[str, Any] = {**_pair(counts.macs), "uncounted": dict(counts.uncounted)}
    return {"params": _pair(counts.params), "buffers": _pair(counts.buffers), "macs": macs}


def _pair(numbers: tuple[int, int]) -> dict[str, int]:
    return {"before": numbers[0], "after": numbers[1]}


def _weights(verdict: Verdict | None) -> dict[str, Any] | None:
    if verdict is None:
        return None
    weights = verdict.weights
    return {
        "kept": list(weights.kept),
        "moved": list(weights.moved),
        "new": list(weights.new),
        "lost": list(weights.lost),
        "remap": dict(weights.moved),
    }
