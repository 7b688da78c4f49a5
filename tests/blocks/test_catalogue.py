"""Loading blocks, and what a rule may give them."""

from __future__ import annotations

import pickle
import subprocess
import sys
from dataclasses import replace

import pytest

from mutagen.blocks import catalogue
from mutagen.blocks.catalogue import (
    Names,
    check_options,
    find_block,
    load_blocks,
    read_block,
    render,
    shelf,
    unmet,
)
from mutagen.errors import InternalError, RuleError

GOOD = """{#
name: Thing
kind: feature
summary: It does a thing.
paper: Someone, 2020
arguments: {channels: channels, width: rule}
options: {width: int}
requires: []
imports: [torch, nn]
#}
class {{ name }}:
    pass
"""


def test_the_blocks_that_are_there():
    kinds = {name: block.kind for name, block in load_blocks().items()}
    assert kinds == {
        "AttentionGate2d": "combine",
        "DepthwiseSeparableConv2d": "conv",
        "ECA": "feature",
        "LayerScale": "scale",
        "SqueezeExcite2d": "feature",
        "group_norm": "function",
    }
    assert dict(find_block("AttentionGate2d").arguments) == {
        "channels_x": "channels",
        "channels_g": "channels_other",
        "channels_int": "rule",
    }


def test_a_template_is_all_that_a_block_needs(tmp_path):
    file = tmp_path / "thing.py.j2"
    file.write_text(GOOD)
    block = read_block(file)
    assert (block.name, block.kind, block.options["width"], block.imports) == (
        "Thing",
        "feature",
        "int",
        ("torch", "nn"),
    )


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("kind: feature", "kind: fancy", "unknown kind"),
        ("channels: channels", "channels: somewhere", "unknown argument origin"),
        ("{width: int}", "{width: complex}", "unknown option type"),
        ("{width: int}", "{channels: int}", "unknown option"),
        ("[torch, nn]", "[torch, einops]", "unknown import"),
        ("summary:", "sumary:", "unknown keys"),
        ("paper: Someone, 2020\n", "", "KeyError: 'paper'"),
        ("name: Thing", "name: [", "Error"),
        ("{#", "", "Error"),
    ],
)
def test_a_wrong_front_matter_is_a_bug_with_its_file(tmp_path, old, new, says):
    file = tmp_path / "thing.py.j2"
    file.write_text(GOOD.replace(old, new, 1))
    with pytest.raises(InternalError, match=says) as caught:
        read_block(file)
    assert caught.value.code == "B001"
    assert "thing.py.j2" in caught.value.message


def test_an_unknown_block_gets_a_suggestion():
    with pytest.raises(RuleError) as caught:
        find_block("LayerScaler")
    assert (caught.value.code, caught.value.hint) == ("B002", "did you mean LayerScale?")


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("LayerScale", {"init": 0.0}),
        ("LayerScale", {"init": 1}),
        ("ECA", {"kernel_size": 5, "identity": True}),
        ("DepthwiseSeparableConv2d", {}),
    ],
)
def test_options_that_fit(name, args):
    check_options(find_block(name), args)


@pytest.mark.parametrize(
    ("name", "args", "hint"),
    [
        ("LayerScale", {"initial": 0.0}, "did you mean init?"),
        ("LayerScale", {"init": "zero"}, "give a value of the type number"),
        ("LayerScale", {"init": True}, "give a value of the type number"),
        ("ECA", {"channels": 3}, "a rule may give it: kernel_size, gamma, beta, identity"),
        ("ECA", {"identity": 1}, "give a value of the type bool"),
        ("DepthwiseSeparableConv2d", {"stride": 2}, "a rule may give it: none"),
    ],
)
def test_options_that_do_not(name, args, hint):
    with pytest.raises(RuleError) as caught:
        check_options(find_block(name), args)
    assert (caught.value.code, caught.value.hint) == ("B003", hint)


def test_requirements_speak_of_known_facts_only():
    gate = find_block("AttentionGate2d")
    assert unmet(gate, {}) is None
    assert unmet(gate, {"rank": 4, "rank_other": 4}) is None
    assert unmet(gate, {"rank": 5, "rank_other": 5}).code == "rank"
    assert unmet(gate, {"rank": 4, "rank_other": 3}).message.startswith("its gating signal")
    assert unmet(find_block("ECA"), {"rank": 2}).code == "rank"
    assert unmet(find_block("LayerScale"), {"rank": 2}) is None


def test_neither_the_catalogue_nor_recognition_imports_torch():
    code = (
        "import sys\nimport mutagen.blocks.catalogue as c, mutagen.blocks.recognise, mutagen.blocks.replacement\n"
        "c.render(c.find_block('ECA'), c.Names(), 'ECA')\n"
        "sys.exit('torch' in sys.modules or 'libcst' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_what_another_process_has_read_serves_as_the_templates_do(monkeypatch):
    known = pickle.loads(pickle.dumps(shelf()))
    texts = {name: render(block, Names(), name) for name, block in load_blocks().items()}
    with monkeypatch.context() as patch:
        patch.setattr(catalogue, "_shelves", [known])
        assert {name: render(block, Names(), name) for name, block in load_blocks().items()} == texts
        assert "class Other(" in render(load_blocks()["ECA"], Names(), "Other")
    assert known.texts == texts


def test_a_block_that_another_process_has_not_read_is_rendered_here(monkeypatch):
    eca = load_blocks()["ECA"]
    own = replace(eca, name="Own", text=eca.text)
    other = replace(eca, text=eca.text.replace("Efficient", "Another"))
    monkeypatch.setattr(catalogue, "_shelves", [shelf()])
    assert "class Own(" in render(own, Names(), "Own")
    assert "Another channel attention" in render(other, Names(), "ECA")
