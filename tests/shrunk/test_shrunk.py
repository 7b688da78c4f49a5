from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mutagen.errors import RuleError, TargetError
from mutagen.records.plan import Refusal
from mutagen.records.result import FileChange, Report
from mutagen.report import json as as_json
from mutagen.stages import proving

SMALL = "Net(16, 2)"


def refused(report: Report) -> Refusal:
    assert report.status == "refused" and not report.files
    return report.plan.rules[0].refused[0]


def test_what_does_not_fit_is_planned_without_values_but_not_written_without_a_proof(shop: Any) -> None:
    before = shop.text
    with pytest.raises(TargetError) as caught:
        shop.apply()
    assert caught.value.code == "T211" and "--prove-with CALL" in caught.value.hint
    assert "32,618,483,722 parameters" in caught.value.message
    assert shop.text == before


def test_what_does_not_fit_and_needs_no_change_needs_no_proof(shop: Any) -> None:
    shop.edit("nn.ReLU()", "nn.GELU()")
    report = shop.apply("{version: 1, rules: [{id: a, match: {op: relu}, replace: {with: gelu}, optional: true}]}")
    assert (report.status, report.device) == ("unchanged", "meta")
    assert any("more than the 2.1 GB" in note for note in report.notes)


def test_proof_on_a_smaller_configuration(shop: Any) -> None:
    report = shop.apply(prove_with=SMALL)
    assert report.status == "applied" and "nn.GELU() if deep" in shop.text
    verdict = report.verdict
    assert verdict is not None
    assert (verdict.proof.kind, verdict.proof.on, verdict.proof.bit_equal) == ("shrunk", SMALL, True)
    full = verdict.checks[-1]
    assert (full.name, full.status, full.detail) == (
        "full configuration",
        "pass",
        "the same operations in eval and train",
    )
    assert verdict.counts.params == (32_618_483_722,) * 2 and verdict.counts.macs[0] > 10**11
    assert len(verdict.weights.kept) == 12 * 6 + 3
    data: Any = json.loads(as_json.render(report, root=Path("/")))
    assert (data["proof"]["kind"], data["proof"]["on"], data["trace"]["device"]) == ("shrunk", SMALL, "meta")
    assert (
        shop.apply(
            "{version: 1, rules: [{id: a, match: {op: relu}, replace: {with: gelu}, optional: true}]}"
        ).plan.edits
        == ()
    )


def test_the_rule_file_may_name_the_smaller_configuration(shop: Any) -> None:
    rules = """
        version: 1
        model: {factory: Net, inputs: ["1x8:int64"], prove_with: "Net(width=16, depth=1)", prove_inputs: ["2x4:int64"]}
        rules: [{id: gelu, match: {op: relu}, replace: {with: gelu}}]
    """
    report = shop.apply(rules, model=None, inputs=(), write=False)
    assert report.status == "would_change" and report.verdict is not None
    assert report.verdict.proof.on == "Net(width=16, depth=1)"
    assert {shape for case in report.verdict.proof.cases for shape in case.shapes} == {(2, 4), (1, 4)}


def test_a_place_that_the_smaller_configuration_does_not_reach(shop: Any) -> None:
    refusal = refused(shop.apply(prove_with="Net(16, 2, deep=False)"))
    assert refusal.code == "not-covered" and "net.py:22:21" in refusal.message
    assert refusal.where is not None and refusal.where.line == 22
    assert shop.apply(prove_with="Net(16, 2)", write=False).status == "would_change"


def test_a_path_that_the_smaller_configuration_lacks(shop: Any) -> None:
    match = '{type: ReLU, path: "blocks.11.act"}'
    refusal = refused(shop.apply(match, prove_with=SMALL))
    assert refusal.code == "not-covered" and "as many layers" in refusal.advice
    report = shop.apply(match, prove_with="Net(16, 12)", write=False)  # as advised
    assert report.status == "would_change" and report.verdict is not None and report.verdict.proof.equal


def test_a_rule_that_selects_by_size(shop: Any) -> None:
    shop.edit("self.norm =", "self.width = width\n        self.norm =")
    match = "{type: ReLU, inside: {type: Block, where: {width: {ge: 512}}}}"
    refusal = refused(shop.apply(match, prove_with=SMALL))
    assert refusal.code == "not-covered" and refusal.where is not None and refusal.where.line == 11


