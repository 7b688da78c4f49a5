"""Runs the real command line on an edited copy, as a user would."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from corpus.warm import Warm

REPOSITORY = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Answer:
    """Exit code (None: it took too long), the JSON report (empty where there is none) and what was printed."""

    code: int | None
    report: Mapping[str, Any] = field(default_factory=dict)
    printed: bytes = b""
    errors: str = ""


def apply(
    arguments: list[str],
    *,
    roots: tuple[str, ...],
    timeout: float,
    json_output: bool = True,
    warm: Warm | None = None,
) -> Answer:
    """Returns what ``mutagen apply`` answers when the packages below ``roots`` come first on the path."""
    words = ["apply", *arguments, *(["--output-format", "json"] if json_output else [])]
    code, out, err = _command(words, roots, timeout, warm)
    if code is None:
        return Answer(None)
    report = _report(out.decode("utf-8", "replace")) if json_output else {}
    return Answer(code, report, out, err.decode("utf-8", "replace"))


def _command(
    words: list[str], roots: tuple[str, ...], timeout: float, warm: Warm | None
) -> tuple[int | None, bytes, bytes]:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([*roots, str(REPOSITORY)]),
        "OMP_NUM_THREADS": "1",
        "NO_COLOR": "1",
    }
    if warm is not None:
        return warm.run(words, cwd=roots[0], env=environment, timeout=timeout)
    return _run(words, roots[0], environment, timeout)


def _run(words: list[str], cwd: str, environment: Mapping[str, str], timeout: float) -> tuple[int | None, bytes, bytes]:
    process = subprocess.Popen(
        [sys.executable, "-m", "mutagen", *words],
        cwd=cwd,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return None, b"", b""
    return process.returncode, out, err


def codes(answer: Answer) -> tuple[str, ...]:
    """Returns the reason codes of a refusal or of errors."""
    report = answer.report
    found = [refusal.get("code") for rule in report.get("rules", []) for refusal in rule.get("refused", [])]
    errors = report.get("errors") or ([report["error"]] if isinstance(report.get("error"), dict) else [])
    found += [error.get("code") for error in errors if isinstance(error, dict)]
    if not found and report.get("status") == "failed":
        found = ["proof"]
    return tuple(sorted({str(code) for code in found if code})) or _printed_codes(answer.errors)


def messages(answer: Answer, most: int = 4) -> tuple[str, ...]:
    """Returns the refusals, each kind once, with where it stands and how often; else the last line of the errors."""
    count: dict[tuple[str, str, str], int] = {}
    for rule in answer.report.get("rules", []):
        for refusal in rule.get("refused", []):
            kind = (str(refusal.get("code")), str(refusal.get("message")), str(refusal.get("where") or ""))
            count[kind] = count.get(kind, 0) + 1
    if not count:
        lines = [line for line in answer.errors.strip().splitlines() if line.strip()]
        return (next((line for line in lines if line.startswith("error")), lines[-1])[:300],) if lines else ()
    found = [
        " ".join(
            [f"{code}: {message[:200]}", *([f"({place})"] if place else []), *([f"x{times}"] if times > 1 else [])]
        )
        for (code, message, place), times in count.items()
    ]
    return (*found[:most], *([f"and {len(found) - most} more"] if len(found) > most else []))


def _printed_codes(output: str) -> tuple[str, ...]:
    words = [line.rpartition("[")[2].rpartition("]")[0] for line in output.splitlines() if line.rstrip().endswith("]")]
    return tuple(sorted({word for word in words if word and " " not in word})) or ("unknown",)


def _report(text: str) -> Mapping[str, Any]:
    start = text.find("{")
    try:
        report = json.loads(text[start:]) if start >= 0 else {}
    except json.JSONDecodeError:
        return {}
    return report if isinstance(report, dict) else {}
