from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mutagen.errors import ErrorGroup, Place, RuleError
from mutagen.load.rules_file import find_rules, read_rules, shipped_rules
from mutagen.records.rules import Action, Only, Query, Rule, RuleSet
from mutagen.records.rules import Test as Fact
from mutagen.resources import rules_dir

KNOWN = {"ECA": (), "DepthwiseSeparableConv2d": (), "LayerScale": ("init",), "AttentionGate2d": ()}

PROMISED = """\
version: 1
model: {factory: UNet, args: [3, 2], kwargs: {bilinear: true}, inputs: ["1x3x64x64"]}   # optional
rules:
  - id: conv-to-dsc
    why: fewer parameters and MACs
    match:
      type: Conv2d
      where: {kernel_size: {gt: 1}, groups: 1, in_channels: {ge: 16}}
      not: {inside: {type: "*Stem*"}}
    replace: {with: DepthwiseSeparableConv2d}

  - id: eca-after-blocks
    match: {block: residual}
    insert: {block: ECA, at: branch-end}            # on the branch, before the add; `at: output` is after the block

  - id: gated-residuals
    match: {edge: residual}                         # every x + f(x), however written
    insert: {block: LayerScale, at: branch, args: {init: 0.0}}

  - id: gated-skips
    match: {edge: skip}                             # U-Net skips: an early tensor joins a late one
    insert: {block: AttentionGate2d, at: skip}

  - id: bn-to-gn
    match: {type: BatchNorm2d}
    replace: {with: GroupNorm, args: {num_groups: auto}}

  - id: relu-to-gelu
    match: {op: relu}                               # nn.ReLU, F.relu, torch.relu, x.relu(), in place or not
    replace: {with: gelu}

  - id: se-to-eca
    match: {block: squeeze-excite}                  # by what it computes, whatever its name
    replace: {with: ECA}
"""

MODULES = """\
version: 1
rules:
  - id: dilate-stage-4
    match: {type: Conv2d, path: "layer4.**", where: {kernel_size: 3, stride: 1}}
    set: {dilation: 2, padding: auto}

  - id: one-eca
    match: {path: "layer2.1.conv2"}
    insert: {block: ECA, at: after}
"""


def read(text: str, tmp_path: Path) -> RuleSet:
    path = tmp_path / "rules.yaml"
    path.write_text(text, encoding="utf-8")
    return read_rules(str(path), KNOWN)


def one(rule: str, tmp_path: Path) -> Rule:
    (found,) = read(f"version: 1\nrules:\n  - {rule}\n", tmp_path).rules
    return found


def test_promised_examples_become_records(tmp_path: Path) -> None:
    found = read(PROMISED, tmp_path)
    file = str(tmp_path / "rules.yaml")
    assert found.file == file
    assert found.model == "UNet(3, 2, bilinear=True)"
    assert found.inputs == ("1x3x64x64",)
    assert found.rules == (
        Rule(
            "conv-to-dsc",
            Query(
                type=("Conv2d",),
                where=(Fact("kernel_size", "gt", 1), Fact("groups", "eq", 1), Fact("in_channels", "ge", 16)),
                excluded=(Query(inside=Query(type=("*Stem*",))),),
            ),
            Action("replace", "DepthwiseSeparableConv2d"),
            why="fewer parameters and MACs",
            place=Place(file, 4, 9, 11),
        ),
        Rule(
            "eca-after-blocks",
            Query(block="residual"),
            Action("insert", "ECA", at="branch-end"),
            place=Place(file, 12, 9, 16),
        ),
        Rule(
            "gated-residuals",
            Query(edge="residual"),
            Action("insert", "LayerScale", at="branch", args={"init": 0.0}),
            place=Place(file, 16, 9, 15),
        ),
        Rule(
            "gated-skips",
            Query(edge="skip"),
            Action("insert", "AttentionGate2d", at="skip"),
            place=Place(file, 20, 9, 11),
        ),
        Rule(
            "bn-to-gn",
            Query(type=("BatchNorm2d",)),
            Action("replace", "GroupNorm", args={"num_groups": "auto"}),
            place=Place(file, 24, 9, 8),
        ),
        Rule("relu-to-gelu", Query(op="relu"), Action("replace", "gelu"), place=Place(file, 28, 9, 12)),
        Rule("se-to-eca", Query(block="squeeze-excite"), Action("replace", "ECA"), place=Place(file, 32, 9, 9)),
    )


