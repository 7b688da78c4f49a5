"""Blocks that a rule file brings along: applied with a golden patch, proved, and recognised where they stand."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

from mutagen.errors import ErrorGroup, MutagenError

FOLDER = Path(__file__).parent / "own"
DATA = tomllib.loads((FOLDER / "own.toml").read_text())
SHAPE = ("1x3x16x16",)


def rules_of(case: dict[str, Any]) -> str:
    style = f", style: {case['style']}" if "style" in case else ""
    rule = f"  - {{id: own, match: {{block: residual}}, insert: {{block: {case['insert']}, at: branch-end{style}}}}}\n"
    blocks = f"blocks:\n  {case['blocks']}\n" if "blocks" in case else ""
    templates = f"templates: {case['templates']}\n" if "templates" in case else ""
    return f"version: 1\nrules:\n{rule}{blocks}{templates}"


def prepared(bench: Any, case: dict[str, Any]) -> tuple[str, Path]:
    """A rule file with the folders that it speaks of, and the model beside them."""
    for name in ("theirs", "my_blocks"):
        shutil.copytree(FOLDER / name, bench.folder / name)
    net = bench.copy(FOLDER / "net.py")
    rules = bench.folder / "rules.yaml"
    rules.write_text(rules_of(case))
    return str(rules), net


@pytest.mark.parametrize("case", DATA["case"], ids=[it["name"] for it in DATA["case"]])
def test_applied_once(bench: Any, case: dict[str, Any]) -> None:
    rules, net = prepared(bench, case)
    bench.check_applied(bench.run(rules, net, "Net", SHAPE), f"own--{case['name']}")
    written = bench.bytes()
    again = bench.run(rules, net, "Net", SHAPE)
    assert again.status == "unchanged"
    assert len(again.plan.rules[0].already) == 4
    assert bench.bytes() == written


@pytest.mark.parametrize("case", DATA["refused"], ids=[f"{it['code']}-{it['insert']}" for it in DATA["refused"]])
def test_refused(bench: Any, case: dict[str, Any]) -> None:
    rules, net = prepared(bench, case)
    with pytest.raises(MutagenError) as caught:
        bench.run(rules, net, "Net", SHAPE)
    errors = caught.value.errors if isinstance(caught.value, ErrorGroup) else (caught.value,)
    assert {it.code for it in errors} == {case["code"]}
    told = " ".join(f"{it.message} {it.hint}" for it in errors)
    assert all(it in told for it in case["says"]), told
    assert all(it.place is not None and it.exit_code == 2 for it in errors)
    bench.check_untouched()


def test_every_patch_is_used() -> None:
    stored = {it.name for it in (Path(__file__).parent / "patches").glob("own--*")}
    assert stored == {f"own--{it['name']}.patch" for it in DATA["case"]}


def test_a_class_that_stands_in_the_target_is_used_as_it_is(bench: Any) -> None:
    """What was copied for one place serves another one."""
    rules, net = prepared(bench, {"insert": '{from: "theirs/attention.py:TripletAttention"}'})
    text = net.read_text()
    theirs = (FOLDER / "theirs/attention.py").read_text().partition("class SEAttention")[0]
    head, _, rest = text.partition("class Block")
    net = bench.write("net.py", f"import torch\n{head}{theirs[theirs.index('class BasicConv') :]}class Block{rest}")
    report = bench.run(rules, net, "Net", SHAPE)
    assert report.status == "applied"
    assert net.read_text().count("class TripletAttention") == 1
    assert "self.triplet_attention = TripletAttention()" in net.read_text()


def test_other_things_of_the_same_name_send_it_into_a_module(bench: Any) -> None:
    rules, net = prepared(bench, {"insert": '{from: "theirs/attention.py:TripletAttention"}'})
    net = bench.write("net.py", net.read_text().replace("class Block", "def ZPool():\n    pass\n\n\nclass Block"))
    report = bench.run(rules, net, "Net", SHAPE)
    assert report.status == "applied"
    assert report.verdict.proof.equal
    assert "from triplet_attention import TripletAttention" in net.read_text()
    assert "class ZPool" in (bench.folder / "triplet_attention.py").read_text()


def test_a_name_that_is_taken_is_left_alone(bench: Any) -> None:
    rules, net = prepared(bench, {"insert": '{from: "theirs/mixing.py:Mixing", how: import}'})
    net = bench.write("net.py", net.read_text().replace("class Block", "class Mixing:\n    pass\n\n\nclass Block"))
    report = bench.run(rules, net, "Net", SHAPE)
    assert report.status == "applied"
    assert "from theirs.mixing import Mixing as MixingBlock" in net.read_text()
    assert "self.mixing = MixingBlock(width, width)" in net.read_text()
    assert bench.run(rules, net, "Net", SHAPE).status == "unchanged"


def test_a_plan_with_own_blocks_can_be_replayed(bench: Any) -> None:
    from mutagen.load.plan_file import dump_plan

    case = {"insert": "Both", "blocks": 'Both: {serial: [ECA, Theirs]}\n  Theirs: {from: "theirs/mixing.py:Mixing"}'}
    rules, net = prepared(bench, case)
    report = bench.run(rules, net, "Net", SHAPE, write=False)
    assert {it.name for it in report.plan.blocks} == {"Both", "Theirs"}
    file = bench.folder / "plan.json"
    file.write_text(dump_plan(report.plan))
    replayed = bench.run("", net, "Net", SHAPE, plan_file=str(file))
    assert replayed.status == "applied"
    assert {it.path: it.after for it in replayed.files} == {it.path: it.after for it in report.files}


def test_a_class_that_is_written_otherwise_than_it_is_meant_fails_the_proof(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reference is not built from the text: a wrong one is found out."""
    from mutagen.blocks import compose

    def without_its_norm(*_: Any) -> tuple[list[str], list[str]]:
        return [], ["self.conv(x)"]

    case = {"insert": "Row", "blocks": "Row: {serial: [{Conv2d: {kernel_size: 3}}, BatchNorm2d]}"}
    rules, net = prepared(bench, case)
    monkeypatch.setattr(compose, "_steps", without_its_norm)
    report = bench.run(rules, net, "Net", SHAPE)
    assert report.status == "failed"
    assert not report.verdict.proof.equal
    bench.check_untouched()


