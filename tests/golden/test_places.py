"""Somebody else's classes, and blocks of a rule file, in the place of modules of torch."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

from mutagen.errors import MutagenError

FOLDER = Path(__file__).parent / "own"
DATA = tomllib.loads((FOLDER / "places.toml").read_text())
SHAPE = ("1x3x16x16",)


def prepared(bench: Any, case: dict[str, Any]) -> tuple[str, Path]:
    shutil.copytree(FOLDER / "theirs", bench.folder / "theirs")
    net = bench.copy(FOLDER / "mixer.py")
    blocks = f"blocks:\n  {case['blocks']}\n" if "blocks" in case else ""
    rules = bench.folder / "rules.yaml"
    rules.write_text(f"version: 1\nrules:\n  - {{id: own, {case['rule']}}}\n{blocks}")
    return str(rules), net


@pytest.mark.parametrize("case", DATA["case"], ids=[it["name"] for it in DATA["case"]])
def test_applied_once(bench: Any, case: dict[str, Any]) -> None:
    rules, net = prepared(bench, case)
    bench.check_applied(bench.run(rules, net, "Mixer", SHAPE), f"place--{case['name']}")
    written = bench.bytes()
    again = bench.run(rules, net, "Mixer", SHAPE)
    assert again.status == "unchanged"
    assert bench.bytes() == written


@pytest.mark.parametrize("case", DATA["refused"], ids=[it["name"] for it in DATA["refused"]])
def test_refused(bench: Any, case: dict[str, Any]) -> None:
    rules, net = prepared(bench, case)
    report = bench.run(rules, net, "Mixer", SHAPE)
    refused = [it for outcome in report.plan.rules for it in outcome.refused]
    assert {it.code for it in refused} == {case["code"]}
    assert all(case["says"] in it.message and it.where is not None for it in refused), [it.message for it in refused]
    bench.check_untouched()


def test_a_class_that_hands_nothing_on_cannot_be_inserted(bench: Any) -> None:
    """The class is fine where it replaces a layer, which is no reason to insert it."""
    case = {"rule": 'match: {path: point}, insert: {block: {from: "theirs/places.py:LowRank"}, at: after}'}
    rules, net = prepared(bench, case)
    with pytest.raises(MutagenError, match="LowRank hands on no feature map as it came") as caught:
        bench.run(rules, net, "Mixer", SHAPE)
    assert caught.value.code == "R144"
    bench.check_untouched()


def test_what_is_carried_over_wrongly_fails_the_proof(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reference reads the live module, not the text of the call."""
    from mutagen.actions import own_call

    monkeypatch.setattr(own_call, "_is_usual", lambda *_: True)
    rules, net = prepared(bench, {"rule": DATA["case"][0]["rule"]})
    report = bench.run(rules, net, "Mixer", SHAPE)
    assert report.status == "failed"
    bench.check_untouched()


def test_every_patch_is_used() -> None:
    stored = {it.name for it in (Path(__file__).parent / "patches").glob("place--*")}
    assert stored == {f"place--{it['name']}.patch" for it in DATA["case"]}
