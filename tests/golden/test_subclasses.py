"""Classes that stay as they are and get a subclass in the file: which uses take it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent / "idioms"
RULE = """version: 1
rules:
  - id: some
    match: {{edge: residual, path: '{path}'}}
    insert: {{block: ECA, at: branch}}
"""
SHAPE = ("1x3x16x16",)


def select(bench: Any, path: str, **more: object) -> tuple[Any, str]:
    """The report of a run on the edges of some modules, and the target as it would be."""
    net = bench.copy(FOLDER / "shared_units") / "net.py"
    rules = bench.folder / "rules.yaml"
    rules.write_text(RULE.format(path=path))
    report = bench.run(str(rules), net, "Net", SHAPE, write=False, **more)
    return report, next((it.after.decode() for it in report.files if it.path == str(net)), net.read_text())


@pytest.mark.parametrize(
    ("path", "taken", "left"),
    [
        (
            "first",
            ["self.first = EcaPlainUnit(width)"],
            ["self.second = PlainUnit(", "unit=WideUnit", "return DeepUnit"],
        ),
        ("stage.unit", ["unit=EcaWideUnit"], ["kinds = [WideUnit, DeepUnit]", "self.first = PlainUnit("]),
        ("units.unit4", ["return EcaDeepUnit"], ["kinds = [WideUnit, DeepUnit]", "self.first = PlainUnit("]),
        ("units.unit{1,3}", ["kinds = [EcaWideUnit, DeepUnit]"], ["unit=WideUnit", "return DeepUnit"]),
    ],
)
def test_uses_of_what_is_selected_take_the_subclass(bench: Any, path: str, taken: list[str], left: list[str]) -> None:
    report, text = select(bench, path)
    assert report.status == "would_change"
    assert report.verdict.proof.equal
    assert {it.rung for it in report.plan.edits} == {"subclass"}
    assert all(it in text for it in [*taken, *left])


@pytest.mark.parametrize(("path", "turn"), [("units.unit1", "i == 0"), ("units.unit3", "i == 2")])
def test_a_use_that_makes_others_too_takes_it_in_some_turns(bench: Any, path: str, turn: str) -> None:
    report, text = select(bench, path)
    assert report.status == "would_change"
    assert f"layer = EcaWideUnit if kind is WideUnit and {turn} else kind\n" in text
    assert 'units.add_module(f"unit{i + 1}", layer(width))' in text
    assert "kinds = [WideUnit, DeepUnit]" in text


def test_a_wider_scope_changes_the_class_itself(bench: Any) -> None:
    report, text = select(bench, "**", scope="package")
    assert report.status == "would_change"
    assert "class Eca" not in text
