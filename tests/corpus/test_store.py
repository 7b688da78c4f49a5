"""Results survive the store; the table and the exit code follow from them."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from corpus.entries import Entry
from corpus.store import (
    Result,
    append,
    failed,
    read_store,
    read_table,
    summary,
    table,
    thresholds,
    tool_hash,
    write_table,
)

PROVED = Result("m:f", "p", "bn-to-gn", "file", "abc", "proved", applicable=True, targets=3, changed=3)
REFUSED = replace(PROVED, entry="m:g", outcome="refused", codes=("out-of-scope",), detail="why")
WRONG = replace(PROVED, entry="m:h", outcome="wrong", detail="eval: differs")
OTHER = replace(PROVED, entry="m:i", outcome="not-applicable", applicable=False)


def test_round_trip_with_a_torn_line(tmp_path: Path) -> None:
    store = tmp_path / "store.jsonl"
    assert read_store(store) == []
    append(store, PROVED)
    append(store, REFUSED)
    with store.open("a") as file:
        file.write('{"entry": "m:')
    assert read_store(store) == [PROVED, REFUSED]
    assert len({PROVED.key, REFUSED.key, replace(PROVED, tool="def").key, replace(PROVED, scope="package").key}) == 4


def test_exit_code() -> None:
    assert not failed([PROVED, REFUSED, OTHER])
    assert failed([PROVED, WRONG])
    assert failed([replace(PROVED, outcome="crashed")])


def test_table_and_summary() -> None:
    results = [PROVED, REFUSED, WRONG, OTHER]
    row = table(results, by="rule").splitlines()[1].split()
    assert row == ["bn-to-gn", "3", "1", "0", "0", "1", "1", "0", "0", "0", "33", "1"]
    text = summary(results)
    assert (
        "applicable 3, proved 1, already 0 (33.3 %), refused 1, unreadable 0, wrong 1, crashed 0, timed out 0" in text
    )
    assert "refused by code: out-of-scope 1" in text
    assert "wrong: m:h bn-to-gn: eval: differs" in text


def test_the_stored_table_keeps_what_is_compared(tmp_path: Path) -> None:
    doubtful = replace(PROVED, entry="m:j", applicable=False)
    unknown = replace(OTHER, entry="m:k", outcome="unsurveyed")
    results = [
        unknown,
        REFUSED,
        replace(PROVED, lines=3, edits=2),
        OTHER,
        replace(OTHER, rule="relu-to-gelu"),
        doubtful,
    ]
    write_table(tmp_path / "table.jsonl", results)
    kept = read_table(tmp_path / "table.jsonl", [Entry("p", "1", "m", "m.py", name) for name in "fgijk"])
    assert [result.entry for result in kept] == ["m:f", "m:g", "m:i", "m:i", "m:j", "m:k"]
    assert len((tmp_path / "table.jsonl").read_text().splitlines()) == 5
    for name in ("entry", "package", "rule", "scope", "outcome", "applicable", "codes", "lines", "edits"):
        assert {getattr(result, name) for result in kept} == {getattr(result, name) for result in results}
    assert {result.tool for result in kept if result.outcome != "not-applicable"} == {"abc"}
    assert read_table(tmp_path / "none.jsonl", []) == []


def test_thresholds() -> None:
    good = [replace(PROVED, entry=f"m:{n}", lines=n % 3, edits=1) for n in range(100)]
    assert all(line.startswith("reached") for line in thresholds(good))
    cases = {
        "proved of applicable: 95": [replace(REFUSED, entry=f"m:r{n}") for n in range(5)],
        "proved in q: 0": [replace(REFUSED, entry=f"m:r{n}", package="q") for n in range(11)],
        "wrong: 1": [WRONG],
        "unsurveyed: 1": [replace(OTHER, outcome="unsurveyed")],
        "timed out: 1.96": [replace(REFUSED, entry=f"m:r{n}", outcome="timed-out") for n in range(2)],
        "lines changed, median of pairs: 9": [replace(PROVED, entry=f"m:l{n}", lines=9, edits=3) for n in range(200)],
    }
    for words, bad in cases.items():
        missed = [line for line in thresholds(good + bad) if line.startswith("MISSED")]
        assert any(words in line for line in missed), (words, missed)
    assert not any("in q" in line for line in thresholds([*good, replace(REFUSED, package="q")]))


def test_the_tool_hash_follows_the_sources(tmp_path: Path) -> None:
    (tmp_path / "mutagen").mkdir()
    (tmp_path / "rules").mkdir()
    source = tmp_path / "mutagen" / "a.py"
    source.write_text("1")
    first = tool_hash(tmp_path)
    assert tool_hash(tmp_path) == first
    source.write_text("2")
    second = tool_hash(tmp_path)
    (tmp_path / "rules" / "r.yaml").write_text("version: 1")
    assert len({first, second, tool_hash(tmp_path)}) == 3