def test_promised_examples_on_modules_become_records(tmp_path: Path) -> None:
    dilated, attended = read(MODULES, tmp_path).rules
    where = (Fact("kernel_size", "eq", 3), Fact("stride", "eq", 1))
    assert dilated.query == Query(type=("Conv2d",), path=("layer4.**",), where=where)
    assert dilated.action == Action("set", "", args={"dilation": 2, "padding": "auto"})
    assert attended.query == Query(path=("layer2.1.conv2",))
    assert attended.action == Action("insert", "ECA", at="after")


def test_positions_and_options_of_set_are_kept(tmp_path: Path) -> None:
    rule = one("{id: a, match: {type: C, only: {first: 4, every: 2}}, set: {p: [1, 2], partial: allow}}", tmp_path)
    assert rule.query.only == Only(first=4, every=2)
    assert rule.action == Action("set", "", args={"p": (1, 2)}, partial="allow")


def test_every_test_of_a_fact_is_kept_in_order(tmp_path: Path) -> None:
    where = "{kernel_size: {ge: 3, lt: 7}, padding_mode: zeros, out_channels: {in: [8, 16]}, stride: {ne: [2, 2]}}"
    rule = one(f"{{id: a, match: {{type: Conv2d, where: {where}}}, replace: {{with: ECA}}}}", tmp_path)
    assert rule.query.where == (
        Fact("kernel_size", "ge", 3),
        Fact("kernel_size", "lt", 7),
        Fact("padding_mode", "eq", "zeros"),
        Fact("out_channels", "in", (8, 16)),
        Fact("stride", "ne", (2, 2)),
    )


def test_a_fact_may_be_null_and_false_is_not_zero(tmp_path: Path) -> None:
    rule = one("{id: a, match: {type: C, where: {bias: null, inplace: false}}, replace: {with: ECA}}", tmp_path)
    assert rule.query.where == (Fact("bias", "eq", None), Fact("inplace", "eq", False))
    assert rule.query.where[1].value is False


def test_not_and_names_may_be_lists(tmp_path: Path) -> None:
    match = "{type: [Conv2d, nn.Conv3d], path: 'layer[2:5].{a,b}', not: [{path: 're:stem.*'}, {inside: {path: x}}]}"
    rule = one(f"{{id: a, match: {match}, replace: {{with: ECA}}}}", tmp_path)
    assert rule.query.type == ("Conv2d", "nn.Conv3d")
    assert rule.query.path == ("layer[2:5].{a,b}",)
    assert rule.query.excluded == (Query(path=("re:stem.*",)), Query(inside=Query(path=("x",))))


def test_class_name_is_a_block(tmp_path: Path) -> None:
    rule = one("{id: a, match: {block: BasicBlock}, insert: {block: ECA, at: branch-end}}", tmp_path)
    assert rule.query.block == "BasicBlock"


def test_style_partial_and_optional_are_kept(tmp_path: Path) -> None:
    action = "{with: gelu, style: module, partial: allow}"
    rule = one(f"{{id: a, optional: true, match: {{op: relu}}, replace: {action}}}", tmp_path)
    assert (rule.action.style, rule.action.partial, rule.optional) == ("module", "allow", True)


def test_yaml_is_version_1_2(tmp_path: Path) -> None:
    where = "{a: yes, b: on, c: 0o17, d: 1e-5, e: 010, f: 2020-01-01}"
    rule = one(f"{{id: a, match: {{type: C, where: {where}}}, replace: {{with: ECA}}}}", tmp_path)
    assert [test.value for test in rule.query.where] == ["yes", "on", 15, 1e-5, 10, "2020-01-01"]


def test_anchors_are_allowed(tmp_path: Path) -> None:
    text = "version: 1\nrules:\n  - {id: a, match: &m {op: relu}, replace: &r {with: gelu}}\n"
    found = read(text + "  - {id: b, match: *m, replace: *r}\n", tmp_path)
    assert found.rules[0].query == found.rules[1].query


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_byte_order_mark_and_line_ends_do_not_matter(newline: str, tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + PROMISED.replace("\n", newline).encode())
    assert read_rules(str(path), KNOWN).rules[1].place == Place(str(path), 12, 9, 16)


