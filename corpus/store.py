"""The results of the corpus, one JSON line a pair, and the table that sums them up."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

OUTCOMES = ("proved", "already", "refused", "wrong", "crashed", "timed-out")


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one rule on one model; ``applicable`` says that targets without doubt were found."""

    entry: str
    package: str
    rule: str
    scope: str
    tool: str
    outcome: str
    applicable: bool
    codes: tuple[str, ...] = ()
    detail: str = ""
    targets: int = 0
    changed: int = 0
    difference: float = 0.0
    seconds: float = 0.0
    notes: tuple[str, ...] = field(default=())

    @property
    def key(self) -> tuple[str, str, str, str]:
        """Names the pair for ``--resume``: another tool has other results."""
        return self.entry, self.rule, self.scope, self.tool


def tool_hash(repository: Path) -> str:
    """Returns a short hash of everything that decides what the command line does."""
    digest = hashlib.sha256()
    for folder, pattern in (("mutagen", "*.py"), ("rules", "*"), ("templates", "*")):
        for path in sorted((repository / folder).rglob(pattern)):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(str(path.relative_to(repository)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def read_store(path: Path) -> list[Result]:
    """Returns what a store holds; a last line that was cut off is left out."""
    if not path.exists():
        return []
    results = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            record: dict[str, Any] = json.loads(line)
        except json.JSONDecodeError:
            continue
        results.append(Result(**{**record, "codes": tuple(record["codes"]), "notes": tuple(record["notes"])}))
    return results


def append(path: Path, result: Result) -> None:
    """Adds one line to a store."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(result)) + "\n")


def table(results: Iterable[Result], *, by: str) -> str:
    """Returns a text table of outcomes per rule or per package; pairs without doubtless targets are counted apart."""
    rows: dict[str, Counter[str]] = defaultdict(Counter)
    for result in results:
        row = rows[getattr(result, by)]
        row[
            result.outcome if result.applicable or result.outcome in {"wrong", "crashed", "timed-out"} else "other"
        ] += 1
        row["applicable"] += result.applicable
        row["shown"] += result.applicable and result.outcome in {"proved", "already"}
    heads: tuple[str, ...] = (by, "applicable", *OUTCOMES, "%", "not applicable")
    lines: list[tuple[str, ...]] = [heads]
    for name, row in sorted(rows.items()):
        share = f"{100 * row['shown'] / row['applicable']:.0f}" if row["applicable"] else "-"
        lines.append((name, *(str(row[head]) for head in ("applicable", *OUTCOMES)), share, str(row["other"])))
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if not column else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    )


def summary(results: list[Result]) -> str:
    """Returns the closing lines: totals, refusals by code, and what is wrong, by name."""
    applicable = [result for result in results if result.applicable]
    count = Counter(result.outcome for result in applicable)
    good = count["proved"] + count["already"]
    share = 100 * good / len(applicable) if applicable else 0.0
    codes = Counter(code for result in applicable if result.outcome == "refused" for code in set(result.codes))
    every = Counter(result.outcome for result in results)
    lines = [
        f"applicable {len(applicable)}, proved {count['proved']}, already {count['already']} ({share:.1f} %), "
        f"refused {count['refused']}, wrong {every['wrong']}, crashed {every['crashed']}, "
        f"timed out {every['timed-out']}",
        "refused by code: " + (", ".join(f"{code} {number}" for code, number in codes.most_common()) or "none"),
    ]
    lines += [
        f"{result.outcome}: {result.entry} {result.rule}: {result.detail}"
        for result in results
        if result.outcome in {"wrong", "crashed"}
    ]
    return "\n".join(lines)


def failed(results: list[Result]) -> bool:
    """Whether anything is wrong or crashed."""
    return any(result.outcome in {"wrong", "crashed"} for result in results)
