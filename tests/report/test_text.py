from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mutagen.records.plan import RulePlan
from mutagen.records.result import Check, Counts, Proof, Report, Weights
from mutagen.report.summary import summary
from mutagen.report.text import render


def test_plain_text_is_one_line_a_site_and_a_sentence(report: Report, tmp_path: Path) -> None:
    assert render(report, root=tmp_path).splitlines() == [
        "pkg/model.py:12:9: dsc nn.Conv2d(a, b, 3) → Dsc(a, b, 3) (2 instances)",
        "pkg/model.py:20:5: eca + self.eca = ECA( planes)",
        "/x.py:1:1: dsc refused[in-library] m: it stands in a library",
        "  help: leave it out",
        "note: checkpoint keys without a place: old",
        "2 sites in 1 file changed, +12,288 parameters (+1.23 %), MACs -1,000 (-20.00 %), proved bit-equal in 4 cases, "
        "120 of 122 checkpoint keys kept, 1 moved, 1 target refused",
    ]


def test_terminal_gets_colours_and_a_box(report: Report, tmp_path: Path) -> None:
    styled = render(report, root=tmp_path, styled=True)
    assert "\x1b[" in styled
    assert "╭" in styled
    assert "1,012,288" in styled


def test_verbose_text_has_reasons_table_proof_and_times_without_box(report: Report, tmp_path: Path) -> None:
    text = render(report, root=tmp_path, verbosity=1)
    assert "[site: all are selected]" in text
    assert "parameters       1,000,000  1,012,288" in text
    assert "120 kept, 1 moved, 1 new, 1 lost" in text
    assert "proof eval 2x3x8x8: equal" in text
    assert "note: operations whose MACs are not counted: fft (2)" in text
    assert "check second run: pass (plans nothing)" in text
    assert "time: trace 0.12 s, verify 1.00 s" in text
    assert "\x1b[" not in text
    assert "│" not in text


def test_quiet_text_has_problems_only(report: Report, tmp_path: Path) -> None:
    assert render(report, root=tmp_path, verbosity=-1).splitlines() == [
        "/x.py:1:1: dsc refused[in-library] m: it stands in a library",
        "  help: leave it out",
    ]


def test_checks_that_fail_or_warn_are_always_shown(report: Report, tmp_path: Path) -> None:
    assert report.verdict is not None
    verdict = replace(report.verdict, checks=(Check("export", "warn", "slow"), Check("mode", "fail")))
    lines = render(replace(report, verdict=verdict), root=tmp_path).splitlines()
    assert "check export: warn (slow)" in lines
    assert "check mode: fail" in lines


def test_brackets_in_names_are_no_markup(report: Report, tmp_path: Path) -> None:
    text = render(replace(report, notes=("[bold]x[/bold] [/]",)), root=tmp_path, styled=True)
    assert "[bold]x[/bold] [/]" in text


def test_long_lines_are_not_wrapped(report: Report, tmp_path: Path) -> None:
    note = "word " * 100
    assert note.strip() in render(replace(report, notes=(note,)), root=tmp_path)


def test_sentence_for_each_status(report: Report) -> None:
    assert summary(replace(report, status="would_change")).startswith("2 sites in 1 file would change, ")
    assert summary(replace(report, status="refused")) == "nothing written: 1 target refused"
    assert summary(replace(report, status="failed", failure="eval differs")) == "nothing written: eval differs"
    assert summary(replace(report, status="failed")) == "nothing written: the proof failed"


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ((RulePlan("a", (), (), explanation="already applied: 16 ECA"),), "nothing to do: already applied: 16 ECA"),
        ((RulePlan("a", (), (), already=("x", "y")),), "nothing to do: 2 targets already changed"),
        ((), "nothing to do: no target is left to change"),
    ],
)
def test_unchanged_says_why(rules: tuple[RulePlan, ...], expected: str, report: Report) -> None:
    assert summary(replace(report, status="unchanged", plan=replace(report.plan, rules=rules))) == expected


def test_costs_and_proofs_in_other_words(report: Report) -> None:
    assert report.verdict is not None
    counts = Counts((0, 5), (0, 0), (7, 7))
    weights = Weights((), {}, (), ())
    proof = replace(report.verdict.proof, bit_equal=False, max_abs_diff=1.2e-6)
    verdict = replace(report.verdict, counts=counts, weights=weights, proof=proof)
    text = summary(replace(report, verdict=verdict))
    assert "+5 parameters, MACs unchanged, proved equal within 1.2e-06 in 4 cases" in text
    same = replace(verdict, counts=Counts((3, 3), (0, 0), (1, 2)), proof=Proof(False, False, 0.5, proof.cases))
    text = summary(replace(report, verdict=same))
    assert "parameters unchanged, MACs +1 (+100.00 %), not equal in 4 cases (largest difference 0.5)" in text


def test_what_was_not_proved_is_told(report, tmp_path):
    notes = ("no gradients compared: it has none", "one batch size only: the model takes no other")
    verdict = replace(report.verdict, proof=replace(report.verdict.proof, notes=notes))
    text = render(replace(report, verdict=verdict), root=tmp_path)
    assert f"note: {notes[0]}" in text and notes[1] not in text
    assert f"note: {notes[1]}" in render(replace(report, verdict=verdict), root=tmp_path, verbosity=1)
