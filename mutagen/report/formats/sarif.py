"""SARIF 2.1.0 (OASIS, 2020), for code scanning: a result for each edit, refusal and drift, errors as notifications.

An edit carries the whole change of its target as a fix, since only the whole is proved.
"""

from __future__ import annotations

import ast
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mutagen import __version__
from mutagen.codes.read import explained_codes
from mutagen.errors import DriftError, MutagenError, Place
from mutagen.records.result import Report
from mutagen.records.told import Told
from mutagen.report.errors import members
from mutagen.report.findings import Finding, Region, decoded, findings
from mutagen.report.fixes import replacements
from mutagen.report.json import dumped
from mutagen.report.paths import shown_path

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_FINGERPRINT = "mutagenTarget/v1"


def render(told: Sequence[Told], *, root: Path) -> str:
    """The SARIF text of one run over all targets, with paths relative to ``root``."""
    every = [error for it in told if it.error for error in members(it.error)]
    drifts = [it for it in every if isinstance(it, DriftError)]
    errors = [it for it in every if not isinstance(it, DriftError)]
    run = {
        "tool": {"driver": {"name": "mutagen", "version": __version__, "rules": [*_rules(told), *_codes(drifts)]}},
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": not errors,
                "toolExecutionNotifications": [_notification(it, root) for it in errors],
            }
        ],
        "results": [
            *(result for it in told if it.report for result in _results(it.report, root)),
            *(_drift(it, root) for it in drifts),
        ],
    }
    return dumped({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _rules(told: Iterable[Told]) -> Iterator[dict[str, Any]]:
    seen: dict[str, str] = {}
    for rule in (rule for it in told if it.report for rule in it.report.plan.rules):
        seen.setdefault(rule.rule, rule.explanation)
    if any(it.report and it.report.status == "failed" for it in told):
        seen.setdefault("proof", "")
    for name in seen:
        text = f"the rule {name} would change this place" if name != "proof" else "the proof failed"
        yield {
            "id": name,
            "shortDescription": {"text": text},
            "help": {"text": f"mutagen explain {name}" if name != "proof" else "mutagen apply -v tells each case"},
        }


def _codes(drifts: Iterable[DriftError]) -> Iterator[dict[str, Any]]:
    known = explained_codes()
    for code in dict.fromkeys(it.code for it in drifts):
        yield {
            "id": code,
            "shortDescription": {"text": known[code].what},
            "help": {"text": f"mutagen explain {code}"},
        }


def _drift(error: DriftError, root: Path) -> dict[str, Any]:
    """A file or rule that has changed, which is a finding and no failure of the tool."""
    mark = f"{error.code}\0{shown_path(error.place.file, root) if error.place else error.message}"
    return {
        "ruleId": error.code,
        "kind": "fail",
        "level": "error",
        "message": {"text": f"{error.message}. {error.hint}" if error.hint else error.message},
        "locations": [_at(error.place, root)] if error.place else [],
        "partialFingerprints": {_FINGERPRINT: hashlib.sha256(mark.encode()).hexdigest()},
    }


def _results(report: Report, root: Path) -> Iterator[dict[str, Any]]:
    seen: Counter[str] = Counter()
    fixes = [_fix(report, root)] if report.status == "would_change" and report.files else []
    for it in findings(report):
        mark = _mark(it, report)
        seen[mark] += 1
        yield {
            "ruleId": it.rule or "proof",
            **_level(it, report),
            "message": {"text": f"{it.message}. {it.advice}" if it.advice else it.message},
            "locations": [_location(it.region, it.paths, root)] if it.region else [_whole(report.plan.file, root)],
            "partialFingerprints": {_FINGERPRINT: hashlib.sha256(f"{mark}\0{seen[mark]}".encode()).hexdigest()},
            **({"fixes": fixes} if fixes and it.kind == "edit" else {}),
        }


def _level(it: Finding, report: Report) -> dict[str, str]:
    if it.kind != "edit":
        return {"kind": "fail", "level": "error"}
    done = report.status == "applied"
    return {"kind": "informational", "level": "none"} if done else {"kind": "fail", "level": "warning"}


def _mark(it: Finding, report: Report) -> str:
    """What stays the same while lines move: the rule, the class around the place, the path of the first module."""
    around = _class_at(it.region, report) if it.region else ""
    return "\0".join((it.rule, it.code, around, it.paths[0] if it.paths else ""))


def _class_at(region: Region, report: Report) -> str:
    source = next((it.before for it in report.files if it.path == region.file), None)
    try:
        tree = ast.parse(decoded(source or Path(region.file).read_bytes()))
    except (OSError, SyntaxError, ValueError):
        return ""
    found = [it for it in ast.walk(tree) if isinstance(it, ast.ClassDef) and _holds(it, region.line)]
    return ".".join(it.name for it in sorted(found, key=lambda it: it.lineno))


def _holds(node: ast.ClassDef, line: int) -> bool:
    return node.lineno <= line <= (node.end_lineno or node.lineno)


def _fix(report: Report, root: Path) -> dict[str, Any]:
    changes = [
        {
            "artifactLocation": _artifact(change.path, root),
            "replacements": [
                {"deletedRegion": _region(it.region), "insertedContent": {"text": it.text}}
                for it in replacements(change)
            ],
        }
        for change in report.files
        if change.before != change.after
    ]
    return {"description": {"text": "the whole change, as it was proved"}, "artifactChanges": changes}


def _notification(error: MutagenError, root: Path) -> dict[str, Any]:
    text = f"{error.message}. {error.hint}" if error.hint else error.message
    return {
        "level": "error",
        "descriptor": {"id": error.code},
        "message": {"text": text},
        **({"locations": [_at(error.place, root)]} if error.place else {}),
    }


def _at(place: Place, root: Path) -> dict[str, Any]:
    if not place.line:
        return _whole(place.file, root)
    end = place.column + place.length
    return _location(Region(place.file, place.line, place.column, place.line, end), (), root)


def _location(region: Region, paths: Sequence[str], root: Path) -> dict[str, Any]:
    names = [{"fullyQualifiedName": path, "kind": "member"} for path in paths if path]
    physical = {"artifactLocation": _artifact(region.file, root), "region": _region(region)}
    return {"physicalLocation": physical, **({"logicalLocations": names} if names else {})}


def _whole(file: str, root: Path) -> dict[str, Any]:
    return {"physicalLocation": {"artifactLocation": _artifact(file, root)}}


def _artifact(file: str, root: Path) -> dict[str, str]:
    """A relative path is read from the root of the checkout, as GitHub does; another one is a file."""
    path = shown_path(file, root)
    if Path(path).is_absolute():
        return {"uri": Path(path).as_uri()}
    return {"uri": quote(path), "uriBaseId": "%SRCROOT%"}


def _region(region: Region) -> dict[str, int]:
    return {
        "startLine": region.line,
        "startColumn": region.column,
        "endLine": region.end_line,
        "endColumn": region.end_column,
    }
