"""The results of the corpus, one JSON line a pair, and the table that sums them up."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import asdict, dataclass, field
from itertools import groupby
from pathlib import Path
from statistics import median
from typing import Any

from corpus.entries import Entry

OUTCOMES = ("proved", "already", "unreadable", "refused", "wrong", "crashed", "timed-out", "unsurveyed")
_ALWAYS = frozenset({"wrong", "crashed", "timed-out", "unsurveyed"})
"""Outcomes that are counted for pairs without doubtless targets too."""

GOOD = frozenset({"proved", "already"})
TABLE = Path(__file__).with_name("table.jsonl")


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one rule on one model; ``applicable`` says that targets without doubt were found.

    ``lines`` are those changed beside inserted classes, ``edits`` as the report counts them.
    """

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
    lines: int = 0
    edits: int = 0
    notes: tuple[str, ...] = field(default=())

    @property
    def key(self) -> tuple[str, str, str, str]:
        """Names the pair for ``--resume``: another tool has other results."""
        return self.entry, self.rule, self.scope, self.tool

    @property
    def pair(self) -> tuple[str, str, str]:
        """Names the pair across tools, in the order of the table."""
        return self.entry, self.scope, self.rule


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


def read_table(path: Path, entries: Iterable[Entry]) -> list[Result]:
    """Returns the stored table, which keeps of each result what later runs are compared with."""
    packages = {entry.key: entry.package for entry in entries}
    records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
    return [
        result
        for record in records
        if record["entry"] in packages
        for result in _stored(record, packages[record["entry"]])
    ]


def _stored(record: Mapping[str, Any], package: str) -> Iterator[Result]:
    entry, scope = record["entry"], record["scope"]
    if _NONE in record:
        yield from (Result(entry, package, rule, scope, "", _NONE, applicable=False) for rule in record[_NONE])
        return
    yield Result(
        entry,
        package,
        record["rule"],
        scope,
        record["tool"],
        record["outcome"],
        applicable=record.get("applicable", True),
        codes=tuple(record.get("codes", ())),
        lines=record.get("lines", 0),
        edits=record.get("edits", 0),
    )


def write_table(path: Path, results: Iterable[Result]) -> None:
    """Stores a table, sorted, one line a pair; rules that are not applicable to an entry share one line."""
    lines = []
    ordered = sorted(results, key=lambda result: result.pair)
    for (entry, scope), group in groupby(ordered, key=lambda result: (result.entry, result.scope)):
        own = list(group)
        if none := [result.rule for result in own if result.outcome == _NONE]:
            lines.append(json.dumps({"entry": entry, "scope": scope, _NONE: none}))
        for result in own:
            if result.outcome != _NONE:
                record: dict[str, Any] = {"entry": entry, "scope": scope, "rule": result.rule}
                record |= {"outcome": result.outcome} if result.applicable else {"outcome": result.outcome, **_DOUBT}
                record |= {name: value for name in ("codes", "lines", "edits") if (value := getattr(result, name))}
                lines.append(json.dumps({**record, "tool": result.tool}))
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


_NONE = "not-applicable"
_DOUBT = {"applicable": False}


def table(results: Iterable[Result], *, by: str) -> str:
    """Returns a text table of outcomes per rule or per package; pairs without doubtless targets are counted apart."""
    rows: dict[str, Counter[str]] = defaultdict(Counter)
    for result in results:
        row = rows[getattr(result, by)]
        row[result.outcome if result.applicable or result.outcome in _ALWAYS else "other"] += 1
        row["applicable"] += result.applicable
        row["shown"] += result.applicable and result.outcome in GOOD
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
        f"refused {count['refused']}, unreadable {count['unreadable']}, wrong {every['wrong']}, "
        f"crashed {every['crashed']}, timed out {every['timed-out']}, unsurveyed {every['unsurveyed']}",
        "refused by code: " + (", ".join(f"{code} {number}" for code, number in codes.most_common()) or "none"),
        *thresholds(results),
    ]
    lines += [
        f"{result.outcome}: {result.entry} {result.rule}: {result.detail}"
        for result in results
        if result.outcome in {"wrong", "crashed", "unreadable"}
    ]
    return "\n".join(lines)


def thresholds(results: list[Result]) -> list[str]:
    """Returns what the whole corpus has to reach, and whether these results do."""
    applicable = [result for result in results if result.applicable]
    packages: dict[str, list[Result]] = defaultdict(list)
    for result in applicable:
        packages[result.package].append(result)
    large = {name: own for name, own in packages.items() if len({result.entry for result in own}) > 10}
    proved = [result for result in results if result.outcome == "proved" and result.lines]
    tried = [result for result in results if result.outcome != "not-applicable"]
    late = _share(tried, {"timed-out"}) if tried else 0.0
    per_pair = median([result.lines for result in proved]) if proved else 0
    per_edit = median([result.lines / max(result.edits, 1) for result in proved]) if proved else 0
    checks = [
        ("proved of applicable", _share(applicable, GOOD), _share(applicable, GOOD) >= 97, "%, at least 97"),
        *(
            (f"proved in {name}", _share(own, GOOD), _share(own, GOOD) >= 90, "%, at least 90")
            for name, own in sorted(large.items())
        ),
        *(
            (word, n, n == 0, ", none allowed")
            for word in ("wrong", "crashed", "unsurveyed")
            for n in [_number(results, word)]
        ),
        ("timed out", late, late <= 1, "% of those tried, at most 1"),
        ("unreadable", _number(results, "unreadable"), True, " with more than 6 override lines or one loop"),
        ("lines changed, median of pairs", per_pair, per_pair <= 4, ", at most 4 beside new classes"),
        ("lines changed, median by edit", per_edit, per_edit <= 4, ", at most 4 beside new classes"),
    ]
    return [f"{'reached' if good else 'MISSED':<8} {name}: {number:.4g}{rest}" for name, number, good, rest in checks]


def _share(results: list[Result], outcomes: Set[str]) -> float:
    """Returns per cent; of nothing, all."""
    return 100 * sum(result.outcome in outcomes for result in results) / len(results) if results else 100.0


def _number(results: list[Result], outcome: str) -> int:
    return sum(result.outcome == outcome for result in results)


def failed(results: list[Result]) -> bool:
    """Whether anything is wrong or crashed."""
    return any(result.outcome in {"wrong", "crashed"} for result in results)
