"""Changes between two runs are found, judged and explained."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from corpus import table
from corpus.compare import changes, explain, got_worse
from corpus.store import Result, append

KEY = "pytorchcv.models.resnet:resnet10"
PROVED = Result(KEY, "pytorchcv", "bn-to-gn", "file", "abc", "proved", applicable=True)
REFUSED = replace(PROVED, outcome="refused", codes=("out-of-scope",), detail="out-of-scope: shared (a.py:3:1) | more")
NONE = replace(PROVED, outcome="not-applicable", applicable=False)


@pytest.mark.parametrize(
    ("before", "after", "changed", "worse"),
    [
        (PROVED, PROVED, False, False),
        (PROVED, replace(PROVED, tool="def", lines=7), False, False),
        (PROVED, REFUSED, True, True),
        (replace(PROVED, outcome="already"), REFUSED, True, True),
        (PROVED, replace(PROVED, outcome="timed-out"), True, True),
        (PROVED, NONE, True, True),
        (REFUSED, replace(PROVED, outcome="wrong"), True, True),
        (None, replace(PROVED, outcome="crashed"), True, True),
        (None, REFUSED, True, False),
        (NONE, REFUSED, True, False),
        (REFUSED, PROVED, True, False),
        (REFUSED, replace(REFUSED, codes=("layout",)), True, False),
    ],
)
def test_what_changed(before: Result | None, after: Result, changed: bool, worse: bool) -> None:
    found = changes([before] if before else [], [after])
    assert found == ([(before, after)] if changed else [])
    assert any(got_worse(*change) for change in found) is worse


def test_other_pairs_are_no_change() -> None:
    assert changes([PROVED, replace(PROVED, scope="package")], [PROVED]) == []


def test_an_explanation_names_outcomes_messages_and_a_command() -> None:
    text = explain([(PROVED, replace(REFUSED, scope="package"))])
    assert f"worse: {KEY} bn-to-gn: proved -> refused (out-of-scope)" in text
    assert "    out-of-scope: shared (a.py:3:1)\n    more\n" in text
    assert f"python -m corpus.run --entries {KEY} --rules bn-to-gn --scope package --show" in text
    assert "--update" not in text
    assert "--update" in explain([(REFUSED, PROVED)])
    assert explain([]) == "compared with the table: nothing changed"


def test_the_command_updates_compares_and_finds_codes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stored, store = tmp_path / "table.jsonl", tmp_path / "store.jsonl"
    append(store, REFUSED)
    append(store, PROVED)
    assert table.main(["--table", str(stored), "--update", str(store)]) == 0
    assert [json.loads(line)["outcome"] for line in stored.read_text().splitlines()] == ["proved"]
    assert table.main(["--table", str(stored), "--compare", str(store)]) == 0
    append(store, REFUSED)
    assert table.main(["--table", str(stored), "--compare", str(store)]) == 1
    assert "worse" in capsys.readouterr().out
    assert table.main(["--table", str(stored), "--update", str(store)]) == 0
    assert table.main(["--table", str(stored), "--code", "out-of-scope"]) == 0
    assert f"--entries {KEY} --rules bn-to-gn" in capsys.readouterr().out
    assert table.main(["--table", str(stored)]) == 0
    assert "refused by code: out-of-scope 1" in capsys.readouterr().out