def test_model_arguments_may_be_nested(tmp_path: Path) -> None:
    model = "{factory: pkg.Net, args: [[1, 2], {a: null}], kwargs: {act: 'relu', on: false}}"
    text = f"version: 1\nmodel: {model}\nrules: [{{id: a, match: {{op: relu}}, replace: {{with: gelu}}}}]\n"
    assert read(text, tmp_path).model == "pkg.Net([1, 2], {'a': None}, act='relu', on=False)"


def test_unknown_blocks_pass_where_no_blocks_are_known(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text("version: 1\nrules: [{id: a, match: {type: A}, replace: {with: Mine, args: {x: 1}}}]\n")
    assert read_rules(str(path)).rules[0].action == Action("replace", "Mine", args={"x": 1})


def test_folder_is_read_in_order_of_names(tmp_path: Path) -> None:
    for name, id_ in (("b.yml", "second"), ("a.yaml", "first"), ("notes.txt", "none")):
        (tmp_path / name).write_text(
            f"version: 1\nrules: [{{id: {id_}, match: {{op: relu}}, replace: {{with: gelu}}}}]\n"
        )
    found = read_rules(str(tmp_path))
    assert [rule.id for rule in found.rules] == ["first", "second"]
    assert found.file == str(tmp_path)


def test_folder_reports_errors_of_all_its_files(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("version: 1\nrules: []\n")
    (tmp_path / "b.yaml").write_text("rules: [")
    with pytest.raises(ErrorGroup) as caught:
        read_rules(str(tmp_path))
    assert [error.code for error in caught.value.errors] == ["R114", "R103"]


def test_folder_refuses_ids_and_models_that_clash(tmp_path: Path) -> None:
    for name in ("a", "b"):
        rule = "{id: same, match: {op: relu}, replace: {with: gelu}}"
        (tmp_path / f"{name}.yaml").write_text(f"version: 1\nmodel: {{factory: {name}}}\nrules: [{rule}]\n")
    with pytest.raises(ErrorGroup) as caught:
        read_rules(str(tmp_path))
    assert [error.code for error in caught.value.errors] == ["R121", "R129"]


def test_shipped_names_files_and_folders_are_found(tmp_path: Path) -> None:
    assert find_rules("relu-to-gelu") == str(rules_dir() / "relu-to-gelu.yaml")
    assert find_rules(str(tmp_path)) == str(tmp_path)


@pytest.mark.parametrize("given", ["relu-to-gellu", "rules/relu-to-gellu.yaml"])
def test_unknown_name_gets_a_suggestion_and_the_list(given: str) -> None:
    with pytest.raises(RuleError) as caught:
        find_rules(given)
    assert caught.value.code == "R100"
    assert "did you mean 'relu-to-gelu'?" in caught.value.hint
    assert all(name in caught.value.hint for name in shipped_rules())


@pytest.mark.parametrize("name", sorted(shipped_rules()))
def test_shipped_rule_set_is_one_rule_named_like_its_file(name: str) -> None:
    (rule,) = read_rules(find_rules(name), KNOWN).rules
    assert rule.id == name
    assert rule.why


def test_shipped_rules_say_what_the_promised_examples_say(tmp_path: Path) -> None:
    promised = {rule.id: (rule.query, rule.action) for rule in read(PROMISED, tmp_path).rules}
    stage = read(MODULES, tmp_path).rules[0]
    promised["dilate-last-stage"] = (stage.query, stage.action)
    shipped = {rule.id: (rule.query, rule.action) for rule in read_rules(str(rules_dir()), KNOWN).rules}
    # The shipped set leaves blocks on tokens alone, which the block cannot work on.
    query, action = shipped["eca-after-blocks"]
    assert [(it.fact, it.value) for it in query.where] == [("layout", "channels-first")]
    shipped["eca-after-blocks"] = (replace(query, where=()), action)
    # Narrower than the example too: not the first convolutions, nor those that are separable already.
    conv = shipped.pop("dw-gn-gelu")[0].pattern[-1]
    assert (conv.name, sorted(it.fact for it in conv.query.where)) == ("conv", ["groups", "in_channels", "kernel_size"])
    assert shipped == promised
