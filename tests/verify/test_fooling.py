"""The proof against wrong edits that a weaker one would let pass, and for each the right edit, which must pass."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"verify_{name}", Path(__file__).parent / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


TRICKS = _load("fooling").TRICKS


@pytest.mark.parametrize("trick", TRICKS, ids=lambda trick: trick.id)
def test_right_edit_passes(bench, trick):
    verdict = bench.prove(trick.source, trick.edited(trick.right), trick.surgery, trick.products, shape=trick.shape)
    assert [case.note for case in verdict.proof.cases] == [""] * 4
    assert verdict.proof.equal and verdict.proof.bit_equal
    assert {check.status for check in verdict.checks} <= {"pass", "info"}


@pytest.mark.parametrize("trick", TRICKS, ids=lambda trick: trick.id)
def test_wrong_edit_is_caught(bench, trick):
    verdict = bench.prove(trick.source, trick.edited(trick.wrong), trick.surgery, trick.products, shape=trick.shape)
    assert not verdict.proof.equal
    failed = {case.mode for case in verdict.proof.cases if not case.equal}
    assert failed == set(trick.modes)
    notes = [case.note for case in verdict.proof.cases if not case.equal]
    assert any(trick.says in note for note in notes), notes
