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


KNOWN = {"ECA": (), "LayerScale": ("init",)}
USES = "{id: uses, match: {block: residual}, insert: {block: Mine, at: branch-end}}"
MINE = "blocks: {Mine: {serial: [ECA]}}\n"


def test_blocks_of_included_files_can_be_named_and_used_as_parts(tmp_path: Path) -> None:
    write(tmp_path, "shared/more.yaml", more="blocks: {Other: {serial: [ECA, GELU]}}\n")
    write(tmp_path, "shared/blocks.yaml", more="include: [more.yaml]\n" + MINE)
    more = "include: [shared/blocks.yaml]\nblocks: {Both: {serial: [Mine, Other]}}\n"
    found = read_rules(str(write(tmp_path, "top.yaml", USES, more=more)), KNOWN)
    assert [it.name for it in found.own] == ["Other", "Mine", "Both"]
    assert [rule.action.block for rule in found.rules] == ["Mine"]


def test_arguments_that_an_included_block_brings_along_are_those_of_the_rule(tmp_path: Path) -> None:
    (tmp_path / "theirs.py").write_text(
        "import torch.nn as nn\nclass A(nn.Module):\n    def __init__(self, c, k): ...\n"
    )
    write(tmp_path, "blocks.yaml", more='blocks: {Mine: {from: "theirs.py:A", args: {k: 5}}}\n')
    found = read_rules(str(write(tmp_path, "top.yaml", USES, more="include: [blocks.yaml]\n")), KNOWN)
    assert found.rules[0].action.args == {"k": 5}


def test_classes_and_templates_are_looked_for_from_the_file_that_states_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not from the including file, nor from where the command is run."""
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared/theirs.py").write_text("import torch.nn as nn\nclass A(nn.Module): ...\n")
    (tmp_path / "theirs.py").write_text("class Wrong: ...\n")
    write(tmp_path, "shared/blocks.yaml", more='blocks: {Mine: {from: "theirs.py:A"}}\n')
    write(tmp_path, "top.yaml", USES, more="include: [shared/blocks.yaml]\n")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    found = read_rules("../top.yaml", KNOWN)
    assert [it.made.file for it in found.own] == [str(tmp_path / "shared/theirs.py")]


def test_an_included_file_does_not_know_the_blocks_of_those_that_include_it(tmp_path: Path) -> None:
    inner = write(tmp_path, "inner.yaml", USES)
    top = write(tmp_path, "top.yaml", "own", more="include: [inner.yaml]\n" + MINE)
    with pytest.raises(RuleError, match="unknown block 'Mine'") as caught:
        read_rules(str(top), KNOWN)
    assert str(caught.value.place) == f"{inner}:3:58"


def test_another_block_of_the_same_name_is_an_error_and_the_same_block_is_none(tmp_path: Path) -> None:
    write(tmp_path, "blocks.yaml", more=MINE)
    same = write(tmp_path, "same.yaml", USES, more="include: [blocks.yaml]\n" + MINE)
    assert [it.name for it in read_rules(str(same), KNOWN).own] == ["Mine"]
    other = write(tmp_path, "other.yaml", USES, more="include: [blocks.yaml]\nblocks: {Mine: {serial: [ECA, GELU]}}\n")
    assert errors_of(other) == [f"R147 {other}:3:10"]


def test_blocks_of_a_file_that_is_wrong_are_not_told_to_be_unknown(tmp_path: Path) -> None:
    bad = write(tmp_path, "blocks.yaml", more="blocks: {Mine: {serial: [ECA], parallel: 1}}\n")
    top = write(tmp_path, "top.yaml", USES, more="include: [blocks.yaml]\n")
    with pytest.raises((RuleError, ErrorGroup)) as caught:
        read_rules(str(top), KNOWN)
    assert isinstance(caught.value, MutagenError)
    assert {str(error.place.file) for error in members(caught.value) if error.place} == {str(bad)}
