"""Files that include others: order, switches, models and budgets; and what can be wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from mutagen.errors import ErrorGroup, MutagenError, RuleError
from mutagen.load.rules_file import read_rules
from mutagen.records.rules import RuleSet
from mutagen.report.errors import members

RULE = "{{id: {0}, match: {{op: relu}}, replace: {{with: gelu}}}}"


def write(folder: Path, name: str, *rules: str, more: str = "") -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    lines = [f"  - {rule if rule.startswith('{') else RULE.format(rule)}\n" for rule in rules]
    path.write_text("version: 1\n" + more + ("rules:\n" + "".join(lines) if rules else ""))
    return path


def ids(rules: RuleSet) -> list[str]:
    return [rule.id for rule in rules.rules]


def errors_of(path: Path) -> list[str]:
    with pytest.raises((RuleError, ErrorGroup)) as caught:
        read_rules(str(path))
    assert isinstance(caught.value, MutagenError)
    return [f"{error.code} {error.place}" for error in members(caught.value)]


def test_included_rules_come_first_in_the_order_of_the_list(tmp_path: Path) -> None:
    write(tmp_path, "parts/a.yaml", "a1", "a2")
    write(tmp_path, "parts/b.yaml", "b1", more="include: [a.yaml]\n")
    path = write(tmp_path, "top.yaml", "t1", more="include: [parts/b.yaml, relu-to-gelu, parts/a.yaml]\n")
    found = read_rules(str(path))
    assert ids(found) == ["a1", "a2", "b1", "relu-to-gelu", "t1"]
    assert found.file == str(path)
    assert [Path(file).name for file in found.files] == ["a.yaml", "b.yaml", "relu-to-gelu.yaml", "top.yaml"]
    assert found.rules[0].place
    assert found.rules[0].place.file == str(tmp_path / "parts/a.yaml")


def test_a_folder_is_included_whole_and_a_file_beside_wins_over_a_shipped_set(tmp_path: Path) -> None:
    write(tmp_path, "relu-to-gelu/x.yaml", "x")
    write(tmp_path, "relu-to-gelu/y.yaml", "y")
    assert ids(read_rules(str(write(tmp_path, "top.yaml", more="include: [relu-to-gelu]\n")))) == ["x", "y"]


def test_rules_are_switched_by_their_own_file_and_by_those_that_include_it(tmp_path: Path) -> None:
    off = "{id: b, match: {op: relu}, replace: {with: gelu}, enabled: false}"
    write(tmp_path, "base.yaml", "a", off, "c")
    assert ids(read_rules(str(tmp_path / "base.yaml"))) == ["a", "c"]
    switches = ("{id: a, enabled: false}", "{id: b, enabled: true}", "own")
    variant = write(tmp_path, "variant.yaml", *switches, more="include: [base.yaml]\n")
    assert ids(read_rules(str(variant))) == ["b", "c", "own"]
    outer = write(tmp_path, "outer.yaml", "{id: a, enabled: true}", more="include: [variant.yaml]\n")
    assert ids(read_rules(str(outer))) == ["a", "b", "c", "own"]


def test_a_misspelt_switch_gets_a_suggestion(tmp_path: Path) -> None:
    write(tmp_path, "base.yaml", "gate-deep")
    path = write(tmp_path, "variant.yaml", "{id: gate-depe, enabled: false}", more="include: [base.yaml]\n")
    with pytest.raises(RuleError) as caught:
        read_rules(str(path))
    assert caught.value.code == "R133"
    assert "did you mean 'gate-deep'?" in caught.value.hint


def test_the_outermost_model_and_all_budgets_count(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", "a", more="model: {factory: A}\nbudget: {params: +2%}\n")
    inner = write(tmp_path, "b.yaml", "b", more="include: [a.yaml]\n")
    assert read_rules(str(inner)).model == "A()"
    outer = write(tmp_path, "c.yaml", "c", more="include: [b.yaml]\nmodel: {factory: C}\nbudget: {macs: 100}\n")
    found = read_rules(str(outer))
    assert found.model == "C()"
    assert [(claim.fact, claim.high, claim.unit) for claim in found.budget] == [
        ("params", 2.0, "share"),
        ("macs", 100, "change"),
    ]


def test_circles_are_told_with_their_way(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", "a", more="include: [b.yaml]\n")
    write(tmp_path, "b.yaml", "b", more="include: [a.yaml]\n")
    with pytest.raises(RuleError) as caught:
        read_rules(str(tmp_path / "a.yaml"))
    assert str(caught.value.place) == f"{tmp_path}/b.yaml:2:11"
    assert "a.yaml → b.yaml → a.yaml" in caught.value.message
    assert errors_of(write(tmp_path, "own/self.yaml", "a", more="include: [.]\n")) == [
        f"R132 {tmp_path}/own/self.yaml:2:11"
    ]


def test_everything_wrong_with_all_files_is_told_at_its_place(tmp_path: Path) -> None:
    write(tmp_path, "bad.yaml", "{id: X, match: {op: relu}, replace: {with: gelu}}")
    write(tmp_path, "good.yaml", "a")
    path = write(tmp_path, "top.yaml", "a", more="include: [bad.yaml, none.yaml, good.yaml, relu-to-gleu]\n")
    assert errors_of(path) == [
        f"R120 {tmp_path}/bad.yaml:3:10",
        f"R100 {path}:2:21",
        f"R100 {path}:2:43",
        f"R121 {path}:4:10",
    ]