def test_a_class_that_is_copied_otherwise_than_it_stands_there_fails_the_proof(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mutagen.blocks import borrow

    text = borrow._text
    monkeypatch.setattr(borrow, "_text", lambda *given: text(*given).replace("1 / 3 *", "1 / 4 *"))
    rules, net = prepared(bench, {"insert": '{from: "theirs/attention.py:TripletAttention"}'})
    report = bench.run(rules, net, "Net", SHAPE)
    assert report.status == "failed"
    bench.check_untouched()


def test_the_blocks_of_the_language_as_they_are_written_there(bench: Any) -> None:
    rules, net = prepared(bench, {"insert": "EdgeContext"})
    (bench.folder / "theirs").rename(bench.folder / "their_paper")
    Path(rules).write_text(
        """version: 1
rules:
  - {id: edges, match: {block: residual, path: "layer1.*"}, insert: {block: EdgeContext, at: branch-end}}
  - {id: scales, match: {path: "layer2"}, insert: {block: TriScale, at: after}}
  - {id: theirs, match: {path: "down"}, insert: {block: Theirs, at: after}}
blocks:                                             # new blocks out of known ones, emitted as one readable class
  EdgeContext:
    serial: [ECA, {Conv2d: {kernel_size: 3, dilation: 2, padding: auto}}]
  TriScale:
    parallel: [{Conv2d: {kernel_size: 3}}, {Conv2d: {kernel_size: 5}}, {Conv2d: {kernel_size: 7}}]
    fuse: concat-conv1x1                            # or add, gate, select
  Theirs: {from: "their_paper/attention.py:TripletAttention"}     # somebody else's class, copied in or imported
"""
    )
    report = bench.run(rules, net, "Net", SHAPE)
    assert report.status == "applied"
    assert report.verdict.proof.equal
    assert [len(it.planned) for it in report.plan.rules] == [2, 1, 1]
    assert bench.run(rules, net, "Net", SHAPE).status == "unchanged"


def test_squeeze_and_excitation_becomes_a_block_of_ones_own(bench: Any) -> None:
    rules, _ = prepared(bench, {"insert": "ECA"})
    net = bench.copy(Path(__file__).parents[2] / "samples" / "senet_like.py")
    block = '{from: "theirs/attention.py:SEAttention", args: {reduction: 8}}'
    Path(rules).write_text(
        f"version: 1\nrules:\n  - {{id: se, match: {{block: squeeze-excite}}, replace: {{with: {block}}}}}\n"
    )
    report = bench.run(rules, net, "se_resnet()", ("1x3x32x32",))
    assert report.status == "applied"
    assert report.verdict.proof.equal
    assert "self.se = SEAttention(planes, reduction=8)" in net.read_text()
    assert bench.run(rules, net, "se_resnet()", ("1x3x32x32",)).status == "unchanged"


def test_squeeze_and_excitation_becomes_nothing_that_takes_no_channels(bench: Any) -> None:
    rules, _ = prepared(bench, {"insert": "ECA"})
    net = bench.copy(Path(__file__).parents[2] / "samples" / "senet_like.py")
    block = '{from: "theirs/attention.py:TripletAttention"}'
    Path(rules).write_text(
        f"version: 1\nrules:\n  - {{id: se, match: {{block: squeeze-excite}}, replace: {{with: {block}}}}}\n"
    )
    report = bench.run(rules, net, "se_resnet()", ("1x3x32x32",))
    assert {it.code for it in report.plan.rules[0].refused} == {"no-replacement"}
    bench.check_untouched()


def test_blocks_of_an_included_file_beside_the_folder_of_their_classes(bench: Any) -> None:
    """Paths are those of the file that states them; blocks alone are a file to include, and none to apply."""
    rules, net = prepared(bench, {"insert": "Both"})
    shared = bench.folder / "shared" / "blocks.yaml"
    shared.parent.mkdir()
    shared.write_text(
        """version: 1
blocks:
  Both: {serial: [ECA, Theirs]}
  Theirs: {from: "../theirs/attention.py:TripletAttention", args: {no_spatial: true}}
templates: ../my_blocks
"""
    )
    text = Path(rules).read_text().replace("version: 1\n", "version: 1\ninclude: [shared/blocks.yaml]\n")
    Path(rules).write_text(f"{text}  - {{id: gate, match: {{path: down}}, insert: {{block: Theirs, at: after}}}}\n")
    report = bench.run(rules, net, "Net", SHAPE)
    assert report.status == "applied"
    assert report.verdict.proof.equal
    assert "self.triplet_attention = TripletAttention(no_spatial=True)" in net.read_text()
    assert bench.run(rules, net, "Net", SHAPE).status == "unchanged"
    with pytest.raises(MutagenError, match="there are no rules to apply") as caught:
        bench.run(str(shared), net, "Net", SHAPE)
    assert caught.value.code == "R115"