def test_a_rule_that_selects_otherwise_in_the_smaller_configuration(shop: Any) -> None:
    shop.edit("Block(width) for", "Block(width, i * 12 // depth) for")
    shop.edit("for _ in", "for i in")
    shop.edit("def __init__(self, width):\n", "def __init__(self, width, turn):\n")
    shop.edit("self.norm =", "self.turn = turn\n        self.norm =")
    match = "{type: ReLU, inside: {type: Block, where: {turn: {ge: 6}}}}"
    refusal = refused(shop.apply(match, prove_with="Net(16, 4)"))
    assert refusal.code == "selects-otherwise", refusal
    report = shop.apply(match, prove_with="Net(16, 12)")  # as advised
    assert report.status == "applied"


def _instead(monkeypatch: pytest.MonkeyPatch, old: bytes, new: bytes) -> None:
    """Let another edit be written than the one that was planned."""
    original = proving.rewritten

    def wrong(traced: Any) -> tuple[FileChange, ...]:
        return tuple(replace(it, after=it.after.replace(old, new)) for it in original(traced))

    monkeypatch.setattr(proving, "rewritten", wrong)


def test_an_edit_that_is_wrong_in_both(shop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _instead(monkeypatch, b"self.act = nn.GELU()", b"self.act = nn.Tanh()")
    report = shop.apply(prove_with=SMALL)
    assert report.status == "failed" and "nn.ReLU()" in shop.text


def test_an_edit_that_is_wrong_in_the_full_configuration_only(shop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _instead(monkeypatch, b"self.act = nn.GELU()", b"self.act = nn.GELU() if width < 99 else nn.Tanh()")
    report = shop.apply(prove_with=SMALL)
    assert report.status == "failed" and "nn.ReLU()" in shop.text and report.verdict is not None
    assert all(case.equal for case in report.verdict.proof.cases)
    assert [it.name for it in report.verdict.checks if it.status == "fail"] == ["full configuration"]


def test_values_in_forward_are_no_matter_where_the_model_fits(shop: Any) -> None:
    shop.edit("x = self.embed(ids)", "x = self.embed(ids * int(ids.max() >= 0))")
    report = shop.apply(prove_with=SMALL, model="Net(32, 3)", write=False)
    assert (report.status, report.device) == ("would_change", "cpu")
    assert any("so it is traced on the CPU" in note for note in report.notes)


def test_values_in_forward_of_what_does_not_fit(shop: Any) -> None:
    shop.edit("x = self.embed(ids)", "x = self.embed(ids * int(ids.max() >= 0))")
    with pytest.raises(TargetError) as caught:
        shop.apply(prove_with=SMALL)
    assert caught.value.code == "T209" and caught.value.place is not None and caught.value.place.line == 26
    assert "take the values out" in caught.value.hint
    with pytest.raises(TargetError) as caught:
        shop.apply(prove_with=SMALL, device="meta")
    assert caught.value.code == "T210"


def test_values_while_building_need_no_weights(shop: Any) -> None:
    shop.edit(
        "super().__init__()\n        self.embed",
        "super().__init__()\n        depth = int(torch.tensor(depth).item())\n        self.embed",
    )
    report = shop.apply(prove_with=SMALL, write=False)
    assert (report.status, report.device) == ("would_change", "meta")


def test_a_smaller_configuration_that_does_not_run(shop: Any) -> None:
    with pytest.raises(TargetError, match="unexpected keyword"):
        shop.apply(prove_with="Net(widht=16)")
    with pytest.raises(TargetError, match="forward failed"):
        shop.apply(prove_with=SMALL, prove_inputs=("1x8",))


def test_rules_are_wrong_before_anything_is_built(shop: Any) -> None:
    model = "{factory: Net, prove_with: 'Net(*a)'}"
    rules = f"{{version: 1, model: {model}, rules: [{{id: a, match: {{op: relu}}, replace: {{with: gelu}}}}]}}"
    with pytest.raises(RuleError) as caught:
        shop.apply(rules)
    assert caught.value.code == "R129"


def test_a_flag_is_not_proved_with_a_smaller_configuration(shop: Any) -> None:
    rules = "{version: 1, rules: [{id: a, match: {op: relu}, replace: {with: gelu, emit: flag}}]}"
    refusal = refused(shop.apply(rules, prove_with=SMALL))
    assert refusal.code == "flag-unproved" and "emit: flag" in refusal.advice
